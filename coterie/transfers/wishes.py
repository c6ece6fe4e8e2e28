"""How a file is to be imported."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Policy = Literal["merge", "skip", "replace"]
POLICIES: tuple[Policy, ...] = ("merge", "skip", "replace")
Match = Literal["user_id", "email"]
MATCHES: tuple[Match, ...] = ("user_id", "email")
Dates = Literal["dmy", "mdy"]
DATES: tuple[Dates, ...] = ("dmy", "mdy")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the member wants. All of it is plain JSON, because a worker may do it later.

    `mapping`: heading → attribute, or "" for "do not read"; other columns go by their name. `match`: whom a row is
    about says its user id (its e-mail address where it has none), or its e-mail address alone. `segments`: ids of
    those that everybody in the file joins. `new_attributes`: whether columns may become attributes that nobody has
    yet; `types`: of which type such a one is (text, number, time, boolean), where it is not what its first value looks
    like. `dates`: the order of day and month in 03/04/2024. `raw`: the file has no guards to take away.
    """

    policy: Policy = "merge"
    match: Match = "user_id"
    mapping: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[int, ...] = ()
    new_attributes: bool = True
    types: Mapping[str, str] = field(default_factory=dict)
    dates: Dates | None = None
    encoding: str | None = None
    delimiter: str | None = None
    raw: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "segments": list(self.segments)}


def from_json(data: Mapping[str, Any]) -> Wishes:
    """Back from `to_json`."""
    return Wishes(**{**data, "segments": tuple(data["segments"])})
