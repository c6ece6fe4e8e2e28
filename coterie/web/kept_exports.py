"""Exports that were made in the background, as downloads from Activity: the file and its manifest."""

from collections.abc import Iterator
from pathlib import Path

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coterie.accounts.audit import record
from coterie.accounts.permissions import Verb
from coterie.core.ids import from_public
from coterie.jobs.queries import operation
from coterie.journal.models import Operation
from coterie.transfers import downloading, exporting
from coterie.transfers.export import Format
from coterie.transfers.files import Kept
from coterie.transfers.manifest import ENDING, Manifest
from coterie.web.downloads import download
from coterie.web.fresh import is_fresh, refresh
from coterie.web.members import MemberRequest, member

_PIECE = 1 << 18


@require_http_methods(["GET", "POST"])
@member(Verb.EXPORT)
def file(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The file. One of everybody takes a fresh password, here as when it was begun."""
    found = _export(request, public_id)
    kept = exporting.finished(request.workspace, found)
    if kept is None:
        return _gone(request)
    if found.details.get("everybody") and not is_fresh(request):
        problem = refresh(request) if request.method == "POST" else ""
        if not is_fresh(request):
            context = {"operation": found, "kept": kept, "error": problem}
            return render(request, "web/export_file.html", context, status=422 if problem else 200)
    details = {"export": found.public_id, "file": kept.path.name, "people": kept.manifest.people}
    record(request.workspace, request.actor, "export.download", details | {"personal": kept.manifest.personal})
    media_type = Format(kept.manifest.format).media_type
    return download(request, _read(kept.path), kept.path.name, media_type, kept.manifest.bytes)


@require_safe
@member(Verb.EXPORT)
def manifest(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """What the file is: who is in it and why, as of when, its size and its SHA-256."""
    found = _export(request, public_id)
    said = found.details.get("manifest")
    if said is not None:  # The file went to a browser at once, and is kept nowhere.
        return _manifest(Manifest(**said))
    kept: Kept | None = exporting.finished(request.workspace, found)
    return _gone(request) if kept is None else _manifest(kept.manifest)


def _manifest(said: Manifest) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{said.file}{ENDING}"'}
    return HttpResponse(said.text, content_type="application/json", headers=headers)


def _export(request: MemberRequest, public_id: str) -> Operation:
    found = operation(request.workspace, from_public(public_id) or 0)
    if found is None or found.kind not in (exporting.KIND, downloading.KIND):
        raise Http404
    return found


def _gone(request: MemberRequest) -> HttpResponseBase:
    messages.error(request, _("That file is not there, or not any more. Export these people again."))
    return redirect("activity")


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece
