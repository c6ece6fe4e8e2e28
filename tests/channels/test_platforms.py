"""What holds for every platform: any order and any repetition give the same person, tenants never meet, nothing that
anybody sends breaks anything.
"""

import json
import random

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coterie.channels import processing
from coterie.channels.models import RawEvent, State
from coterie.channels.processing import BROKEN
from coterie.channels.raw import store
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from coterie.chats.models import Message
from coterie.people.models import Person
from tests.channels.stories import STORIES
from tests.channels.test_fuzz import values
from tests.channels.test_order import cut, state_of
from tests.profiles import examples, times

pytestmark = pytest.mark.parametrize("kind", STORIES)


def channel_of(kind, workspace, name="Order"):
    return make(workspace, "test", KINDS[kind], name, STORIES[kind].values)


def tell(channel, batches):
    """Lets the door and the worker have each batch before the next one."""
    kind, story = KINDS[channel.kind], STORIES[channel.kind]
    for batch in batches:
        for body in batch:
            store(channel, kind.admit(channel, story.delivery(channel, body)).raws)
        while processing.step():
            pass


def messages_of(channel):
    rows = Message.objects.filter(workspace_id=channel.workspace_id)
    return sorted(rows.values_list("native_id", "sender", "text", "at"))


@pytest.mark.parametrize("seed", range(times(0.08)))
def test_any_order_and_any_repetition_give_the_same_person(kind, workspace, other_workspace, seed):
    bodies = STORIES[kind].bodies
    expected, found = channel_of(kind, workspace), channel_of(kind, other_workspace)
    tell(expected, [[body] for body in bodies])
    tell(found, cut(list(bodies), random.Random(seed)))
    assert shown(found) == shown(expected)
    assert messages_of(found) == messages_of(expected)
    assert Person.objects.filter(workspace_id=found.workspace_id).count() == 1


def shown(channel):
    """The people, without what their channel is called in their ids."""
    return json.loads(json.dumps(state_of(channel), default=str).replace(channel.public_id, "the-channel"))


def test_a_story_told_again_changes_nothing(kind, workspace):
    channel = channel_of(kind, workspace)
    tell(channel, [STORIES[kind].bodies])
    once = (state_of(channel), messages_of(channel), RawEvent.objects.filter(workspace=workspace).count())
    tell(channel, [[body] for body in reversed(STORIES[kind].bodies)])
    assert (state_of(channel), messages_of(channel), RawEvent.objects.filter(workspace=workspace).count()) == once


def test_two_workspaces_hear_the_same_story_of_two_people(kind, workspace, other_workspace):
    ours, theirs = channel_of(kind, workspace), channel_of(kind, other_workspace)
    tell(ours, [STORIES[kind].bodies])
    before = state_of(ours)
    assert not Person.objects.filter(workspace=other_workspace).exists()
    tell(theirs, [STORIES[kind].bodies])
    assert state_of(ours) == before
    assert messages_of(ours) == messages_of(theirs)
    assert Person.objects.get(workspace=workspace).id != Person.objects.get(workspace=other_workspace).id


def send(channel, body, headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(raise_request_exception=True)
    return client.post(f"/channels/{channel.kind}/{channel.key}", content, "application/json", headers=headers)


@pytest.mark.one_database
def test_what_is_forged_is_refused_and_not_stored(kind, workspace):
    channel, story = channel_of(kind, workspace), STORIES[kind]
    for headers in ({}, story.forged):
        body = {**story.bodies[0], "secret_key": "wrong"} if kind == "livechat" else story.bodies[0]
        assert send(channel, body, headers).status_code == story.refused
    assert not RawEvent.objects.filter(workspace=workspace).exists()


@pytest.mark.one_database
def test_what_is_no_json_object_is_refused(kind, workspace):
    channel = channel_of(kind, workspace)
    for body in (b"", b"{", b"1", b'"x"', b"null", b'{"a": "\xc3"}', b"\xff\xfe{}", b'{"a": NaN}'):
        assert send(channel, body, STORIES[kind].headers(channel, body)).status_code in (400, 401), body
    assert not RawEvent.objects.filter(workspace=workspace).exists()


@pytest.mark.one_database
def test_a_body_that_was_cut_off_is_refused(kind, workspace):
    channel, story = channel_of(kind, workspace), STORIES[kind]
    whole = json.dumps(story.bodies[0]).encode()
    assert send(channel, whole[:-5], story.headers(channel, whole)).status_code in (400, 401)


def test_something_new_is_kept(kind, workspace, work_off):
    channel, story = channel_of(kind, workspace), STORIES[kind]
    body = {"something": {"new": 1}} | ({"secret_key": channel.secret("secret")} if kind == "livechat" else {})
    content = json.dumps(body).encode()
    assert send(channel, content, story.headers(channel, content)).status_code == 200
    work_off()
    raw = RawEvent.objects.get(workspace=workspace)
    assert (raw.state, bool(raw.note)) == (State.DONE, True)
    assert not Person.objects.filter(workspace=workspace).exists()


def paths(data, trail=()):
    """Every place in a body."""
    yield trail
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from paths(value, (*trail, key))


def changed(data, trail, value):
    if not trail:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[trail[0]] = changed(copy[trail[0]], trail[1:], value)
    return copy


@examples(0.4)
@given(data=st.data())
def test_bodies_with_something_odd_in_them_break_nothing(kind, workspace, work_off, data):
    channel = channel_of(kind, workspace)
    body = data.draw(st.sampled_from(STORIES[kind].bodies))
    for _ in range(data.draw(st.integers(1, 3))):
        body = changed(body, data.draw(st.sampled_from(list(paths(body)))), data.draw(values))
    content = json.dumps(body).encode()
    assert send(channel, content, STORIES[kind].headers(channel, content)).status_code in (200, 400, 401, 429)
    work_off()
    rows = RawEvent.objects.filter(workspace=workspace)
    assert not rows.filter(state=State.WAITING, tries=0).exists()
    assert not rows.filter(note=BROKEN).exists()
