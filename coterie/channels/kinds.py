"""What a kind of channel is made of. A kind with a webhook has two halves, both plain functions:

- `admit` runs while the platform waits: it looks at the raw bytes (signature, secret, handshake) and says what to store
  and what to answer. It asks nobody, neither the database nor the network.
- `read` runs afterwards, in the worker: it turns what was stored into events. It may run again at any time and must
  then give the same. Of what arrived too early it says NotNow, some few times (`RawEvent.tries`).

`registry.KINDS` lists all kinds; ARCHITECTURE.md says how one is added.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from coterie.channels.events import Event
from coterie.channels.models import Channel, RawEvent
from coterie.people.attributes import Refused, Value


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request of a platform, from the address `sender`. Names of `headers` are looked up in any case."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: dt.datetime
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """One event to store. `native_id` (1–128 characters) is stored once per channel; `body` holds no secret.

    `user_id` is the native id of whom it is about, if it says so. With a `refusal` it is kept as failed, for people to
    see.
    """

    native_id: str
    body: str
    at: dt.datetime
    user_id: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What to store, and the words of the answer once it is on disk (always with status 200)."""

    raws: tuple[Raw, ...] = ()
    answer: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a raw event means.

    `events` go to the inbox. `links` are pairs of native ids that name one human, the lasting one last (a visitor's
    begins with `linking.ANONYMOUS`). `known_only`:
    the events tell about somebody who need not have chatted, and make nobody new. `look_up`: native ids whose profile
    the platform can tell. `note`: what of it was left out, or why nothing was done.
    """

    events: tuple[Event, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    known_only: bool = False
    look_up: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is entered once: a setting or, sealed, a secret. `check` raises Refused.

    `ours`: nobody enters it; it is made up with the channel and shown, to be pasted at the platform.
    """

    name: str
    label: str
    hint: str
    secret: bool = True
    required: bool = True
    ours: bool = False
    check: Callable[[str], object] | None = None


# The setting that says to where secrets are sent.
API_ADDRESS = "api_url"


def api_url(hint: str) -> Field:
    """Where the platform's API is, for those to whom it is somewhere else."""
    return Field(API_ADDRESS, "Address of the API", hint, secret=False, required=False, check=_address)


def _address(url: str) -> None:
    if urlsplit(url).scheme not in ("http", "https"):
        raise Refused(API_ADDRESS, "expected an address that begins with https://.")


class Denied(Exception):
    """The platform says no, and would say so again; the message is for people."""


class NotNow(Exception):
    """It cannot be answered or read at present; try again after `seconds`, or when it is our turn anyway."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def _no_settings(settings: Mapping[str, Any]) -> None:
    if settings:
        raise Refused(next(iter(settings)), "a channel of this kind has no such setting.")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel.

    `check` looks at the settings that have no field, all together, and raises Refused. `profile` asks the platform who
    a native id is and returns attributes; it raises Denied, or NotNow or core.outgoing.OutgoingError, after which it is
    asked again. `test` tries the settings out and says in a sentence that they work; it raises the same. `steps` are
    what to do on the platform's side, in order. `vouches`: links of ids are the platform's own word.
    """

    name: str
    label: str
    about: str
    fields: tuple[Field, ...] = ()
    check: Callable[[Mapping[str, Any]], object] = _no_settings
    admit: Callable[[Channel, Delivery], Admitted] | None = None
    read: Callable[[Channel, RawEvent], Reading] | None = None
    profile: Callable[[Channel, str], Mapping[str, Value]] | None = None
    test: Callable[[Channel], str] | None = None
    steps: tuple[str, ...] = field(default=())
    vouches: bool = False
