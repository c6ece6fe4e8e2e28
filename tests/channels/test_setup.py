"""Changing channels, and switching them off and on."""

import json

import pytest

from coterie.accounts.models import AuditEntry
from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import change, make, switch
from coterie.chats.models import Chat
from coterie.people.models import Person


def event(number):
    return {"messageId": f"m-{number}", "userId": "u-1", "sessionId": "s", "message": "hello"}


@pytest.fixture
def send(client, api_channel):
    address = f"/channels/api/{api_channel.key}"
    return lambda number: client.post(address, json.dumps(event(number)), "application/json").status_code


def audit(channel):
    rows = AuditEntry.objects.filter(workspace=channel.workspace, action__startswith="channel.")
    return [row.action for row in rows.order_by("at", "id") if row.details["channel"] == channel.public_id]


def test_off_keeps_people_and_chats_and_on_takes_what_comes_again(api_channel, send):
    assert send(1) == 200
    switch(api_channel, "test", on=False)
    assert send(2) == 404
    assert Person.objects.filter(workspace=api_channel.workspace).count() == 1
    assert Chat.objects.filter(workspace=api_channel.workspace).count() == 1
    switch(api_channel, "test", on=True)
    assert send(3) == 200


def test_switching_twice_is_said_once(api_channel):
    assert switch(api_channel, "test", on=False)
    assert not switch(api_channel, "test", on=False)
    assert switch(api_channel, "test", on=True)
    assert not switch(api_channel, "test", on=True)
    assert audit(api_channel) == ["channel.off", "channel.on"]


def test_a_write_key_that_is_off_is_refused(client, segment_channel):
    body = json.dumps({"writeKey": segment_channel.key, "userId": "u-1"})
    assert client.post("/v1/identify", body, "application/json").status_code == 200
    switch(segment_channel, "test", on=False)
    assert client.post("/v1/identify", body, "application/json").status_code == 401
    assert client.get(f"/v1/projects/{segment_channel.key}/settings").status_code == 404


def test_a_widget_that_is_off_answers_no_visitor(client, widget_channel):
    address = f"/channels/widget/{widget_channel.key}"
    assert client.get(address).status_code == 200
    switch(widget_channel, "test", on=False)
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert client.post(f"{address}/open", "{}", "text/plain").status_code == 404


def test_what_somebody_else_changed_meanwhile_stays(workspace):
    made = make(workspace, "test", KINDS["slack"], "Team", {"signing_secret": "one"})
    seen_before = Channel.objects.get(workspace=workspace, id=made.id)
    change(made, "test", "Team", {"bot_token": "xoxb-1"})
    change(seen_before, "test", "Everybody", {})
    stored = Channel.objects.get(workspace=workspace, id=made.id)
    assert (stored.name, stored.secret("bot_token"), stored.secret("signing_secret")) == ("Everybody", "xoxb-1", "one")
