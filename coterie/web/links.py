"""Addresses of the list. The view prints itself; nothing else builds its query string."""

from urllib.parse import unquote, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from coterie.audience.view import View


def users_url(view: View | None = None) -> str:
    """The list in this view."""
    return with_query(reverse("users"), view.query if view else "")


def with_query(path: str, query: str) -> str:
    """`path?query`, without a bare question mark."""
    return f"{path}?{query}" if query else path


def filter_url(view: View, **fields: str | int) -> str:
    """The filter builder for this view."""
    given = {"view": view.first_page().query} | {name: str(value) for name, value in fields.items()}
    return with_query(reverse("filter"), urlencode({name: value for name, value in given.items() if value != ""}))


def columns_url(view: View) -> str:
    """The column chooser for this view."""
    return with_query(reverse("columns"), urlencode({"view": view.query}))


def views_url(name: str, query: str, **fields: str) -> str:
    """A page about saved views, by its name, that knows in which view (a query string) the list was."""
    given = fields | {"view": query}
    return with_query(reverse(name), urlencode({field: value for field, value in given.items() if value}))


def archive_url(chat_id: str) -> str:
    """The transcript of a chat, by its public id."""
    return reverse("archive", args=[chat_id])


def go_to(view: View) -> HttpResponse:
    """Leads to the list in this view."""
    return go_to_query(view.query)


def go_to_query(query: str) -> HttpResponse:
    """Leads to the list in the view that this query string was printed by.

    Django's own redirect would encode the `|` between values, and an encoded one is part of a value.
    """
    response = redirect("users")
    response["Location"] = with_query(reverse("users"), query)
    return response


def absolute(request: HttpRequest, url: str) -> str:
    """An address of ours for outside. Django's own function would encode the `|` between values, too."""
    return f"{request.scheme}://{request.get_host()}{url}"


def raw_query(request: HttpRequest) -> str:
    """The query string as it was sent: the parts of a filter are encoded one by one, so it is not decoded here."""
    return str(request.META.get("QUERY_STRING", ""))


def is_canonical(query: str, view: View) -> bool:
    """Whether a query string is the one this view prints. Clients may differ in which signs they encode."""
    return unquote(query) == unquote(view.query)


def whole(text: str | None) -> int | None:
    """The number that digits in an address mean; None for anything else, and for what no counter of ours reaches."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
