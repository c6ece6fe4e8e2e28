"""Settings, Widgets: who sees and changes what, and that a mistake is told where it was made."""

import re
import threading

import pytest
from django.db import connections

from coterie.accounts.models import AuditEntry
from coterie.channels.models import Channel
from coterie.channels.setup import switch
from coterie.channels.widget.changing import change
from coterie.channels.widget.config import Config
from coterie.channels.widget.identity import secret_of
from coterie.web.widget_fields import choices_text, names_from, question_of
from tests.web.pages import text_of

QUESTIONS = [
    {"attribute": "default_name", "text": "Your name?"},
    {"attribute": "default_email", "text": {"en": "Your e-mail?", "de": "Ihre E-Mail?"}, "type": "email"},
    {"attribute": "size", "text": "Which size?", "type": "choice", "choices": ["S", "L"]},
]


@pytest.fixture
def channel(workspace):
    return Channel.objects.create(workspace=workspace, kind="widget", name="Shop", settings={"questions": QUESTIONS})


@pytest.fixture
def url(channel):
    return f"/settings/widgets/{channel.public_id}"


def settings_of(channel):
    channel.refresh_from_db()
    return channel.settings


def order(channel):
    return [question["attribute"] for question in settings_of(channel)["questions"]]


@pytest.mark.one_database
def test_a_viewer_sees_what_each_widget_asks_for_and_no_way_to_change_it(client_of, viewer, channel):
    page = client_of(viewer).get("/settings/widgets")
    assert text_of(page).endswith("default_name , default_email , size")
    assert "New widget" not in text_of(page)
    assert f"/settings/widgets/{channel.public_id}" not in page.content.decode()


@pytest.mark.one_database
@pytest.mark.parametrize("part", ["", "/prompts", "/prompts/edit", "/page"])
def test_an_editor_cannot_open_the_forms_and_a_stranger_finds_no_widget(client_of, editor, stranger, url, part):
    assert client_of(editor).get(f"{url}{part}").status_code == 403
    assert client_of(stranger).get(f"{url}{part}").status_code == 404
    assert client_of(stranger).post(f"{url}{part}", {"act": "secret"}).status_code == 404


@pytest.mark.one_database
def test_the_channel_s_own_page_leads_here(client_of, admin, viewer, channel, url):
    assert f'href="{url}/prompts"' in client_of(admin).get(f"/channels/{channel.public_id}").content.decode()
    assert url not in client_of(viewer).get(f"/channels/{channel.public_id}").content.decode()


@pytest.mark.one_database
def test_renaming_a_channel_keeps_what_its_widget_says(client_of, admin, channel):
    before = settings_of(channel)
    client_of(admin).post(f"/channels/{channel.public_id}/save", {"name": "Other"})
    assert settings_of(channel) == before
    assert channel.name == "Other"


@pytest.mark.one_database
def test_without_widgets_the_page_says_what_one_is(client_of, admin):
    assert "No widget yet" in text_of(client_of(admin).get("/settings/widgets"))


def test_a_widget_is_made_and_leads_to_the_line_for_pages(client_of, admin, workspace):
    client = client_of(admin)
    assert client.post("/settings/widgets/new", {"name": "  "}).status_code == 422
    page = client.post("/settings/widgets/new", {"name": "Blog"}, follow=True)
    made = Channel.objects.get(workspace=workspace, kind="widget")
    assert f'data-channel="{made.key}"' in text_of(page)
    assert AuditEntry.objects.filter(workspace=workspace, action="channel.add").exists()


def test_words_are_saved_for_one_language_and_leave_the_others(client_of, admin, channel, url):
    client = client_of(admin)
    client.post(url, {"lang": "de", "name": "Shop", "greeting": "Hallo!"})
    client.post(url, {"lang": "en", "name": "Shop", "greeting": "Hello!"})
    assert settings_of(channel)["greeting"] == {"en": "Hello!", "de": "Hallo!"}
    client.post(url, {"lang": "de", "name": "Shop", "greeting": " "})
    assert settings_of(channel)["greeting"] == {"en": "Hello!"}
    page = client.get(f"{url}?lang=de").content.decode()
    assert 'placeholder="Hello!"' in page
    assert 'placeholder="Danke.' in page


@pytest.mark.one_database
def test_a_text_for_everybody_is_the_english_one_once_a_language_is_added(client_of, admin, channel, url):
    Channel.objects.filter(pk=channel.pk).update(settings={"greeting": "Hi!"})
    client_of(admin).post(url, {"lang": "pl", "name": "Shop", "greeting": "Cześć!"})
    assert settings_of(channel)["greeting"] == {"en": "Hi!", "pl": "Cześć!"}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": "red"}, "expected a colour"),
        ({"side": "top"}, "there are right, left"),
        ({"bot_url": "javascript:alert(1)"}, "http:// or https://"),
        ({"greeting": "x" * 501}, "at most 500"),
        ({"name": ""}, "1 to 100 characters"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_saved(client_of, admin, channel, url, fields, words):
    before = settings_of(channel)
    page = client_of(admin).post(url, {"lang": "en", "name": "Shop", "title": "Kept as typed", **fields})
    assert page.status_code == 422
    assert words.lower() in text_of(page).lower()
    assert 'role="alert"' in page.content.decode()
    assert "Kept as typed" in page.content.decode()
    assert settings_of(channel) == before


def test_questions_are_moved_and_removed(client_of, admin, channel, url):
    client = client_of(admin)
    client.post(f"{url}/prompts", {"act": "down", "attribute": "default_name"})
    assert order(channel) == ["default_email", "default_name", "size"]
    client.post(f"{url}/prompts", {"act": "up", "attribute": "size"})
    assert order(channel) == ["default_email", "size", "default_name"]
    client.post(f"{url}/prompts", {"act": "remove", "attribute": "size"})
    assert order(channel) == ["default_email", "default_name"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("act", "attribute"), [("up", "default_name"), ("down", "size"), ("remove", "nobody"), ("up", "nobody")]
)
def test_what_cannot_move_stays(client_of, admin, channel, url, act, attribute):
    client_of(admin).post(f"{url}/prompts", {"act": act, "attribute": attribute})
    assert order(channel) == ["default_name", "default_email", "size"]


@pytest.mark.one_database
def test_an_unknown_act_is_refused(client_of, admin, url):
    assert client_of(admin).post(f"{url}/prompts", {"act": "explode", "attribute": "size"}).status_code == 404


def test_a_question_is_added_with_words_by_language_and_choices(client_of, admin, channel, url):
    fields = {
        "attribute": "interest",
        "type": "choice",
        "text-en": "What are you after?",
        "text-de": "Was suchen Sie?",
        "choices": "beans = Coffee beans | de: Bohnen\nother\n\n",
    }
    assert client_of(admin).post(f"{url}/prompts/edit", fields).status_code == 302
    question = Config.of(settings_of(channel)).question("interest")
    assert question.text.to("de") == "Was suchen Sie?"
    assert [button["title"] for button in question.buttons("de")] == ["Bohnen", "other"]


def test_a_question_is_changed_in_its_place(client_of, admin, channel, url):
    client = client_of(admin)
    assert "Ihre E-Mail?" in client.get(f"{url}/prompts/edit?old=default_email").content.decode()
    fields = {"old": "default_email", "attribute": "default_username", "type": "text", "text-en": "Nick?"}
    client.post(f"{url}/prompts/edit", fields)
    assert order(channel) == ["default_name", "default_username", "size"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"attribute": "default_shoe"}, "reserved"),
        ({"attribute": "segment"}, "reserved"),
        ({"attribute": "default_name"}, "asked for twice"),
        ({"text-en": "x" * 501}, "at most 500"),
        ({"type": "choice", "choices": ""}, "has choices"),
        ({"type": "telepathy"}, "there are text"),
    ],
)
def test_a_question_with_a_mistake_is_told_and_kept_as_typed(client_of, admin, channel, url, fields, words):
    page = client_of(admin).post(
        f"{url}/prompts/edit", {"attribute": "new_one", "type": "text", "text-en": "?", "text-fr": "Tapé", **fields}
    )
    assert page.status_code == 422
    assert words.lower() in text_of(page).lower()
    assert "Tapé" in page.content.decode()
    assert len(order(channel)) == 3


@pytest.mark.one_database
def test_a_question_without_words_is_refused(client_of, admin, channel, url):
    page = client_of(admin).post(f"{url}/prompts/edit", {"attribute": "new_one", "type": "text", "text-en": " "})
    assert page.status_code == 422
    assert "no words" in text_of(page)


@pytest.mark.one_database
def test_a_question_that_is_gone_meanwhile_is_not_found(client_of, admin, url):
    assert client_of(admin).get(f"{url}/prompts/edit?old=nobody").status_code == 404


def test_choices_are_printed_as_they_are_read():
    from django.http import QueryDict

    text = "beans = Coffee beans | de: Bohnen\nother"
    sent = QueryDict(mutable=True)
    sent.update({"attribute": "a", "type": "choice", "choices": text})
    assert choices_text(question_of(sent)) == text


def test_the_secret_is_shown_to_admins_and_made_anew(client_of, admin, channel, url, workspace):
    client = client_of(admin)
    old = secret_of(channel)
    assert old in client.get(f"{url}/page").content.decode()
    client.post(f"{url}/page", {"act": "secret"})
    channel.refresh_from_db()
    assert secret_of(channel) != old
    entry = AuditEntry.objects.get(workspace=workspace, action="channel.change")
    assert entry.details["settings"] == ["identity_version"]
    assert old not in str(entry.details)


def test_pages_may_tell_what_is_listed(client_of, admin, channel, url):
    client = client_of(admin)
    client.post(f"{url}/page", {"page_attributes": "plan, cart_value\nplan\n"})
    assert settings_of(channel)["page_attributes"] == ["plan", "cart_value"]
    refused = client.post(f"{url}/page", {"page_attributes": "default_ip"})
    assert refused.status_code == 422
    assert "reserved" in text_of(refused)
    client.post(f"{url}/page", {"page_attributes": ""})
    assert "page_attributes" not in settings_of(channel)


def test_names_are_read_from_lines_and_commas():
    assert names_from(" a, b\n\nc ,a") == ["a", "b", "c"]


def test_two_members_who_change_different_things_do_not_undo_each_other(workspace, channel):
    failures = []

    def write(key, value):
        try:
            change(workspace, "test", channel.id, lambda now: {**now, key: value})
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    wanted = {"title": "T", "greeting": "G", "thanks": "X", "colour": "#112233", "side": "left"}
    threads = [threading.Thread(target=write, args=pair) for pair in wanted.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert {key: settings_of(channel).get(key) for key in wanted} == wanted


@pytest.mark.one_database
def test_hostile_words_stay_words(client_of, admin, channel, url):
    hostile = '"><script>alert(1)</script>'
    client = client_of(admin)
    client.post(url, {"lang": "en", "name": hostile, "title": hostile})
    for address in ("/settings/widgets", url, f"{url}/prompts", f"{url}/page"):
        assert "<script>alert" not in client.get(address).content.decode()


@pytest.mark.one_database
def test_a_widget_that_is_off_says_so_where_its_line_is(client_of, admin, channel, url):
    switch(channel, "test", on=False)
    assert re.search(r"Shop Off", text_of(client_of(admin).get("/settings/widgets")))
    page = client_of(admin).get(f"{url}/page")
    assert "This widget is off." in text_of(page)
    assert f'href="/channels/{channel.public_id}"' in page.content.decode()
