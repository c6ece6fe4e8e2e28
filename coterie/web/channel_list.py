"""What the Channels pages show of a channel: how it is doing, its address, what it delivered last."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.accounts.models import Workspace
from coterie.channels import traffic
from coterie.channels.kinds import Kind
from coterie.channels.models import Channel, RawEvent, State, What
from coterie.channels.registry import KINDS
from coterie.chats.models import Chat
from coterie.core.clock import now
from coterie.core.ids import to_public
from coterie.people.models import Identity
from coterie.web.people import glyph

# The rate is that of the last minutes, so that one busy second does not look like a busy channel.
MINUTES = 10
# Behind by more than this many seconds is worth a word.
BEHIND = 30
LAST = 25
_SHOWN = 4_000
# Enough to know that it is many; counting millions would keep the page waiting.
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Health:
    """How a channel is doing. `lag`: since when the oldest event waits; None when none does."""

    last: dt.datetime | None
    recent: int
    refused: int
    failed: int
    waiting: int
    lag: dt.datetime | None

    @property
    def a_minute(self) -> str:
        """Events a minute, lately."""
        rate = self.recent / MINUTES
        return f"{rate:.1f}" if 0 < rate < 10 else f"{rate:,.0f}"

    @property
    def is_behind(self) -> bool:
        """Whether somebody would notice that events wait."""
        return self.lag is not None and (now() - self.lag).total_seconds() > BEHIND


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list."""

    channel: Channel
    kind: Kind
    icon: str
    health: Health


def listed(workspace: Workspace) -> list[Listed]:
    """All channels of kinds that there are, oldest first, those that are off last."""
    rows = Channel.objects.filter(workspace=workspace).order_by("created_at", "id")
    channels = sorted((one for one in rows if one.kind in KINDS), key=lambda one: one.off_at is not None)
    healths = _healths(workspace, [channel.id for channel in channels])
    return [
        Listed(channel, KINDS[channel.kind], glyph(channel.kind) or "channels", healths[channel.id])
        for channel in channels
    ]


def health_of(channel: Channel) -> Health:
    """That of one channel."""
    return _healths(channel.workspace, [channel.id])[channel.id]


def _healths(workspace: Workspace, ids: Sequence[int]) -> dict[int, Health]:
    rows = RawEvent.objects.filter(workspace=workspace, channel_id__in=ids)
    waiting = rows.filter(state=State.WAITING, what=What.EVENT).values_list("channel_id")
    waits = {row[0]: (row[1], row[2]) for row in waiting.annotate(Count("id"), Min("received_at"))}
    failed = dict(rows.filter(state=State.FAILED).values_list("channel_id").annotate(Count("id")))
    lately, last = traffic.lately(workspace.pk, MINUTES), traffic.last_events(workspace.pk)
    if older := [row_id for row_id in ids if row_id not in last]:
        last |= traffic.last_chats(workspace.pk, older)
    found = {}
    for row_id in ids:
        events, refused = lately.get(row_id, (0, 0))
        count, lag = waits.get(row_id, (0, None))
        found[row_id] = Health(last.get(row_id), events, refused, failed.get(row_id, 0), count, lag)
    return found


@dataclass(frozen=True, slots=True)
class Stays:
    """Who came through a channel and stays when it is switched off; counted no further than MANY."""

    people: int
    chats: int
    many: int = MANY


def stays_of(channel: Channel) -> Stays:
    """Counted by ids on the channel: somebody with two of them counts twice."""
    mine = {"workspace_id": channel.workspace_id, "channel_id": channel.id}
    people, chats = Identity.objects.filter(**mine), Chat.objects.filter(**mine, by_user=True)
    return Stays(people[: MANY + 1].count(), chats[: MANY + 1].count())


@dataclass(frozen=True, slots=True)
class Arrived:
    """A raw event as it is shown. `body` only for those who may see what is in it."""

    row: RawEvent
    public_id: str
    person: str
    title: str
    body: str

    @property
    def is_failed(self) -> bool:
        """Whether it is told why."""
        return self.row.state == State.FAILED

    @property
    def has_body(self) -> bool:
        """Whether there is something of it to be tried again; nothing is kept of what was refused when it came."""
        return self.row.what == What.PROFILE or self.row.body != ""


def arrived(channel: Channel, *, failed: bool, bodies: bool) -> list[Arrived]:
    """The newest raw events of a channel, or of those the ones that failed."""
    rows = RawEvent.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id)
    rows = rows.filter(state=State.FAILED) if failed else rows
    newest = list(rows.order_by("-id")[:LAST])
    people = _people(channel, {row.user_id for row in newest if row.user_id})
    return [
        Arrived(row, row.public_id, people.get(row.user_id, ""), _title(row), _pretty(row.body) if bodies else "")
        for row in newest
    ]


def can_be_tried(channel: Channel) -> bool:
    """Whether any event that failed can be tried again."""
    failed = RawEvent.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id, state=State.FAILED)
    return failed.exclude(what=What.EVENT, body="").exists()


def _people(channel: Channel, natives: set[str]) -> dict[str, str]:
    """Native id → public id of the person."""
    identities = Identity.objects.filter(
        workspace_id=channel.workspace_id, channel_id=channel.id, native_id__in=natives
    )
    return {native: to_public(person_id) for native, person_id in identities.values_list("native_id", "person_id")}


def _title(row: RawEvent) -> str:
    """What an event is about, in the platform's words."""
    if row.what == What.PROFILE:
        return _("Look up a profile")
    if not row.body:
        return _("Refused event")
    data = _parsed(row.body)
    inner = data.get("event")
    named = inner.get("type") if isinstance(inner, dict) else inner if isinstance(inner, str) else ""
    parts = [part for part in (data.get("type"), named) if isinstance(part, str) and part]
    # Some say it by the name of what they hold.
    parts = parts or [name for name, value in data.items() if isinstance(value, dict)][:1]
    return " · ".join(parts)[:100] or _("Event")


def _parsed(body: str) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _pretty(body: str) -> str:
    data = _parsed(body)
    return json.dumps(data, indent=2, ensure_ascii=False)[:_SHOWN] if data else ""


@dataclass(frozen=True, slots=True)
class Paste:
    """Something to copy to the platform or page."""

    label: str
    text: str


def pastes(request: HttpRequest, channel: Channel) -> list[Paste]:
    """The addresses, keys and lines of a channel, exactly as they are to be pasted."""
    origin = request.build_absolute_uri("/").rstrip("/")
    made = [
        Paste(_(field.label), channel.secret(field.name) or "")
        for field in KINDS[channel.kind].fields
        if field.ours and field.name in channel.secrets
    ]
    match channel.kind:
        case "widget":
            line = f'<script src="{origin}/widget.js"\n  data-channel="{channel.key}" async></script>'
            return [Paste(_("Before </body> of your pages"), line)]
        case "segment":
            curl = (
                f"curl {origin}/v1/identify -u {channel.key}: \\\n  --json '"
                '{"userId": "u-1", "traits": {"name": "Ada", "plan": "pro"}}\''
            )
            return [
                Paste(_("Write key"), channel.key),
                Paste(_("Host, or data plane"), origin),
                Paste(_("Try it"), curl),
            ]
        case "api":
            address = f"{origin}/channels/api/{channel.key}"
            curl = (
                f"curl {address} \\\n  --json '"
                '{"userId": "u-1", "message": "hello",\n  "attributes": {"default_name": "Ada"}}'
                "'"
            )
            return [Paste(_("Address for events"), address), Paste(_("Try it"), curl)]
        case kind:
            address = f"{origin}/channels/{kind}/{channel.key}"
            return [Paste(_("Address for events"), address), *made, *_more_pastes(channel, address)]


def _more_pastes(channel: Channel, address: str) -> list[Paste]:
    """What some platforms take the address and the secret in, together."""
    secret = channel.secret("secret") or ""
    if channel.kind == "telegram":
        allowed = '["message","callback_query","business_message","my_chat_member"]'
        lines = (
            "curl 'https://api.telegram.org/bot<token>/setWebhook'",
            f"-d url={address}",
            f"-d secret_token={secret}",
        )
        curl = " \\\n  ".join((*lines, f"-d 'allowed_updates={allowed}'"))
        return [Paste(_("Call once"), curl)]
    if channel.kind == "botpress":
        return [Paste(_("Response Endpoint URL"), f"{address}?secret={secret}")]
    return []


def replayed_words(count: int) -> str:
    """What to say after events were told to try again."""
    return ngettext("%(n)d event is tried again.", "%(n)d events are tried again.", count) % {"n": count}
