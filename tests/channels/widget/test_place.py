"""Place and language of a visitor, from their address and their browser to the filters."""

import pytest

from coterie.audience.audience import audience_of
from coterie.people.models import Person
from tests.channels.widget.conftest import Browser
from tests.people.test_whereabouts import IN_LONDON, places  # noqa: F401


def test_a_visitor_has_the_place_of_their_address_and_the_time_zone_of_their_browser(workspace, visitor, places):  # noqa: F811
    visitor.client.defaults["REMOTE_ADDR"] = IN_LONDON
    visitor.say("hi", context={"timezone": "Europe/Dublin"})
    attributes = Person.objects.get(workspace=workspace).attributes
    assert (attributes["default_city"], attributes["default_country"]) == ("London", "United Kingdom")
    assert attributes["default_timezone"] == "Europe/Dublin"
    assert attributes["default_ip"] == IN_LONDON


def test_a_visitor_cannot_say_where_they_are_by_a_header_or_in_the_message(workspace, visitor, places):  # noqa: F811
    visitor.client.defaults["HTTP_X_FORWARDED_FOR"] = IN_LONDON
    visitor.say("hi", context={"ip": IN_LONDON})
    attributes = Person.objects.get(workspace=workspace).attributes
    assert attributes["default_ip"] == "127.0.0.1"
    assert "default_city" not in attributes


@pytest.mark.one_database
def test_all_spellings_of_a_language_meet_in_one_value_of_the_filter(
    workspace, client, widget_channel, post, api_channel
):
    for number, language in enumerate(("en_US", "en-GB", "en")):
        Browser(client, widget_channel, f"s{number}").say("hi", context={"language": language})
    post(api_channel, {"userId": "u", "message": "hi", "attributes": {"default_language": "English"}})
    audience = audience_of(workspace)
    assert [(value, count) for value, count in audience.facet(None, audience.catalogue.by_key["default_language"])] == [
        ("English", 4)
    ]
    for query in ("f=default_language:is:English", "f=default_language:is:en-GB", "f=default_language:any_of:en|de"):
        assert audience.count(audience.parse(query).view.node) == 4


def test_an_event_of_a_bot_has_the_place_of_its_address_unless_it_tells_another(workspace, post, api_channel, places):  # noqa: F811
    post(api_channel, {"userId": "a", "message": "hi", "context": {"ip": IN_LONDON}})
    told = {"default_city": "Leeds"}
    post(api_channel, {"userId": "b", "message": "hi", "context": {"ip": IN_LONDON}, "attributes": told})
    cities = {
        person.user_id: person.attributes["default_city"] for person in Person.objects.filter(workspace=workspace)
    }
    assert cities == {"a": "London", "b": "Leeds"}
