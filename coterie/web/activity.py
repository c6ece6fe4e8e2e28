"""Activity: what is being done to many people, what was done, and the ways to stop it or take it back."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coterie.accounts.audit import record
from coterie.accounts.permissions import Verb
from coterie.audience.audience import audience_of
from coterie.audience.tree import FilterError, from_json
from coterie.bulk import start
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.core.ids import from_public
from coterie.jobs import control as controls
from coterie.jobs.control import NotPossible
from coterie.jobs.crowds import remembered, skipped
from coterie.jobs.queries import named, newest_of, operation, over, running, tally
from coterie.journal.models import Operation
from coterie.people.models import Person
from coterie.transfers import exporting
from coterie.web.activity_list import by_day, can_try_again, lines, may_control, may_take_back
from coterie.web.activity_tabs import MINE, Shown, people, tabs
from coterie.web.fresh import is_fresh
from coterie.web.links import go_to, whole
from coterie.web.members import MemberRequest, member
from coterie.web.outcomes import say

SIZE = 50
Rule = Callable[[MemberRequest, Operation, Operation | None], bool]
_CONTROLS = {"pause": controls.pause, "resume": controls.resume, "cancel": controls.cancel}


@require_safe
@member(Verb.VIEW)
def activity(request: MemberRequest) -> HttpResponseBase:
    """What runs and waits, then what is over, newest first; the address says which of it, whose, and from where on."""
    shown = Shown.read(request.GET)
    actor = request.actor if shown.who == MINE else shown.who
    number = tally(request.workspace, actor)
    now_on = running(request.workspace, actor) if shown.show in ("", "running") else []
    done = (
        []
        if shown.show == "running"
        else over(request.workspace, SIZE + 1, from_public(shown.before), shown.show, actor)
    )
    found = lines(request, [*now_on, *done[:SIZE]])
    context = {
        "now": found[: len(now_on)],
        "working": number.running,
        "days": by_day(found[len(now_on) :]),
        "tabs": tabs(shown, number),
        "people": people(request, shown),
        "shown": shown,
        "all_of_them": Shown().url,
        "older": shown.older_than(done[SIZE - 1].public_id).url if len(done) > SIZE else "",
    }
    return render(request, "web/activity.html", context)


@require_safe
@member(Verb.VIEW)
def left_alone(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """The people whom an undo left alone because they were edited since, 50 on a page."""
    found = operation(request.workspace, from_public(public_id) or 0)
    if found is None:
        raise Http404
    ids = skipped(found)
    first = min(whole(request.GET.get("from")) or 0, len(ids))
    shown = ids[first : first + SIZE]
    left = Person.objects.filter(workspace=request.workspace, id__in=shown).order_by("id")
    context = {
        "operation": found,
        "people": left,
        "gone": len(shown) - len(left),
        "total": len(ids),
        "next": first + SIZE if first + SIZE < len(ids) else None,
    }
    return render(request, "web/left_alone.html", context)


@require_POST
@member(Verb.EDIT_PEOPLE)
def undo(request: MemberRequest) -> HttpResponseBase:
    """Takes back `operation` or, without one, the member's newest. Leads to the list in the view `back`, or here."""
    here = "operation" not in request.POST
    target = newest_of(request.workspace, request.actor) if here else _chosen(request)
    back = audience_of(request.workspace).parse(request.POST["back"]).view if "back" in request.POST else None
    if target is None:
        messages.error(request, _("There is nothing of yours to undo.") if here else _("There is no such operation."))
    elif _allowed(request, target):
        try:
            say(request, start.undo(request.workspace, request.actor, target.id), back)
        except NotPossible as error:
            messages.error(request, str(error))
    return redirect("activity") if back is None else go_to(back)


@require_POST
@member(Verb.EDIT_PEOPLE)
def again(request: MemberRequest) -> HttpResponseBase:
    """Begins what failed once more, about the same people.

    Where they are not remembered: about whoever the filter finds now, if that is as many as it was.
    """
    failed = _chosen(request)
    known = failed is not None and remembered(failed.workspace_id, [failed.id])
    if failed is None or not can_try_again(failed, bool(known)):
        messages.error(request, _("That cannot be tried again. Select the people once more, then do it."))
    elif failed.kind == exporting.KIND and failed.details.get("everybody") and not is_fresh(request):
        messages.error(request, _("An export of everybody takes your password: begin it again in Users."))
    elif _allowed(request, failed):
        try:
            say(request, _begin(request, failed, bool(known)))
        except (NotPossible, FilterError, ValueError) as error:
            messages.error(request, str(error))
    return redirect("activity")


@require_POST
@member(Verb.EDIT_PEOPLE)
def control(request: MemberRequest) -> HttpResponse:
    """`do`: pause, resume or cancel `operation`."""
    found, wish = _chosen(request), _CONTROLS.get(request.POST.get("do", ""))
    if found is None or wish is None:
        messages.error(request, _("There is no such operation."))
    elif _allowed(request, found, may_control):
        try:
            wish(request.workspace, found.id)
        except NotPossible as error:
            messages.error(request, str(error))
    return redirect("activity")


def _chosen(request: MemberRequest) -> Operation | None:
    return operation(request.workspace, from_public(request.POST.get("operation", "")) or 0)


def _allowed(request: MemberRequest, found: Operation, rule: Rule = may_take_back) -> bool:
    """Whether the member may; says why not."""
    others = {} if found.undo_of is None else named(request.workspace, [found.undo_of])
    if rule(request, found, others.get(found.undo_of or 0)):
        return True
    messages.error(request, _("Only who may delete people may do that: people could come or go by it."))
    return False


def _begin(request: MemberRequest, failed: Operation, known: bool) -> Operation:
    """Raises NotPossible, FilterError or what `start` raises."""
    if failed.undo_of is not None:
        return start.undo(request.workspace, request.actor, failed.undo_of)
    if failed.kind == exporting.KIND:
        begun = exporting.again(request.workspace, request.actor, failed)
        details = {name: begun.details[name] for name in ("format", "columns", "raw")}
        record(
            request.workspace, request.actor, "people.export", {"people": begun.total, "what": begun.label} | details
        )
        return begun
    if known:
        return start.again(request.workspace, request.actor, failed)
    said = failed.details["selection"]["filter"]
    selection = Selection.of_filter(None if said is None else from_json(said))
    action = Action.from_details(failed.kind, failed.details)
    return start.start(request.workspace, request.actor, action, selection, failed.total)
