"""A story for each platform: what it would deliver over an hour, each body by itself, in the order it happened.

Tests of all platforms tell them in other orders, twice, cut off, forged.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from coterie.channels.kinds import Delivery
from coterie.channels.models import Channel
from coterie.core.clock import now
from tests.channels.botpress import conftest as botpress
from tests.channels.dialogflow import conftest as dialogflow
from tests.channels.livechat import conftest as livechat
from tests.channels.messenger.conftest import delivery as of_page
from tests.channels.messenger.conftest import item, said
from tests.channels.meta import SECRET, signature
from tests.channels.rasa import conftest as rasa
from tests.channels.telegram import conftest as telegram
from tests.channels.whatsapp import conftest as whatsapp

START = now().replace(microsecond=0) - dt.timedelta(hours=3)


def at(minute: float) -> dt.datetime:
    """So many minutes into the story."""
    return START + dt.timedelta(minutes=minute)


def millis(minute: float) -> int:
    """The same in milliseconds since 1970."""
    return int(at(minute).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Story:
    """`values` make the channel; `headers` sign a body; `forged` are headers of somebody else."""

    values: dict[str, str]
    headers: Callable[[Channel, bytes], dict[str, str]]
    bodies: list[Any]
    forged: dict[str, str]
    refused: int = 401
    # When a body arrives, for platforms that do not say when it happened.
    minute: Callable[[Any], float] = lambda _: 60

    def delivery(self, channel: Channel, body: Any) -> Delivery:
        """A delivery of the body, signed. Bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Delivery("POST", self.headers(channel, content), {}, content, at(self.minute(body)))


def _messenger() -> Iterator[Any]:
    for number, minute in enumerate((0, 1, 30)):
        yield of_page(said(f"words {number}", f"m_{number}", at=millis(minute)))
    yield of_page(item("1040", "7301", millis(31), message={"mid": "m_E", "text": "hi", "is_echo": True}))
    for number, minute in enumerate((2, 32, 33)):
        yield of_page(item(at=millis(minute), referral={"ref": f"r{number}", "source": "ADS" if number else ""}))
    yield of_page(item(at=millis(50), read={"watermark": millis(49)}))


def _livechat() -> Iterator[Any]:
    yield livechat.chat(
        livechat.event(1, at=at(0).isoformat()),
        who=livechat.customer(created_at=at(-9).isoformat(), customer_last_event_created_at=at(1.5).isoformat()),
        created_at=at(0).isoformat(),
    )
    for number, minute in ((2, 1), (3, 30)):
        yield livechat.incoming(livechat.event(number, at=at(minute).isoformat()))
    yield livechat.incoming(livechat.event(4, livechat.AGENT, at(31).isoformat()), (livechat.MAYA, livechat.AGENT))
    fields = [{"type": "email", "answer": "maya@new.example"}, {"type": "question", "label": "Why", "answer": "Tea"}]
    yield livechat.incoming(livechat.event(5, at=at(32).isoformat(), type="filled_form", fields=fields))
    payload = {"id": livechat.MAYA, "active_chat": {"chat_id": "PCHAT1"}, "session_fields": [{"plan": "team"}]}
    yield livechat.webhook("customer_session_fields_updated", payload)
    yield livechat.webhook("chat_deactivated", {"chat_id": "PCHAT1", "thread_id": "KTHR1"})


def _telegram() -> Iterator[Any]:
    for number, minute in enumerate((0, 1, 30, 31)):
        who = {**telegram.MAYA, "username": f"maya{number}" if number != 2 else ""}
        words = "/start spring-sale" if number == 1 else f"words {number}"
        said = telegram.message(words, number, int(at(minute).timestamp()), **{"from": who})
        yield telegram.update(number + 1, message=said)
    yield telegram.update(9, edited_message=telegram.message("x", 0, int(at(0).timestamp()), edit_date=1))


def _whatsapp() -> Iterator[Any]:
    for number, minute in enumerate((0, 1)):
        at_ = int(at(minute).timestamp())
        yield whatsapp.delivery(whatsapp.by_number(f"words {number}", f"wamid.{number}", at_))
    for number, minute in ((2, 30), (3, 31)):
        said = whatsapp.message(f"words {number}", f"wamid.{number}", int(at(minute).timestamp()))
        yield whatsapp.delivery(whatsapp.value(said))
    yield whatsapp.delivery(whatsapp.value(statuses=[{"id": "wamid.Z", "status": "read", "timestamp": "1788000000"}]))


def _dialogflow() -> Iterator[Any]:
    for number, minute in enumerate((0, 1, 30)):
        parameters = {"userId": "u-1", "email": f"maya{number}@a.example" if number else "", "size": str(number)}
        yield dialogflow.cx(f"words {number}", f"d-{minute}", parameters=parameters)


def _minute_of(body: Any) -> float:
    found = body.get("detectIntentResponseId") if isinstance(body, dict) else None
    return float(found[2:]) if isinstance(found, str) and found[2:].isdigit() and len(found) < 5 else 60


def _rasa() -> Iterator[Any]:
    for number, minute in enumerate((0, 1, 30)):
        metadata = {"email": f"maya{number}@a.example" if number else "", "locale": "en"}
        yield rasa.user(f"words {number}", f"m{number}", at(minute).timestamp(), metadata=metadata)
        yield rasa.event("bot", at(minute + 0.1).timestamp(), text="It is on its way.")
        yield rasa.event("slot", at(minute + 0.2).timestamp(), name="size", value=number)
    yield rasa.event("session_started", at(0).timestamp() - 1)
    yield [rasa.user("/restart", "m9", at(40).timestamp()), rasa.user("words 4", "m4", at(31).timestamp())]


def _botpress() -> Iterator[Any]:
    for number, minute in enumerate((0, 1, 30)):
        said = botpress.message(f"words {number}", f"m{number}", at(minute).isoformat())
        created = at(-60).isoformat()
        yield {"message": said, "user": botpress.user(name=f"Maya {number}" if number else "", createdAt=created)}
    yield botpress.message("bye", "m9", at(31).isoformat(), direction="outgoing")


def _signed_by_meta(_: Channel, body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": signature(body)}


_NOT_META = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
STORIES: dict[str, Story] = {
    "botpress": Story(
        {"secret": botpress.SECRET},
        lambda *_: botpress.BEARER,
        list(_botpress()),
        {"Authorization": "Bearer wrong"},
    ),
    "dialogflow": Story(
        {"secret": dialogflow.SECRET},
        lambda *_: dialogflow.BASIC,
        list(_dialogflow()),
        {"Authorization": "Bearer wrong"},
        minute=_minute_of,
    ),
    "livechat": Story({"secret": livechat.SECRET}, lambda *_: {}, list(_livechat()), {}),
    "messenger": Story({"app_secret": SECRET}, _signed_by_meta, list(_messenger()), _NOT_META),
    "rasa": Story({"secret": rasa.SECRET}, lambda *_: rasa.BEARER, list(_rasa()), {"Authorization": "Bearer wrong"}),
    "telegram": Story(
        {"secret": telegram.SECRET},
        lambda *_: {telegram.HEADER: telegram.SECRET},
        list(_telegram()),
        {telegram.HEADER: "wrong"},
    ),
    "whatsapp": Story({"app_secret": SECRET}, _signed_by_meta, list(_whatsapp()), _NOT_META),
}
