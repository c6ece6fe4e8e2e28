"""What can be done to many people at once: the acts, what each needs to know, and its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from coterie.accounts.models import Workspace
from coterie.audience.columns import DEFAULT_COLUMNS, DEFAULT_KEYS, RESERVED_KEYS
from coterie.core.ids import from_public, to_public
from coterie.people.attributes import Refused, Value, catalogue_keys, validated
from coterie.segments.membership import ByRule
from coterie.segments.models import Kind, Segment


class Act(StrEnum):
    """The kinds of operations that bulk actions are."""

    JOIN = "join"
    LEAVE = "leave"
    SET = "set"
    CLEAR = "clear"
    BAN = "ban"
    UNBAN = "unban"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Action:
    """One act. `segments` are for joining and leaving, `key` for setting and clearing, `value` for setting."""

    act: Act
    segments: tuple[int, ...] = ()
    key: str = ""
    value: Value | None = None

    @classmethod
    def join(cls, segment_ids: Sequence[int]) -> Self:
        """Save to these segments."""
        return cls(Act.JOIN, tuple(dict.fromkeys(segment_ids)))

    @classmethod
    def leave(cls, segment_ids: Sequence[int]) -> Self:
        """Remove from these segments."""
        return cls(Act.LEAVE, tuple(dict.fromkeys(segment_ids)))

    @classmethod
    def set(cls, key: str, value: Value) -> Self:
        """Set an attribute to a value."""
        return cls(Act.SET, key=key, value=value)

    @classmethod
    def clear(cls, key: str) -> Self:
        """Remove an attribute."""
        return cls(Act.CLEAR, key=key)

    @classmethod
    def ban(cls) -> Self:
        """Ban."""
        return cls(Act.BAN)

    @classmethod
    def unban(cls) -> Self:
        """Lift the ban."""
        return cls(Act.UNBAN)

    @classmethod
    def delete(cls) -> Self:
        """Delete; comes back by undo only."""
        return cls(Act.DELETE)

    @classmethod
    def from_details(cls, kind: str, details: Mapping[str, Any]) -> Self:
        """The action of an operation; the counterpart of `details`."""
        ids = (from_public(text) for text in details.get("segments", ()))
        segments = tuple(row_id for row_id in ids if row_id is not None)
        return cls(Act(kind), segments, details.get("key", ""), details.get("value"))

    @property
    def details(self) -> dict[str, Any]:
        """As plain JSON."""
        match self.act:
            case Act.JOIN | Act.LEAVE:
                return {"segments": [to_public(row_id) for row_id in self.segments]}
            case Act.SET:
                return {"key": self.key, "value": self.value}
            case Act.CLEAR:
                return {"key": self.key}
            case _:
                return {}


def checked(workspace: Workspace, action: Action) -> Action:
    """The action with cleaned values. Raises Refused when it cannot be done to anybody; changes nothing."""
    match action.act:
        case Act.JOIN | Act.LEAVE:
            segment_names(workspace, action.segments)
        case Act.SET:
            values = validated({action.key: action.value}, "attribute")
            if not values:
                raise Refused(f"attribute.{action.key}", "there is no value; to remove values, clear the attribute.")
            ((key, value),) = values.items()
            return Action.set(key, value)
        case Act.CLEAR if not action.key or action.key in RESERVED_KEYS - set(DEFAULT_KEYS):
            raise Refused("attribute", f"“{action.key}” is not an attribute that can be cleared.")
    return action


def catalogued(workspace: Workspace, action: Action) -> None:
    """Makes sure that an attribute which is about to be set stands in the catalogue. Raises Refused."""
    if action.act == Act.SET and action.value is not None:
        catalogue_keys(workspace.pk, [{action.key: action.value}])


def label(workspace: Workspace, action: Action, people: int) -> str:
    """What it is called, such as "Save 50 people to Newsletter"."""
    who = f"{people:,} {'person' if people == 1 else 'people'}"
    match action.act:
        case Act.JOIN:
            text = f"Save {who} to {', '.join(segment_names(workspace, action.segments).values())}"
        case Act.LEAVE:
            text = f"Remove {who} from {', '.join(segment_names(workspace, action.segments).values())}"
        case Act.SET:
            text = f"Set {_name(action.key)} of {who} to {action.value}"
        case Act.CLEAR:
            text = f"Clear {_name(action.key)} of {who}"
        case _:
            text = f"{action.act.value.capitalize()} {who}"
    return text if len(text) <= 300 else text[:299] + "…"


def segment_names(workspace: Workspace, segment_ids: Sequence[int]) -> dict[int, str]:
    """Names of segments in the order asked for; raises Refused when there are none or one is not in this workspace."""
    if not segment_ids:
        raise Refused("segments", "choose at least one segment.")
    segments = Segment.objects.filter(workspace=workspace, id__in=segment_ids)
    if (by_rule := segments.filter(kind=Kind.RULE).first()) is not None:
        raise Refused("segments", str(ByRule(by_rule.name)))
    found = dict(segments.values_list("id", "name"))
    if missing := [to_public(row_id) for row_id in segment_ids if row_id not in found]:
        raise Refused("segments", f"no such segment in this workspace: {', '.join(missing[:5])}.")
    return {row_id: found[row_id] for row_id in segment_ids}


_LABELS = {column.key: column.label for column in DEFAULT_COLUMNS}


def _name(key: str) -> str:
    return _LABELS.get(key, key)
