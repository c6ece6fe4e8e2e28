"""Import: send a file, say what its columns mean, see what would happen, have it done."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coterie.accounts.audit import record
from coterie.accounts.permissions import Verb
from coterie.audience.audience import audience_of
from coterie.bulk.start import undo
from coterie.core.clock import now
from coterie.jobs import control
from coterie.jobs.control import NotPossible
from coterie.jobs.queries import operation
from coterie.journal.models import Operation, State
from coterie.people.attributes import Refused
from coterie.segments.catalogue import create
from coterie.transfers import checking, uploads
from coterie.transfers.checking import check
from coterie.transfers.export import Format
from coterie.transfers.importer import start
from coterie.transfers.preview import preview
from coterie.transfers.reading import WrongFile
from coterie.transfers.uploads import Draft, Upload
from coterie.web.activity_list import may_take_back
from coterie.web.downloads import download
from coterie.web.import_form import begun, read_form, read_layout, twice
from coterie.web.import_page import done_context, draft_context, rejected_path
from coterie.web.members import MemberRequest, member

_CONTROLS = {"pause": control.pause, "resume": control.resume, "cancel": control.cancel}
# What the command line is told to type.
_FOR_TERMINALS = re.compile(r"( or to nothing)? \(“[^”]*=[^”]*”\)")


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_PEOPLE)
def new(request: MemberRequest) -> HttpResponseBase:
    """Choose a file; as a post, it is kept and its columns are guessed."""
    if request.method != "POST":
        return _choose(request, _refusals().get(request.GET.get("problem", ""), ""))
    sent = request.FILES.get("file")
    if sent is None:
        return _choose(request, _("Choose a file first."), status=422)
    if (sent.size or 0) > settings.IMPORT_MAX:
        return _choose(request, _refusals()["size"], status=413)
    try:
        upload = uploads.keep(request.workspace, request.actor, sent.name or "", lambda path: _put(sent, path))
    except OSError:
        return _choose(request, _refusals()["disk"], status=507)
    try:
        found = preview(request.workspace, upload.file)
        draft = begun(request.actor, upload.draft.file, found, audience_of(request.workspace).catalogue)
        _checked(request, upload, draft)
    except (WrongFile, OSError) as error:
        uploads.remove(upload)
        return _choose(request, _("%(file)s: %(problem)s") % {"file": sent.name, "problem": error}, status=422)
    return redirect("import-file", upload.id)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EDIT_PEOPLE)
def page(request: MemberRequest, upload_id: str) -> HttpResponseBase:
    """The choices about a file, then its import. A post says what is wished, and what to `do`."""
    upload = _find(request, upload_id)
    if upload.draft.operation is not None:
        return _running(request, upload, request.POST.get("do", ""))
    try:
        if request.method == "POST":
            with uploads.alone(upload) as upload_now:
                return _posted(request, upload_now, request.POST.get("do", ""))
        return render(request, "web/import_map.html", draft_context(request, upload))
    except FileNotFoundError:
        uploads.remove(upload)
        messages.error(request, _("The file is no longer here. Send it again."))
    except (WrongFile, OSError) as error:
        messages.error(request, _in_words(error))
    return redirect("import")


@require_safe
@member(Verb.EDIT_PEOPLE)
def progress(request: MemberRequest, upload_id: str) -> HttpResponseBase:
    """The part of the page that changes by itself: how far the check is, or the import."""
    upload = _find(request, upload_id)
    if upload.draft.operation is not None:
        return render(request, "web/parts/import_run.html", done_context(request, upload))
    return render(request, "web/parts/import_now.html", draft_context(request, upload, only_check=True))


@require_safe
@member(Verb.EDIT_PEOPLE)
def rejected(request: MemberRequest, upload_id: str) -> HttpResponseBase:
    """The rejected rows as a file, to be mended and imported."""
    upload = _find(request, upload_id)
    path = rejected_path(request, upload)
    if path is None or not path.exists():
        raise Http404
    record(request.workspace, request.actor, "import.rejected", {"file": upload.draft.file})
    name = slugify(Path(upload.draft.file).stem) or "people"
    file_name = f"{name}-rejected-{timezone.localtime(now()):%Y-%m-%d}.csv"
    return download(request, _pieces(path), file_name, Format.CSV.media_type)


def _find(request: MemberRequest, upload_id: str) -> Upload:
    upload = uploads.find(request.workspace, upload_id)
    if upload is None:
        raise Http404
    if _is_written_down(request, upload):
        return upload
    try:
        # Whoever is beginning the import has the upload alone, and notes it a moment before it is written down.
        with uploads.alone(upload) as upload_now:
            if _is_written_down(request, upload_now):
                return upload_now
            # The server was killed in that moment.
            return uploads.save(upload_now, replace(upload_now.draft, operation=None))
    except FileNotFoundError:
        raise Http404 from None


def _is_written_down(request: MemberRequest, upload: Upload) -> bool:
    """Whether the import that the draft names is there, if it names one."""
    return upload.draft.operation is None or operation(request.workspace, upload.draft.operation) is not None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 16):
            yield piece


def _put(sent: "UploadedFile[Any]", path: Path) -> None:
    """Large files are on the disk already."""
    place = getattr(sent, "temporary_file_path", None)
    if place is not None:
        Path(place()).replace(path)
        return
    with path.open("wb") as file:
        for piece in sent.chunks():
            file.write(piece)


def _posted(request: MemberRequest, upload: Upload, do: str) -> HttpResponse:
    if upload.draft.operation is not None:  # Somebody was quicker.
        return redirect("import-file", upload.id)
    if do == "remove":
        uploads.remove(upload)
        messages.info(request, _("Nothing was imported. %(file)s is deleted here.") % {"file": upload.draft.file})
        return redirect("users")
    return _change(request, upload, begin=do == "import")


def _change(request: MemberRequest, upload: Upload, *, begin: bool) -> HttpResponse:
    """Keeps what the form says, and checks the file anew when that is something else. Raises WrongFile, OSError."""
    former = upload.draft
    encoding, delimiter, raw = read_layout(request.POST)
    try:
        found = preview(request.workspace, upload.file, encoding=encoding, delimiter=delimiter, raw=raw)
    except WrongFile as error:
        messages.error(request, _("It cannot be read so: %(problem)s") % {"problem": error})
        return redirect("import-file", upload.id)
    draft = read_form(request, former, found)
    same = replace(draft, check=former.check, problem=former.problem) == former
    known = operation(request.workspace, former.check) if former.check else None
    if same and known is not None and known.state not in (State.FAILED, State.CANCELLED):
        if begin and known.state == State.DONE:
            return _begin(request, upload)
        return redirect("import-file", upload.id)
    if known is not None and not known.is_over:
        with suppress(NotPossible):
            control.cancel(request.workspace, known.id)
    _checked(request, upload, draft)
    if known is not None:
        checking.rejected_file(known).unlink(missing_ok=True)
    if begin:
        messages.info(request, _("What you changed was checked first. Look at the numbers, then import."))
    return redirect("import-file", upload.id)


def _checked(request: MemberRequest, upload: Upload, draft: Draft) -> Upload:
    """Keeps the draft, with a check of it that runs or is done; or with what is wrong about it. Raises OSError."""
    problem = twice(draft)
    found: Operation | None = None
    if not problem:
        try:
            found = check(request.workspace, upload.file, request.actor, draft.wishes)
        except WrongFile as error:
            problem = _in_words(error)
    return uploads.save(upload, replace(draft, problem=problem, check=found.id if found else None))


def _begin(request: MemberRequest, upload: Upload) -> HttpResponse:
    """Has it done. Raises OSError."""
    draft = upload.draft
    try:
        with transaction.atomic():
            made = [create(request.workspace, name, request.actor).id for name in draft.new_segments]
        wishes = replace(draft.wishes, segments=(*draft.wishes.segments, *made))
        details = {"file": draft.file, "policy": wishes.policy, "match": wishes.match}
        record(request.workspace, request.actor, "import.start", details)
        begun_now = start(
            request.workspace,
            upload.file,
            request.actor,
            wishes,
            begun=lambda row: uploads.save(upload, replace(draft, operation=row.id)),
        )
    except (Refused, ValueError) as error:
        uploads.save(upload, draft)
        messages.error(request, _in_words(error))
        return redirect("import-file", upload.id)
    if begun_now.is_over and not begun_now.reason:
        words = _("%(file)s was imported.") if begun_now.people else _("%(file)s was imported; nobody was changed.")
        messages.success(request, words % {"file": draft.file})
    return redirect("import-file", upload.id)


def _running(request: MemberRequest, upload: Upload, do: str) -> HttpResponse:
    """The import: what to `do` with it, or the page about it."""
    row = operation(request.workspace, upload.draft.operation or 0)
    if row is None:
        raise Http404
    if request.method != "POST":
        return render(request, "web/import_run.html", done_context(request, upload))
    try:
        if do in _CONTROLS:
            _CONTROLS[do](request.workspace, row.id)
        elif do == "undo" and may_take_back(request, row, None):
            undo(request.workspace, request.actor, row.id)
        elif do == "undo":
            messages.error(request, _("Only who may delete people may undo an import: people go by it."))
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect("import-file", upload.id)


def _choose(request: MemberRequest, error: str = "", status: int = 200) -> HttpResponse:
    context = {"error": error, "limit": settings.IMPORT_MAX, "gigabytes": settings.IMPORT_MAX >> 30}
    return render(request, "web/import.html", context, status=status)


def _refusals() -> dict[str, str]:
    """Why a file was not taken."""
    limit = settings.IMPORT_MAX >> 30
    return {
        "size": _("The file is larger than %(n)d GB. Cut it into parts and send one after the other.") % {"n": limit},
        "disk": _("The server has no room for the file. Whoever runs it can make some; nothing was imported."),
    }


def _in_words(error: Exception) -> str:
    return _FOR_TERMINALS.sub("", str(error))
