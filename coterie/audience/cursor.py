"""Where a page of the list ends: the sort value and id of its last person (keyset paging).

An offset would skip or repeat people while others arrive. The cursor names the list it belongs to, so one from
another list is noticed. It carries how many people came before, only so that a page can say "51–100".
"""

import base64
import json
from dataclasses import dataclass

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """After this person. `value` is the sort value as text (times: ISO in UTC), a number, or None when missing.

    `listing` is the list it belongs to; see `View.listing`.
    """

    listing: str
    value: Value
    person_id: int
    position: int = 0

    def encode(self) -> str:
        """URL-safe text without padding."""
        parts = [self.listing, self.value, self.person_id, self.position]
        # As UTF-8, for an emoji that is spelled out in ASCII takes three times the room in the address.
        data = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")

    @staticmethod
    def decode(text: str, listing: str) -> "Cursor | None":
        """The cursor, or None when it is damaged or belongs to another list."""
        try:
            data = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            found, value, person_id, position = data
            str(value).encode()
        except (ValueError, TypeError, RecursionError):
            return None
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            return None
        whole = isinstance(person_id, int) and isinstance(position, int)
        if found != listing or not whole or not (0 <= person_id < 1 << 63) or position < 0:
            return None
        return Cursor(listing, value, person_id, position) if isinstance(value, Value) else None
