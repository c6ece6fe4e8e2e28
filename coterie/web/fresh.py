"""A fresh login for what could hurt most: a session that was left open, or stolen, must not be enough for it."""

import time

from allauth.core import ratelimit
from django.contrib.auth.hashers import check_password
from django.utils.translation import gettext as _

from coterie.web.members import MemberRequest

# Where the session keeps when the password was given last, in seconds since 1970.
LOGGED_IN_AT = "logged_in_at"
_FRESH_SECONDS = 600


def is_fresh(request: MemberRequest) -> bool:
    """Whether the password was given in the last ten minutes."""
    logged_in_at: float = request.session.get(LOGGED_IN_AT, 0.0)
    return 0 <= time.time() - logged_in_at <= _FRESH_SECONDS


def refresh(request: MemberRequest) -> str:
    """Takes the form's password as a fresh login; returns what is wrong with it, or an empty text."""
    if is_fresh(request):
        return ""
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        return _("Too many tries. Wait a few minutes, then try again.")
    # Not by `User.check_password`: it replaces an outdated hash, which ends every session of this login.
    user = request.user
    if not (user.is_authenticated and check_password(request.POST.get("password", ""), user.password)):
        return _("This is not your password.")
    request.session[LOGGED_IN_AT] = time.time()
    return ""
