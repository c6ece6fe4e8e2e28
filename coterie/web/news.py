"""What happened to a shown list since it was loaded: an offer to load it again, or nothing."""

from dataclasses import dataclass

import duckdb
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coterie.accounts.models import Workspace
from coterie.accounts.permissions import Verb
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import Predicate, both, only_ids
from coterie.journal.models import JournalEntry, Kind
from coterie.people.models import Person
from coterie.web.links import users_url, whole
from coterie.web.members import MemberRequest, member
from coterie.web.users import understood

# More people than this are not counted out.
MOST = 1_000
# So many of the newest journal entries are looked at, however long the page was left open.
_ENTRIES = 5_000


@dataclass(frozen=True, slots=True)
class News:
    """`arrived` are new people in the list, `active` known ones that chatted again, both at least so many.

    `changed` tells that the list is another one, for whatever reason.
    """

    arrived: int = 0
    active: int = 0
    changed: bool = False


@require_safe
@member(Verb.VIEW)
def news(request: MemberRequest) -> HttpResponse:
    """A link that says what is new in `view` after revision `since`; 204 when nothing is.

    `shown` is the total that the page shows, if it shows one already.
    """
    audience = audience_of(request.workspace)
    parsed = audience.parse(request.GET.get("view", ""))
    predicate, _broken = understood(audience, parsed)
    since, shown = whole(request.GET.get("since")), whole(request.GET.get("shown"))
    if predicate is None or since is None or request.workspace.revision <= since:
        return HttpResponse(status=204)
    found = news_of(audience, predicate, since, shown)
    if found == News():
        return HttpResponse(status=204)
    context = {"news": found, "most": MOST, "url": users_url(parsed.view.first_page())}
    return render(request, "web/parts/news.html", context)


def news_of(audience: Audience, predicate: Predicate, since: int, shown: int | None) -> News:
    """What is new among those who match `predicate`, of whom a page of revision `since` says there are `shown`."""
    workspace = audience.workspace
    later = JournalEntry.objects.filter(workspace=workspace, revision__gt=since).order_by("-revision")
    entries = list(later.values_list("person_id", "kind")[:_ENTRIES])
    ids = {person_id for person_id, _kind in entries}

    complete = len(entries) < _ENTRIES

    def question(reader: duckdb.DuckDBPyConnection) -> tuple[set[int], int]:
        """Who of them matches, and how many more match than are shown."""
        matching = set(query.matching_ids(reader, both(predicate, only_ids(sorted(ids)))))
        # Counting everybody may take long; who is there now already says that the list is another one.
        if shown is None or (matching and complete):
            return matching, 0
        return matching, query.count(reader, predicate) - shown

    matching, more = audience.ask(question)
    talked = matching.intersection(person_id for person_id, kind in entries if kind == Kind.SEEN)
    arrived = _newcomers(workspace, talked, since)
    changed = bool(matching or more)
    if complete:
        return News(len(arrived), len(talked - arrived), changed)
    # Not every change was looked at: what was found is no number to be told, unless it is many anyway.
    fresh = max(len(arrived), more)
    if fresh > MOST:
        return News(arrived=fresh, changed=True)
    return News(active=len(talked) if len(talked) > MOST else 0, changed=changed)


def _newcomers(workspace: Workspace, ids: set[int], since: int) -> set[int]:
    """Those of `ids` of whom the journal has nothing up to revision `since`."""
    before = JournalEntry.objects.filter(workspace=workspace, person_id=OuterRef("id"), revision__lte=since)
    new = Person.objects.filter(~Exists(before), workspace=workspace, id__in=ids)
    return set(new.values_list("id", flat=True))
