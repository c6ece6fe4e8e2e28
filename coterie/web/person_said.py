"""What is said after one person was changed, with the way back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from coterie.profile.editing import Made
from coterie.web.members import MemberRequest
from coterie.web.spot import Spot
from coterie.web.unseen import seen

_LONGEST = 60


def done(request: MemberRequest, spot: Spot, words: str, made: Made) -> HttpResponse:
    """Back to the person, with what was done and Undo; nothing is said when nothing was."""
    if made:
        messages.success(request, words, extra_tags=undo_url(spot, made))
    return redirect(spot.url())


def refused(request: MemberRequest, spot: Spot, words: str) -> HttpResponse:
    """Back to the person, with why nothing was done."""
    messages.error(request, words)
    return redirect(spot.url())


def gone(request: MemberRequest, spot: Spot) -> HttpResponse:
    """The same when the person, or what it was about, went meanwhile. Their address leads to whoever they became."""
    return refused(request, spot, _("That is not there any more, so nothing was changed."))


def undo_url(spot: Spot, made: Made) -> str:
    """The address and the fields of the form that takes a change back."""
    return spot.url("user-undo", revision=",".join(map(str, made)))


def short(text: str) -> str:
    """A value as a message can hold it."""
    line = seen(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
