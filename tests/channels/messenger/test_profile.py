"""Who somebody is, asked of Meta."""

import datetime as dt

import pytest

from coterie.channels import profiles
from coterie.channels.kinds import Denied
from coterie.channels.messenger.people import language_of, offset_of
from coterie.channels.messenger.profile import test as try_out
from coterie.channels.models import RawEvent, State, What
from coterie.channels.raw import replay
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.core.clock import now
from coterie.people.models import Person
from tests.channels.messenger.conftest import delivery, said
from tests.channels.meta import SECRET, TOKEN, Graph, failure
from tests.core.serving import served

# What a platform is asked and answers. How answers are kept is told for all of them by slack/test_profile.py.
pytestmark = pytest.mark.one_database
MAYA = {
    "id": "7301",
    "name": "Maya Ortiz",
    "first_name": "Maya",
    "last_name": "Ortiz",
    "profile_pic": "https://cdn.example/7301.jpg?e=1",
    "locale": "es_LA",
    "timezone": -7,
    "gender": "female",
}
KNOWN = {
    "default_source": "messenger",
    "default_name": "Maya Ortiz",
    "default_avatar": "https://cdn.example/7301.jpg?e=1",
    "default_language": "Spanish",
    "default_timezone": "UTC-07:00",
    "default_gender": "female",
}


class Page(Graph):
    """A page with people. `readable`: the fields that the app may read."""

    def __init__(self, server):
        super().__init__(server, self.said)
        self.people = {"7301": MAYA}
        self.readable = set(MAYA)
        self.subscribed = [{"name": "Our app", "id": "1"}]

    def said(self, path, fields):
        if path == "me":
            return 200, {"id": "1040", "name": "Fernhill"}
        if path == "me/subscribed_apps":
            return 200, {"data": self.subscribed}
        wanted = fields["fields"].split(",")
        if path not in self.people:
            return failure("(#100) No profile available for this user.", 100, 2018218)
        if missing := set(wanted) - self.readable:
            return failure(f"(#230) Requires pages_user_{sorted(missing)[0]} permission", 230)
        return 200, {name: value for name, value in self.people[path].items() if name in wanted}


@pytest.fixture
def platform(settings):
    with served() as server:
        settings.PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
        yield Page(server)


@pytest.fixture
def channel(workspace, platform):
    return channel_of(workspace, platform)


def channel_of(workspace, platform, token=TOKEN):
    values = {"app_secret": SECRET, "page_token": token, "api_url": platform.url}
    return make(workspace, "test", KINDS["messenger"], "Page", values)


def person_of(channel):
    return Person.objects.get(workspace_id=channel.workspace_id)


def look_up_of(channel):
    return RawEvent.objects.get(workspace_id=channel.workspace_id, what=What.PROFILE)


def wait_is_over(channel):
    RawEvent.objects.filter(workspace_id=channel.workspace_id, state=State.WAITING).update(next_at=now())


def test_a_person_who_writes_is_looked_up_once_a_day(messenger, channel, platform, work_off):
    for number in range(3):
        messenger(channel, delivery(said(mid=f"m_{number}")))
        work_off()
    assert person_of(channel).attributes == KNOWN
    assert person_of(channel).last_seen == dt.datetime.fromtimestamp(1788000000.123, dt.UTC)
    assert platform.calls == ["/v25.0/7301"]


def test_without_the_permissions_the_name_is_still_known(messenger, channel, platform, work_off):
    platform.readable -= {"locale", "timezone", "gender"}
    messenger(channel, delivery(said()))
    work_off()
    assert set(person_of(channel).attributes) == {"default_source", "default_name", "default_avatar"}
    assert len(platform.calls) == 2


@pytest.mark.parametrize("profile", [None, {}, {"id": "7301", "name": "", "profile_pic": None, "timezone": "x"}])
def test_somebody_without_a_profile_is_no_failure(messenger, channel, platform, work_off, profile):
    platform.people = {"7301": profile} if profile is not None else {}
    messenger(channel, delivery(said()))
    work_off()
    assert person_of(channel).attributes == {"default_source": "messenger"}
    assert look_up_of(channel).state == State.DONE


def test_what_meta_refuses_is_said_and_can_be_tried_again(messenger, channel, platform, work_off):
    platform.tokens = set()
    messenger(channel, delivery(said()))
    work_off()
    assert (look_up_of(channel).state, look_up_of(channel).note) == (
        State.FAILED,
        "Meta answered “Invalid OAuth access token.”.",
    )
    assert person_of(channel).chats == 1
    platform.tokens = {TOKEN}
    assert replay(channel) == 1
    work_off()
    assert person_of(channel).attributes == KNOWN


def test_too_many_calls_are_made_later(messenger, channel, platform, work_off):
    platform.limited = 1
    messenger(channel, delivery(said()))
    work_off()
    assert look_up_of(channel).state == State.WAITING
    wait_is_over(channel)
    work_off()
    assert person_of(channel).attributes == KNOWN


def test_while_meta_is_down_people_arrive_all_the_same(messenger, channel, platform, work_off):
    platform.down = True
    messenger(channel, delivery(*(said(mid=f"m_{n}", sender=str(n)) for n in range(3))))
    work_off()
    assert Person.objects.filter(workspace_id=channel.workspace_id, chats=1).count() == 3
    assert len(platform.calls) == 1
    platform.down = False
    for _ in range(4):
        wait_is_over(channel)
        profiles.step()
    rows = RawEvent.objects.filter(workspace_id=channel.workspace_id, what=What.PROFILE)
    assert {row.state for row in rows} == {State.DONE}


def test_people_of_instagram_have_a_username(messenger, channel, platform, work_off):
    platform.people["7301"] = {"name": "Maya", "username": "mayao"}
    platform.readable = {"name", "username"}
    messenger(channel, delivery(said(), object="instagram"))
    work_off()
    assert person_of(channel).attributes["default_username"] == "mayao"


def test_the_button_tells_whose_token_it_is(channel):
    assert try_out(channel) == "The token works: it is that of the page “Fernhill”, which is subscribed."


def test_the_button_tells_what_is_wrong(workspace, channel, platform):
    platform.subscribed = []
    with pytest.raises(Denied, match="not subscribed"):
        try_out(channel)
    with pytest.raises(Denied, match="Invalid OAuth"):
        try_out(channel_of(workspace, platform, "wrong"))
    bare = make(workspace, "test", KINDS["messenger"], "Bare", {"app_secret": SECRET})
    assert "not looked up" in try_out(bare)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("es_LA", "es"), ("en_US", "en"), ("ck_US", "chr"), ("EN_GB", "EN"), ("fb_LT", "en"), (None, ""), (5, "")],
)
def test_meta_s_own_languages(locale, language):
    assert language_of(locale) == language


@pytest.mark.parametrize(
    ("hours", "offset"),
    [(-7, "UTC-07:00"), (5.5, "UTC+05:30"), (0, "UTC+00:00"), (-3.5, "UTC-03:30"), (99, ""), ("2", ""), (True, "")],
)
def test_hours_from_greenwich_are_no_place(hours, offset):
    assert offset_of(hours) == offset
