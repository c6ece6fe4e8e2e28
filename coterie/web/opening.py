"""How somebody came to the list, and which saved view it is: what the Users page says beside its title."""

from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from coterie.audience.saved import shown_as, what_is_listed
from coterie.audience.view import View
from coterie.web.links import views_url
from coterie.web.members import MemberRequest


def views_button(request: MemberRequest, query: str) -> dict[str, Any]:
    """What the Views button needs for the list in the view of a query string: one query."""
    return {
        "saved_view": shown_as(request.member, query),
        "is_everybody": what_is_listed(query) == View().query,
        "views": views_url("views", query),
        "views_menu": views_url("views-menu", query),
    }


def comes_from_elsewhere(request: MemberRequest) -> bool:
    """Whether the address was typed, pasted or followed from outside, maybe through the login.

    Browsers say so in Sec-Fetch-Site, over HTTPS; otherwise our own pages are known by the Referer that they send.
    """
    if request.htmx:
        return False
    referrer = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(referrer, {request.get_host()})
    if ours and urlsplit(referrer).path == reverse("account_login"):
        return True
    site = request.headers.get("Sec-Fetch-Site")
    return site != "same-origin" if site else not ours
