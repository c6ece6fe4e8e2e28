"""The Channels pages: how channels are doing, adding one, what to paste, testing, trying again."""

import datetime as dt
import json
import re

import pytest

from coterie.accounts.models import AuditEntry
from coterie.channels import processing, traffic
from coterie.channels.kinds import Raw
from coterie.channels.models import Channel, RawEvent, State, Traffic
from coterie.channels.raw import store
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.core.clock import now
from tests.web.pages import said_on, text_of

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def slack_channel(workspace):
    return make(workspace, "test", KINDS["slack"], "Team chat", {"signing_secret": "slack-secret"})


@pytest.fixture
def page_of(client_of, admin):
    return lambda channel, query="", user=None: client_of(user or admin).get(f"/channels/{channel.public_id}{query}")


def raw(number=1, **fields):
    data = {"type": "event_callback", "team_id": "T", "event": {"type": "message", "user": "U1", "text": HOSTILE}}
    return Raw(f"Ev{number}", json.dumps(data), now(), "slack:T:U1", **fields)


@pytest.mark.one_database
def test_without_channels_the_page_says_what_one_is(client_of, admin, viewer):
    page = client_of(admin).get("/channels")
    assert "No channels yet" in text_of(page)
    assert "Add a channel" in text_of(page)
    assert "Add a channel" not in text_of(client_of(viewer).get("/channels"))


def test_the_list_tells_how_channels_are_doing(client_of, viewer, workspace, slack_channel, other_workspace):
    make(other_workspace, "test", KINDS["api"], "Theirs", {})
    store(slack_channel, [raw(1), raw(2, refusal="It is larger than 32 KB.")])
    processing.step()
    words = text_of(client_of(viewer).get("/channels"))
    assert "1 channel " in words
    assert re.search(r"Team chat Slack now 0\.1 events a minute 1 failed", words), words
    assert "Theirs" not in words


def test_what_came_before_it_was_counted_is_told_by_the_newest_chat(client_of, viewer, workspace, channel, ada, talk):
    silent = make(workspace, "test", KINDS["api"], "Silent", {})
    talk(ada, "hello", session_id="one", at=now() - dt.timedelta(days=3))
    talk(ada, "hello", session_id="two", at=now() - dt.timedelta(days=2))
    Traffic.objects.all().delete()
    words = text_of(client_of(viewer).get("/channels"))
    assert "Shop API 2 days ago" in words, words
    assert f"{silent.name} API none yet" in words, words


def test_every_kind_can_be_added(client_of, admin, workspace):
    client = client_of(admin)
    choices = client.get("/channels/new")
    for kind in KINDS.values():
        assert f"/channels/new?kind={kind.name}" in choices.content.decode()
        assert kind.label in text_of(client.get(f"/channels/new?kind={kind.name}"))
        fields = {field.name: "s" if field.required and not field.ours else "" for field in kind.fields}
        answer = client.post("/channels/new", {"kind": kind.name, "name": f"My {kind.name}", **fields})
        made = Channel.objects.get(workspace=workspace, kind=kind.name)
        assert (answer.status_code, answer["Location"]) == (302, f"/channels/{made.public_id}")
        assert "ready" in said_on(client.get(answer["Location"]))
    assert AuditEntry.objects.filter(workspace=workspace, action="channel.add").count() == len(KINDS)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "", "signing_secret": "s"}, "1 to 100 characters"),
        ({"name": "x" * 101, "signing_secret": "s"}, "1 to 100 characters"),
        ({"name": "A", "signing_secret": ""}, "Required: Signing secret"),
        ({"name": "A", "signing_secret": "s", "bot_token": "secret"}, "begins with xoxb-"),
        ({"name": "A", "signing_secret": "s", "api_url": "ftp://x"}, "begins with https://"),
        ({"name": "A", "signing_secret": "s\x00s"}, "expected a line"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_made(client_of, admin, workspace, fields, words):
    answer = client_of(admin).post("/channels/new", {"kind": "slack", **fields})
    assert answer.status_code == 422
    assert words.lower() in text_of(answer).lower()
    assert not Channel.objects.filter(workspace=workspace).exists()
    assert "xoxb-1" not in answer.content.decode()


@pytest.mark.one_database
def test_an_unknown_kind_shows_the_kinds(client_of, admin):
    assert client_of(admin).post("/channels/new", {"kind": "carrier-pigeon"}).status_code == 422


@pytest.mark.one_database
def test_an_admin_sees_exactly_what_to_paste(page_of, slack_channel, workspace):
    assert f"http://testserver/channels/slack/{slack_channel.key}" in text_of(page_of(slack_channel))
    segment = make(workspace, "test", KINDS["segment"], "Site", {})
    assert segment.key in text_of(page_of(segment))
    widget = make(workspace, "test", KINDS["widget"], "Shop", {})
    assert f'data-channel="{widget.key}"' in text_of(page_of(widget))


@pytest.mark.one_database
def test_platforms_that_take_address_and_secret_together_get_them_so(page_of, workspace):
    telegram = make(workspace, "test", KINDS["telegram"], "Bot", {})
    words = text_of(page_of(telegram))
    assert f"-d url=http://testserver/channels/telegram/{telegram.key}" in words
    assert f"-d secret_token={telegram.secret('secret')}" in words
    botpress = make(workspace, "test", KINDS["botpress"], "Bot", {})
    both = f"http://testserver/channels/botpress/{botpress.key}?secret={botpress.secret('secret')}"
    assert both in text_of(page_of(botpress))


@pytest.mark.one_database
def test_a_platform_that_cannot_be_asked_is_tested_by_what_arrived(client_of, admin, workspace):
    rasa = make(workspace, "test", KINDS["rasa"], "Assistant", {})
    assert "Nothing arrived" in said_on(client_of(admin).post(f"/channels/{rasa.public_id}/test", follow=True))


@pytest.mark.one_database
def test_events_without_a_type_are_called_by_what_they_hold(page_of, workspace):
    botpress = make(workspace, "test", KINDS["botpress"], "Bot", {})
    store(botpress, [Raw("1", '{"update_id": 1, "edited_message": {}}', now())])
    assert "edited_message" in text_of(page_of(botpress))


@pytest.mark.one_database
def test_who_may_not_see_secrets_sees_neither_the_address_nor_what_arrived(page_of, slack_channel, viewer, editor):
    store(slack_channel, [raw()])
    for user in (viewer, editor):
        body = page_of(slack_channel, user=user).content.decode()
        assert slack_channel.key not in body
        assert "alert(1)" not in body
        assert "event_callback · message" in body


@pytest.mark.one_database
def test_a_secret_is_never_shown_again(page_of, slack_channel):
    body = page_of(slack_channel).content.decode()
    assert "slack-secret" not in body
    assert slack_channel.secrets["signing_secret"] not in body


@pytest.mark.one_database
def test_what_arrived_is_shown_as_text(page_of, slack_channel):
    store(slack_channel, [raw()])
    body = page_of(slack_channel).content.decode()
    assert "&lt;script&gt;alert(1)" in body
    assert HOSTILE not in body


def test_an_empty_secret_stays_what_it_was(client_of, admin, slack_channel):
    client = client_of(admin)
    answer = client.post(f"/channels/{slack_channel.public_id}/save", {"name": "New name", "signing_secret": ""})
    assert answer.status_code == 302
    stored = Channel.objects.get(workspace=slack_channel.workspace, id=slack_channel.id)
    assert (stored.name, stored.secret("signing_secret")) == ("New name", "slack-secret")
    client.post(f"/channels/{slack_channel.public_id}/save", {"name": "New name", "signing_secret": "another"})
    stored.refresh_from_db()
    assert stored.secret("signing_secret") == "another"
    audit = AuditEntry.objects.filter(workspace=slack_channel.workspace, action="channel.change").latest("at")
    assert audit.details["secrets"] == ["signing_secret"]
    assert "another" not in json.dumps(audit.details)


@pytest.mark.one_database
def test_settings_that_are_wrong_are_not_saved(client_of, admin, slack_channel):
    answer = client_of(admin).post(f"/channels/{slack_channel.public_id}/save", {"name": "", "api_url": "x"})
    assert answer.status_code == 422
    assert Channel.objects.get(workspace=slack_channel.workspace, id=slack_channel.id).name == "Team chat"


def test_the_test_button_says_what_came_of_it(client_of, admin, slack_channel, workspace):
    answer = client_of(admin).post(f"/channels/{slack_channel.public_id}/test", follow=True)
    assert "Without a bot token" in said_on(answer)
    values = {"signing_secret": "s", "bot_token": "xoxb-1", "api_url": "http://127.0.0.1:9/api"}
    inside = make(workspace, "test", KINDS["slack"], "Inside", values)
    answer = client_of(admin).post(f"/channels/{inside.public_id}/test", follow=True)
    assert "private network" in said_on(answer)
    api = make(workspace, "test", KINDS["api"], "App", {})
    answer = client_of(admin).post(f"/channels/{api.public_id}/test", follow=True)
    assert "Nothing arrived yet." in said_on(answer)


def test_what_failed_says_why_and_is_tried_again(client_of, admin, viewer, slack_channel, page_of):
    store(slack_channel, [raw(1, refusal="The disk was full."), raw(2, refusal="So it was again.")])
    page = page_of(slack_channel, "?show=failed")
    assert "The disk was full." in text_of(page)
    event = RawEvent.objects.get(workspace=slack_channel.workspace, native_id="Ev1")
    url = f"/channels/{slack_channel.public_id}/again"
    assert client_of(viewer).post(url, {"event": event.public_id}).status_code == 403
    answer = client_of(admin).post(url, {"event": event.public_id}, follow=True)
    assert "1 event is tried again." in said_on(answer)
    processing.step()
    event.refresh_from_db()
    assert (event.state, event.note) == (State.DONE, "")
    assert "1 event is tried again." in said_on(client_of(admin).post(url, follow=True))


def test_what_was_refused_when_it_came_says_so_and_is_not_offered_to_be_tried_again(slack_channel, page_of):
    store(slack_channel, [Raw("Ev1", "", now(), refusal="It is larger than 32 KB.")])
    words = text_of(page_of(slack_channel))
    assert "It is larger than 32 KB. Nothing of it was kept, so it has to be sent again." in words
    assert "Try again" not in words
    assert "Try all again" not in words
    store(slack_channel, [raw(2, refusal="The disk was full.")])
    assert "Try all again" in text_of(page_of(slack_channel))


def test_events_of_others_are_not_tried_again(client_of, admin, slack_channel, other_workspace):
    theirs = make(other_workspace, "test", KINDS["slack"], "Theirs", {"signing_secret": "s"})
    store(theirs, [raw(1, refusal="No.")])
    event = RawEvent.objects.get(workspace=other_workspace)
    answer = client_of(admin).post(
        f"/channels/{slack_channel.public_id}/again", {"event": event.public_id}, follow=True
    )
    assert "nothing to be tried again" in said_on(answer)
    assert client_of(admin).post(f"/channels/{theirs.public_id}/again").status_code == 404
    assert client_of(admin).get(f"/channels/{theirs.public_id}").status_code == 404
    event.refresh_from_db()
    assert event.state == State.FAILED


def test_secrets_of_another_server_key_are_told_to_be_entered_again(page_of, slack_channel, settings, client_of, admin):
    ours = slack_channel.secrets | {"signing_secret": "gAAAAAB-not-ours"}
    Channel.objects.filter(workspace=slack_channel.workspace, id=slack_channel.id).update(secrets=ours)
    answer = client_of(admin).post(f"/channels/{slack_channel.public_id}/test", follow=True)
    assert answer.status_code == 200
    assert client_of(admin).post(f"/channels/slack/{slack_channel.key}", b"{}", "application/json").status_code == 503


@pytest.mark.parametrize("public_id", ["0" * 24, "x", "new", "%00"])
def test_no_channel_is_not_found(client_of, admin, public_id):
    assert client_of(admin).get(f"/channels/{public_id}").status_code in (200, 404)


def delivered(client, kind, channel, **headers):
    return client.post(f"/channels/{kind}/{channel.key}", b"{}", "application/json", headers=headers)


def test_before_a_channel_is_switched_off_the_page_says_what_goes_and_what_stays(client_of, admin, channel, ada, talk):
    talk(ada, "hello")
    words = text_of(client_of(admin).get(f"/channels/{channel.public_id}/off"))
    assert "Switch Shop off?" in words
    assert "answers “not found” (404)" in words
    assert "1 chat" in words
    assert "on again at any time" in words
    assert Channel.objects.get(workspace=channel.workspace, id=channel.id).off_at is None


def test_a_channel_that_is_off_takes_nothing_and_can_be_switched_on_again(client_of, client, admin, workspace):
    telegram = make(workspace, "test", KINDS["telegram"], "Bot", {})
    member, secret = client_of(admin), {"X-Telegram-Bot-Api-Secret-Token": telegram.secret("secret")}
    assert delivered(client, "telegram", telegram, **secret).status_code == 200
    page = member.post(f"/channels/{telegram.public_id}/off", follow=True)
    assert "“Bot” is off." in said_on(page)
    assert "This channel is off." in text_of(page)
    assert delivered(client, "telegram", telegram, **secret).status_code == 404
    page = member.post(f"/channels/{telegram.public_id}/on", follow=True)
    assert "“Bot” is on again." in said_on(page)
    assert "This channel is off." not in text_of(page)
    assert delivered(client, "telegram", telegram, **secret).status_code == 200


@pytest.mark.one_database
def test_where_nobody_chatted_yet_a_channel_that_is_off_is_no_way_to_begin(client_of, admin, workspace):
    api = make(workspace, "test", KINDS["api"], "App", {})
    assert api.key in client_of(admin).get("/users?match=all").content.decode()
    client_of(admin).post(f"/channels/{api.public_id}/off")
    assert api.key not in client_of(admin).get("/users?match=all").content.decode()


@pytest.mark.one_database
def test_channels_that_are_off_come_last_and_say_so(client_of, admin, viewer, workspace, slack_channel):
    make(workspace, "test", KINDS["api"], "App", {})
    client_of(admin).post(f"/channels/{slack_channel.public_id}/off")
    assert re.search(r"App API .* Team chat Slack .* Off", text_of(client_of(viewer).get("/channels")))


@pytest.mark.one_database
def test_only_who_may_add_channels_may_switch_them_off(client_of, page_of, slack_channel, viewer, editor):
    for user in (viewer, editor):
        assert "Switch off" not in text_of(page_of(slack_channel, user=user))
        for act in ("off", "on"):
            assert client_of(user).post(f"/channels/{slack_channel.public_id}/{act}").status_code == 403
    assert Channel.objects.get(workspace=slack_channel.workspace, id=slack_channel.id).off_at is None


def test_channels_of_others_are_not_switched(client_of, admin, other_workspace):
    theirs = make(other_workspace, "test", KINDS["api"], "Theirs", {})
    for act in ("off", "on"):
        assert client_of(admin).post(f"/channels/{theirs.public_id}/{act}").status_code == 404
    assert Channel.objects.get(workspace=other_workspace, id=theirs.id).off_at is None


@pytest.mark.one_database
def test_every_kind_has_a_name_to_change_and_a_test(client_of, page_of, admin, workspace):
    for kind in KINDS.values():
        fields = {field.name: "s" for field in kind.fields if field.required and not field.ours}
        one = make(workspace, "test", kind, f"My {kind.name}", fields)
        body = page_of(one).content.decode()
        assert f"/channels/{one.public_id}/test" in body
        assert (f"/channels/{one.public_id}/save" in body) == (kind.name != "widget")
        assert client_of(admin).post(f"/channels/{one.public_id}/test", follow=True).status_code == 200


@pytest.mark.one_database
def test_refused_deliveries_are_told_with_where_the_secret_is(page_of, workspace, slack_channel, viewer):
    rasa = make(workspace, "test", KINDS["rasa"], "Assistant", {})
    for one in (slack_channel, rasa):
        traffic.count(one, refused=1)
    assert "enter its secret again below" in text_of(page_of(slack_channel))
    assert "give it the secret below once more" in text_of(page_of(rasa))
    assert "below" not in text_of(page_of(rasa, user=viewer))


@pytest.mark.one_database
def test_a_channel_that_hears_the_platform_works_also_when_somebody_else_is_refused(page_of, slack_channel):
    traffic.count(slack_channel, events=2, refused=1)
    assert "Works 1 refused" in text_of(page_of(slack_channel))
