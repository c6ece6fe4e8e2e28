"""What a member chose to do to a selection, from the fields of a dialog."""

import json
import math
import re

from django.http import QueryDict
from django.utils.translation import gettext as _

from coterie.audience.audience import Audience
from coterie.audience.columns import DEFAULT_KEYS, Column, Type
from coterie.audience.models import AttributeType
from coterie.bulk.actions import Act, Action
from coterie.core.ids import from_public
from coterie.core.text import clean
from coterie.people.attributes import Refused, Value, guess_type

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def action_of(fields: QueryDict, act: Act, audience: Audience) -> Action | None:
    """The action, or None while something is still to be chosen. Raises Refused when it does not fit."""
    match act:
        case Act.LEAVE:
            found = (from_public(text) for text in fields.getlist("segment"))
            ids = [row_id for row_id in found if row_id is not None]
            return Action.leave(ids) if ids else None
        case Act.SET | Act.CLEAR:
            column = _column(fields, audience)
            if column is None or act == Act.CLEAR:
                return None if column is None else Action.clear(column.key)
            text = clean(fields.get("value", ""))
            return Action.set(column.key, value_of(column, text)) if text else None
        case _:
            return Action(act)


def printed(action: Action | None) -> str:
    """The choice as one text, which tells whether an effect that was shown is that of this choice."""
    return "" if action is None else json.dumps(action.details, sort_keys=True)


def attributes_of(audience: Audience) -> list[Column]:
    """The attributes that can be set and cleared."""
    return [column for column in audience.catalogue.columns if column.is_custom or column.key in DEFAULT_KEYS]


def value_of(column: Column, text: str) -> Value:
    """A value as somebody typed it, of the attribute's type. Raises Refused."""
    match column.type:
        case Type.NUMBER:
            number = float(text) if _NUMBER.fullmatch(text) else math.nan
            if not math.isfinite(number):
                raise Refused("value", _("“%(text)s” is not a number.") % {"text": text[:40]})
            return int(text) if re.fullmatch(r"[+-]?\d+", text, re.ASCII) else number
        case Type.BOOLEAN:
            if text.lower() not in ("true", "false"):
                raise Refused("value", _("“%(text)s” is neither true nor false.") % {"text": text[:40]})
            return text.lower() == "true"
        case Type.TIME:
            if guess_type(text) != AttributeType.TIME:
                words = _("“%(text)s” is no date or time such as 2026-11-24 or 2026-11-24T16:30.")
                raise Refused("value", words % {"text": text[:40]})
            return text
        case _:
            return text


def _column(fields: QueryDict, audience: Audience) -> Column | None:
    key = fields.get("key", "")
    if not key:
        return None
    column = next((column for column in attributes_of(audience) if column.key == key), None)
    if column is None:
        raise Refused("key", _("There is no attribute “%(key)s”.") % {"key": clean(key)[:40]})
    return column
