"""Bodies for `POST /channels/api/<key>`: invented customers of the demo shop, some known and some new."""

import datetime as dt
import json
from collections.abc import Sequence
from random import Random
from typing import Any

_SENTENCE = "could you tell me when my order of the dark roast will arrive and whether it can be changed thanks"
_WORDS = _SENTENCE.split()
_NEW = 0.3
_START = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)


class Chatter:
    """A stream of events; every message id is new."""

    def __init__(self, known: Sequence[str], seed: int) -> None:
        self._random = Random(seed)
        self._known = known
        self._serial = 0
        # A stream of another run on the same data must not repeat our ids.
        self._run = f"{dt.datetime.now(dt.UTC).timestamp():.0f}-{seed}"

    def batches(self, count: int, size: int, turns: int) -> list[bytes]:
        """`count` bodies of `size` events: chats of `turns` turns each, user and bot by turns."""
        return [_body([e for _ in range(size // turns) for e in self._chat(turns)]) for _ in range(count)]

    def singles(self, count: int) -> list[bytes]:
        """`count` bodies of one event, each the first words of a chat."""
        return [_body(self._chat(1)[0]) for _ in range(count)]

    def _chat(self, turns: int) -> list[dict[str, Any]]:
        random = self._random
        self._serial += 1
        new = random.random() < _NEW
        user_id = f"visitor-{self._run}-{self._serial}" if new else random.choice(self._known)
        at = _START + dt.timedelta(milliseconds=self._serial)
        events: list[dict[str, Any]] = [
            {
                "messageId": f"{self._run}-{self._serial}-{turn}",
                "userId": user_id,
                "sessionId": f"session-{self._run}-{self._serial}",
                "sender": "bot" if turn % 2 else "user",
                "message": " ".join(random.choices(_WORDS, k=random.randint(4, 16))),
                "timestamp": (at + dt.timedelta(seconds=turn)).isoformat(timespec="milliseconds"),
            }
            for turn in range(turns)
        ]
        events[0]["context"] = {
            "url": "https://fernhill.example/shop",
            "ip": f"192.0.2.{random.randint(1, 254)}",
            "language": random.choice(("en-US", "de", "pl", "pt-BR")),
        }
        if new:
            name = f"Visitor {self._serial}"
            events[0]["attributes"] = {
                "default_name": name,
                "default_email": f"visitor{self._serial}@mail.example",
                "plan": random.choice(("free", "pro", "team")),
                "orders": random.randint(0, 30),
            }
        return events


def _body(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
