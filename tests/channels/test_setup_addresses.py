"""Changing a channel: what is sealed is not read by having it sent somewhere else."""

import pytest

from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import change, make
from coterie.people.attributes import Refused

KEPT = {"signing_secret": "s-1", "bot_token": "xoxb-1"}
ELSEWHERE = {"api_url": "https://evil.example/api"}


@pytest.fixture
def channel(workspace):
    return make(workspace, "test", KINDS["slack"], "Team chat", KEPT)


def stored(channel):
    return Channel.objects.get(workspace_id=channel.workspace_id, id=channel.id)


def test_who_does_not_know_a_secret_cannot_have_it_sent_to_another_address(channel):
    for known in ({}, {"bot_token": "xoxb-1"}, {"signing_secret": "s-1", "bot_token": ""}):
        with pytest.raises(Refused, match=r"enter it again: .* will be sent to https://evil\.example/api"):
            change(stored(channel), "test", "Team chat", {**ELSEWHERE, **known})
    assert stored(channel).settings == {}


def test_who_knows_them_can(channel):
    change(stored(channel), "test", "Team chat", {**ELSEWHERE, **KEPT})
    assert stored(channel).settings == ELSEWHERE


def test_secrets_stay_when_the_address_does_or_is_the_platform_s_own_again(channel):
    change(stored(channel), "test", "Team chat", {**ELSEWHERE, **KEPT})
    change(stored(channel), "test", "Renamed", {**ELSEWHERE, "bot_token": ""})
    change(stored(channel), "test", "Renamed", {"api_url": "", "bot_token": ""})
    assert (stored(channel).settings, stored(channel).secret("bot_token")) == ({}, "xoxb-1")
