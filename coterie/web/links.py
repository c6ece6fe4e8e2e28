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


def go_to(view: View) -> HttpResponse:
    """Leads to the list in this view.

    Django's own redirect would encode the `|` between values, and an encoded one is part of a value.
    """
    response = redirect("users")
    response["Location"] = users_url(view)
    return response


def raw_query(request: HttpRequest) -> str:
    """The query string as it was sent: the parts of a filter are encoded one by one, so it is not decoded here."""
    return str(request.META.get("QUERY_STRING", ""))


def is_canonical(query: str, view: View) -> bool:
    """Whether a query string is the one this view prints. Clients may differ in which signs they encode."""
    return unquote(query) == unquote(view.query)


def whole(text: str | None) -> int | None:
    """The number that digits in an address mean; None for anything else, and for what no counter of ours reaches."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
