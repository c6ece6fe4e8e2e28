"""What of Activity is shown: which sort of operations, whose, and from where on. All of it stands in the address."""

from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from coterie.core.ids import from_public
from coterie.jobs.queries import Tally, actors
from coterie.web.actors import called
from coterie.web.links import with_query
from coterie.web.members import MemberRequest

SHOWS = ("running", "failed", "undoable")
MINE = "mine"


@dataclass(frozen=True, slots=True)
class Shown:
    """`show` is one of `SHOWS`, or empty for all; `who` an actor, or `MINE`, or empty; `before` a public id."""

    show: str = ""
    who: str = ""
    before: str = ""

    @classmethod
    def read(cls, fields: QueryDict) -> Self:
        """From an address. What is no sort of operations is all of them."""
        show, before = fields.get("show", ""), fields.get("before", "")
        return cls(
            show if show in SHOWS else "", fields.get("who", "")[:80], "" if from_public(before) is None else before
        )

    @property
    def url(self) -> str:
        """The page."""
        fields = {"show": self.show, "who": self.who, "before": self.before}
        return with_query(reverse("activity"), urlencode({name: value for name, value in fields.items() if value}))

    @property
    def newest(self) -> Self:
        """The same from its beginning."""
        return replace(self, before="")

    def older_than(self, public_id: str) -> Self:
        """The same, from the one after this operation on."""
        return replace(self, before=public_id)


@dataclass(frozen=True, slots=True)
class Tab:
    """A sort of operations to choose; `count` is how many there are, None where that says nothing."""

    words: str
    url: str
    count: int | None
    chosen: bool


def tabs(shown: Shown, tally: Tally) -> list[Tab]:
    """All, running, failed, those that can be undone."""
    words = {
        "": (_("All"), None),
        "running": (_("Running"), tally.running),
        "failed": (_("Failed"), tally.failed),
        "undoable": (_("Can be undone"), tally.undoable),
    }
    return [
        Tab(said, replace(shown.newest, show=show).url, count, show == shown.show)
        for show, (said, count) in words.items()
    ]


def people(request: MemberRequest, shown: Shown) -> list[tuple[str, str, bool]]:
    """(value, words, chosen) of whose operations can be shown: everyone's, one's own, each other's."""
    others = [actor for actor in actors(request.workspace) if actor != request.actor]
    if shown.who not in ("", MINE, *others):
        others.append(shown.who)
    names = called(request, others)
    found = [("", _("Everyone")), (MINE, _("Only mine")), *sorted(names.items(), key=lambda pair: pair[1].casefold())]
    return [(value, words, value == shown.who) for value, words in found]
