"""Downloads of people as CSV: the selection, everybody in the view, a whole segment."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import chain, islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from coterie.accounts.audit import record
from coterie.accounts.permissions import Verb
from coterie.audience import query
from coterie.audience.audience import Audience, audience_of
from coterie.audience.compiler import Predicate
from coterie.audience.sentence import sentence
from coterie.audience.tree import Condition
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.segments.catalogue import find, names
from coterie.transfers.export import export as pieces
from coterie.transfers.headings import personal_keys
from coterie.web.fresh import is_fresh, refresh
from coterie.web.links import users_url
from coterie.web.members import MemberRequest, member
from coterie.web.selection import NotSelected, Selection


@require_safe
@member(Verb.EXPORT)
def confirm(request: MemberRequest) -> HttpResponseBase:
    """Asks before everybody's data leaves in one file."""
    audience = audience_of(request.workspace)
    return _ask(request, audience, View(), audience.count(None))


def _ask(request: MemberRequest, audience: Audience, view: View, people: int, error: str = "") -> HttpResponse:
    context = {
        "people": people,
        "personal": [column.label for column in audience.catalogue.columns if column.personal],
        "view": view,
        "view_query": view.query,
        "back": users_url(view),
        "ask_password": not is_fresh(request),
        "error": error,
    }
    return render(request, "web/export.html", context, status=422 if error else 200)


@require_POST
@member(Verb.EXPORT)
def export(request: MemberRequest) -> HttpResponseBase:
    """The selection as a file. Everybody at once has to be confirmed."""
    audience = audience_of(request.workspace)
    try:
        selection = Selection.read(request.POST, audience)
    except NotSelected as error:
        return render(request, "web/nobody_selected.html", {"message": str(error)}, status=422)
    if selection.is_everybody:
        if "confirm" not in request.POST:
            return _ask(request, audience, selection.view, selection.people)
        if problem := refresh(request):
            return _ask(request, audience, selection.view, selection.people, problem)
    said = sentence(selection.view.node, audience.catalogue, names(request.workspace))
    details = {"people": selection.people, "filter": said if selection.by_filter else "selected by hand"}
    record(request.workspace, request.actor, "people.export", details | _personal(audience))
    return _download(request, audience, selection.who.predicate(audience), "users")


@require_POST
@member(Verb.EXPORT)
def segment(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Everybody in a segment as a file."""
    found = find(request.workspace, public_id)
    if found is None or found.public_id != public_id.lower():
        raise Http404
    audience = audience_of(request.workspace)
    predicate = audience.predicate(Condition("segment", "in", (found.public_id,)))
    people = audience.ask(lambda reader: query.count(reader, predicate))
    details = {"people": people, "segment": found.public_id, "name": found.name}
    record(request.workspace, request.actor, "segment.export", details | _personal(audience))
    return _download(request, audience, predicate, slugify(found.name) or "segment")


def _personal(audience: Audience) -> dict[str, list[str]]:
    return {"personal": personal_keys(audience.catalogue.columns)}


def _download(request: MemberRequest, audience: Audience, predicate: Predicate, name: str) -> HttpResponseBase:
    return csv_response(request, pieces(audience, predicate), name)


def csv_response(request: HttpRequest, chunks: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """A download that is produced while it is sent.

    The head and the first people are produced now: an error still becomes an error page then, and whatever asks the
    database does so in this request's thread, which closes its connection.
    """
    ready = list(islice(chunks, 2))
    stream = _in_threads(ready, chunks) if isinstance(request, ASGIRequest) else chain(ready, chunks)
    file_name = f"{name}-{timezone.localtime(now()):%Y-%m-%d}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "private, no-store",
        # Keeps Django's GZipMiddleware away: of an asynchronous stream it compresses each piece by itself, and a
        # browser reads the first one only.
        "Content-Encoding": "identity",
    }
    return StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8", headers=headers)


async def _in_threads(ready: list[bytes], chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Piece by piece from a thread; handed over as it is, Django would collect a plain iterator in memory first."""
    following = sync_to_async(lambda: next(chunks, None), thread_sensitive=False)
    try:
        for piece in ready:
            yield piece
        while (chunk := await following()) is not None:
            yield chunk
    finally:
        # A reader who left in the middle: let go of the snapshot, unless the thread still works on the next piece.
        with suppress(ValueError, AttributeError):
            chunks.close()  # type: ignore[attr-defined]
