"""Who somebody is, asked of Slack: once a day, beside everything else, and again when Slack is down."""

import datetime as dt

import pytest
from django.db import DataError, OperationalError

from coterie.channels import processing, profiles
from coterie.channels.kinds import Denied
from coterie.channels.models import RawEvent, State, What
from coterie.channels.processing import BROKEN
from coterie.channels.raw import replay
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.channels.slack.profile import test as try_out
from coterie.core.clock import now
from coterie.core.outgoing import OutgoingError
from coterie.journal.commit import commit
from coterie.people.attributes import Refused
from coterie.people.many import take_out
from coterie.people.models import Person
from tests.channels.slack.conftest import delivery, message
from tests.channels.slack.platform import TOKEN, Slack
from tests.channels.slack.test_reading import KNOWN, USER
from tests.core.serving import served


@pytest.fixture
def platform(settings):
    with served() as server:
        settings.PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
        slack = Slack(server)
        slack.users["U31"] = USER
        yield slack


@pytest.fixture
def channel(workspace, platform):
    values = {"signing_secret": "slack-secret", "bot_token": TOKEN, "api_url": platform.url}
    return make(workspace, "test", KINDS["slack"], "Team chat", values)


def person_of(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def look_up_of(channel):
    return RawEvent.objects.get(workspace_id=channel.workspace_id, what=What.PROFILE)


def wait_is_over(channel):
    RawEvent.objects.filter(workspace_id=channel.workspace_id, state=State.WAITING).update(next_at=now())


def test_a_person_who_writes_is_looked_up(slack, channel, platform, work_off):
    slack(channel, delivery(message()))
    work_off()
    person = person_of(channel)
    assert person.attributes == KNOWN
    assert person.chats == 1
    assert person.last_seen == dt.datetime.fromtimestamp(1788000000, dt.UTC)
    assert look_up_of(channel).state == State.DONE


def test_they_are_looked_up_once_a_day(slack, channel, platform, work_off):
    for number in range(3):
        slack(channel, delivery(message(ts=f"178800000{number}.000200"), f"Ev{number}"))
        work_off()
    assert len(platform.calls) == 1


def test_without_the_scope_there_is_no_e_mail_address(slack, channel, platform, work_off):
    platform.scopes = {"users:read"}
    slack(channel, delivery(message()))
    work_off()
    assert person_of(channel).attributes == {key: value for key, value in KNOWN.items() if key != "default_email"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda slack: slack.scopes.clear(), "Slack answered “missing_scope”; the token lacks the scope users:read."),
        (lambda slack: slack.users.clear(), "Slack answered “user_not_found”."),
    ],
)
def test_what_slack_refuses_is_said_and_can_be_tried_again(slack, channel, platform, work_off, change, words):
    change(platform)
    slack(channel, delivery(message()))
    work_off()
    assert (look_up_of(channel).state, look_up_of(channel).note) == (State.FAILED, words)
    assert person_of(channel).chats == 1
    platform.users["U31"], platform.scopes = USER, {"users:read", "users:read.email"}
    assert replay(channel) == 1
    work_off()
    assert person_of(channel).attributes == KNOWN


def test_slack_s_wish_to_wait_is_respected(slack, channel, platform, work_off):
    platform.limited = 1
    slack(channel, delivery(message()))
    work_off()
    waiting = look_up_of(channel)
    assert (waiting.state, waiting.note) == (State.WAITING, "Slack asks us to wait.")
    assert 5 < (waiting.next_at - now()).total_seconds() <= 7
    wait_is_over(channel)
    work_off()
    assert person_of(channel).attributes == KNOWN


def test_while_slack_is_down_people_arrive_all_the_same(slack, channel, platform, work_off):
    platform.down = True
    for number in range(3):
        slack(channel, delivery(message(user=f"U{number}", ts=f"178800000{number}.000200"), f"Ev{number}"))
    work_off()
    assert Person.objects.filter(workspace_id=channel.workspace_id).count() == 3
    assert len(platform.calls) == 1, "a platform that is down is not asked for everybody"
    for _ in range(profiles.MOST_TRIES * 4):
        wait_is_over(channel)
        profiles.step()
    failed = RawEvent.objects.filter(workspace_id=channel.workspace_id, what=What.PROFILE, state=State.FAILED)
    assert {row.note for row in failed} == {"Slack answered 503."}
    assert failed.count() == 3


def test_who_was_deleted_meanwhile_does_not_come_back_by_being_looked_up(slack, channel, platform, work_off):
    platform.limited = 1
    slack(channel, delivery(message()))
    work_off()
    commit(channel.workspace_id, "member:1", lambda tx: take_out(tx, [person_of(channel).id]))
    wait_is_over(channel)
    work_off()
    assert not Person.objects.filter(workspace_id=channel.workspace_id).exists()
    assert not RawEvent.objects.filter(workspace_id=channel.workspace_id, what=What.PROFILE).exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [(Refused("attributes", "no more can be added."), "attributes: no more can be added."), (DataError("x"), BROKEN)],
)
def test_a_profile_that_cannot_be_kept_is_said_and_holds_up_nobody(
    slack, channel, platform, work_off, monkeypatch, error, words
):
    def receive(channel, events):
        raise error

    slack(channel, delivery(message()))
    processing.step()
    monkeypatch.setattr(profiles, "receive", receive)
    work_off()
    assert (look_up_of(channel).state, look_up_of(channel).note) == (State.FAILED, words)


def test_a_profile_that_the_database_does_not_take_now_is_asked_for_again(
    slack, channel, platform, work_off, monkeypatch
):
    def receive(channel, events):
        raise OperationalError("locked")

    slack(channel, delivery(message()))
    processing.step()
    with monkeypatch.context() as patch:
        patch.setattr(profiles, "receive", receive)
        work_off()
    assert look_up_of(channel).state == State.WAITING
    wait_is_over(channel)
    work_off()
    assert person_of(channel).attributes == KNOWN


def test_a_bot_is_nobody(slack, channel, platform, work_off):
    platform.users["U31"] = {**USER, "is_bot": True}
    slack(channel, delivery(message()))
    work_off()
    assert person_of(channel).attributes == {"default_source": "slack"}


def test_the_button_tells_whose_token_it_is(channel):
    assert try_out(channel) == "The token works: it belongs to “faq” of “Fernhill”."


def test_the_button_tells_what_is_wrong(workspace, platform, slack_channel):
    values = {"signing_secret": "s", "bot_token": "xoxb-wrong", "api_url": platform.url}
    with pytest.raises(Denied, match="invalid_auth"):
        try_out(make(workspace, "test", KINDS["slack"], "Wrong", values))
    values = {"signing_secret": "s", "bot_token": TOKEN, "api_url": "http://127.0.0.1:9/api"}
    with pytest.raises(OutgoingError, match="private network"):
        try_out(make(workspace, "test", KINDS["slack"], "Inside", values))
    assert "not looked up" in try_out(slack_channel)
