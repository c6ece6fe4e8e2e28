"""Changing between workspaces."""

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from coterie.accounts.permissions import Verb
from coterie.web.members import CHOSEN, MemberRequest, member


@require_POST
@member(Verb.VIEW)
def choose_workspace(request: MemberRequest) -> HttpResponseBase:
    """Remembers the chosen workspace, if the login has a place in it."""
    uid = request.POST.get("workspace", "")
    chosen = next((place for place in request.memberships if str(place.workspace.uid) == uid), None)
    if chosen is not None:
        request.session[CHOSEN] = chosen.workspace_id
    return redirect("users")
