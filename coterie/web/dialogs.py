"""Answers that fill a dialog. Without JavaScript the same page is shown whole."""

from django.http import HttpResponse
from django_htmx.http import push_url, reselect, retarget

from coterie.web.members import MemberRequest


def in_dialog(request: MemberRequest, response: HttpResponse, dialog: str, form: str) -> HttpResponse:
    """Has htmx put the `form` of the page into the open `dialog`, whatever the request was meant to replace."""
    if not request.htmx:
        return response
    response["HX-Reswap"] = "innerHTML ignoreTitle:true"
    return push_url(reselect(retarget(response, dialog), form), False)
