"""A reason why somebody is in a rule segment, in words: the condition, and what the person's value is."""

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coterie.audience.columns import Catalogue, Type
from coterie.audience.rows import Row
from coterie.audience.sentence import sentence
from coterie.audience.tree import Condition
from coterie.core.ids import to_public
from coterie.profile.reasons import Reason
from coterie.web.cells import value_html


@dataclass(frozen=True, slots=True)
class Told:
    """`words` is the condition, `value` what the person has there (None: not one value, as for a search)."""

    words: str
    value: SafeString | str | None
    holds: bool
    decides: bool


def told(reason: Reason, row: Row, catalogue: Catalogue) -> Told:
    """The reason in words."""
    words = sentence(reason.node, catalogue)
    return Told(words, _value(reason, row, catalogue), reason.holds, reason.decides)


def _value(reason: Reason, row: Row, catalogue: Catalogue) -> SafeString | str | None:
    column = catalogue.get(reason.node.attribute) if isinstance(reason.node, Condition) else None
    if column is None:
        return None
    if column.type == Type.SEGMENT:
        names = catalogue.segment_names
        inside = [names[key] for key in map(to_public, row.segments) if key in names]
        return ", ".join(inside) or _("in no segment")
    return _("not known") if row.value(column) is None else value_html(row, column)
