"""What is said after something was done to people: how many, and the way back."""

from urllib.parse import urlencode

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.audience.view import View
from coterie.bulk.actions import Act
from coterie.bulk.start import UNDO
from coterie.core.ids import from_public
from coterie.journal.models import Operation
from coterie.segments.models import Segment
from coterie.web.links import with_query
from coterie.web.members import MemberRequest


def say(request: MemberRequest, operation: Operation, back: View | None = None) -> None:
    """Puts the message on the next page: what was done, with Undo; or that it is being done, with the way to Activity.

    Undo leads back to the list in the view `back`, or to Activity.
    """
    if not operation.is_over:
        words = _doing(operation) % {"n": f"{operation.total:,}"}
        messages.info(request, words, extra_tags=reverse("activity"))
        return
    if operation.reason:
        messages.error(request, operation.reason)
        return
    if not operation.people:
        messages.info(request, _nothing(operation))
        return
    words = " ".join(_done(request, operation))
    messages.success(request, words, extra_tags=undo_url(operation, back) if operation.can_be_undone else "")


def undo_url(operation: Operation, back: View | None = None) -> str:
    """The address and the fields of the form that takes it back."""
    fields = {"operation": operation.public_id} | ({} if back is None else {"back": back.query})
    return with_query(reverse("undo"), urlencode(fields))


def _doing(operation: Operation) -> str:
    match operation.kind:
        case Act.JOIN:
            return _("Saving %(n)s people …")
        case Act.LEAVE:
            return _("Removing %(n)s people …")
        case Act.BAN:
            return _("Banning %(n)s people …")
        case Act.UNBAN:
            return _("Unbanning %(n)s people …")
        case Act.DELETE:
            return _("Deleting %(n)s people …")
        case "export":
            return _("Exporting %(n)s people …")
        case "undo":
            return _("Undoing it …")
        case _:
            return _("Changing %(n)s people …")


def _nothing(operation: Operation) -> str:
    if operation.kind == UNDO:
        return _("Nobody was changed: everybody was edited since, or is as before anyway.")
    if operation.kind == Act.JOIN:
        return _("Everybody you selected was already in it.")
    return _("Nobody was changed: it is so with all of them already.")


def _done(request: MemberRequest, operation: Operation) -> list[str]:
    """Sentences. Joining and leaving have one for each segment."""
    if operation.kind in (Act.JOIN, Act.LEAVE):
        return _moved(request, operation)
    n = operation.people
    words = {
        Act.BAN.value: ngettext("%(n)s person banned.", "%(n)s people banned.", n),
        Act.UNBAN.value: ngettext("%(n)s person unbanned.", "%(n)s people unbanned.", n),
        Act.DELETE.value: ngettext("%(n)s person deleted.", "%(n)s people deleted.", n),
        UNDO: ngettext("Undone: %(n)s person is as before.", "Undone: %(n)s people are as before.", n),
    }.get(operation.kind) or ngettext("%(n)s person changed.", "%(n)s people changed.", n)
    skipped = operation.result.get("skipped", 0)
    left_alone = ngettext("%(n)s was edited since and left alone.", "%(n)s were edited since and left alone.", skipped)
    said = [words % {"n": f"{n:,}"}]
    return [*said, left_alone % {"n": f"{skipped:,}"}] if skipped else said


def _moved(request: MemberRequest, operation: Operation) -> list[str]:
    """ "48 people added to Wholesale leads; 2 already in it."."""
    keys = operation.details["segments"]
    found = Segment.objects.filter(workspace=request.workspace, id__in=[from_public(key) for key in keys])
    names = {segment.public_id: segment.name for segment in found}
    joined = operation.kind == Act.JOIN
    return [
        _sentence(joined, names.get(key, key), *(operation.result.get(f"{count}:{key}", 0) for count in _COUNTS))
        for key in keys
    ]


_COUNTS = ("changed", "already")


def _sentence(joined: bool, segment: str, changed: int, already: int) -> str:
    if not joined:
        words = ngettext("%(n)s person removed from %(segment)s.", "%(n)s people removed from %(segment)s.", changed)
    elif not changed:
        words = _("Everybody you selected was already in %(segment)s.")
    elif already:
        words = ngettext(
            "%(n)s person added to %(segment)s; %(m)s already in it.",
            "%(n)s people added to %(segment)s; %(m)s already in it.",
            changed,
        )
    else:
        words = ngettext("%(n)s person added to %(segment)s.", "%(n)s people added to %(segment)s.", changed)
    return words % {"n": f"{changed:,}", "m": f"{already:,}", "segment": segment}
