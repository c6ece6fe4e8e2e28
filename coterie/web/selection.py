"""The people that somebody selected: some by hand (`person`, repeated), or everybody in a view (`all` and `view`) but
for those unticked afterwards (`except`, repeated). A field may have several ids with spaces between them, because of a
selection over many pages there are more than a form may have fields.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.http import QueryDict
from django.utils.translation import gettext as _

from coterie.audience import query
from coterie.audience.audience import Audience
from coterie.audience.compiler import EVERYBODY
from coterie.audience.view import View
from coterie.bulk.selection import DRIFT, MAX_IDS
from coterie.bulk.selection import Selection as Who
from coterie.core.ids import from_public, to_public
from coterie.web.links import whole
from coterie.web.users import understood


class NotSelected(Exception):
    """The fields name no selection; the message says why."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Who is meant, and how many the member was told there are (`seen`).

    `is_everybody`: a filter that leaves nobody out is no filter, and neither is one that leaves out some by hand.
    """

    who: Who
    people: int
    seen: int
    view: View
    is_everybody: bool = False

    @classmethod
    def read(cls, fields: QueryDict, audience: Audience) -> Self:
        """From a form; raises NotSelected. Ids of other workspaces are ids of nobody."""
        if fields.get("all"):
            seen = whole(fields.get("seen"))
            return cls.of_view(fields.get("view", ""), audience, _ids(fields.getlist("except")), seen)
        view = audience.parse(fields.get("view", "")).view
        return cls._counted(audience, Who.of_ids(_ids(fields.getlist("person"))), view)

    @classmethod
    def of_view(
        cls, query_string: str, audience: Audience, exceptions: Iterable[int] = (), seen: int | None = None
    ) -> Self:
        """Everybody in a view but for the exceptions; raises NotSelected for one that is not understood."""
        parsed = audience.parse(query_string)
        compiled, broken = understood(audience, parsed)
        if compiled is None:
            raise NotSelected(str(broken[0]))
        return cls._counted(audience, Who.of_filter(parsed.view.node, exceptions), parsed.view, seen)

    @classmethod
    def _counted(cls, audience: Audience, who: Who, view: View, seen: int | None = None) -> Self:
        predicate = who.predicate(audience)
        people, everybody = audience.ask(
            lambda reader: (query.count(reader, predicate), query.count(reader, EVERYBODY))
        )
        all_of_them = who.by_filter and people + len(who.ids) >= everybody
        return cls(who, people, people if seen is None else seen, view, all_of_them)

    @property
    def by_filter(self) -> bool:
        """Whether it is a filter; otherwise they were picked by hand."""
        return self.who.by_filter

    @property
    def public_ids(self) -> list[str]:
        """The people picked by hand or, of a filter, the exceptions."""
        return [to_public(row_id) for row_id in self.who.ids]

    @property
    def moved(self) -> str:
        """What to say when the number is no longer the one that the member saw; empty when it (nearly) is."""
        if abs(self.people - self.seen) <= DRIFT * max(self.seen, 1):
            return ""
        return _("Meanwhile it is %(now)s people, no longer %(seen)s. Look at the numbers again, then confirm.") % {
            "now": f"{self.people:,}",
            "seen": f"{self.seen:,}",
        }


def _ids(fields: list[str]) -> list[int]:
    texts = [text for field in fields for text in field.split()]
    if len(texts) > MAX_IDS:
        raise NotSelected(_("Too many people picked by hand; use a filter."))
    found = (from_public(text) for text in texts)
    return [row_id for row_id in found if row_id is not None]
