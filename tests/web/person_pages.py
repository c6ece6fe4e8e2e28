"""Reading and filling the forms of a person's page."""

import html
import re

from coterie.people.models import Person
from tests.web.pages import undo_of


def now_on(person: Person) -> Person:
    """The person as they are in the system of record."""
    return Person.objects.get(workspace_id=person.workspace_id, id=person.id)


def hidden(response, action: str) -> dict[str, str]:
    """The hidden fields of the first form with that action (its end), without the token."""
    form = re.search(rf'<form[^>]*action="[^"]*{re.escape(action)}"[^>]*>(.*?)</form>', response.content.decode(), re.S)
    assert form, f"no form to {action}"
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[1])
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def edit(browse, person: Person, key: str, value: str | None, **fields):
    """Opens the page of a value, types another (None: presses Remove) and sends it; what the page leads to."""
    page = browse.get(f"/users/{person.public_id}/value", {"key": key, **fields})
    sent = hidden(page, "/value/save") | ({"remove": "1"} if value is None else {"value": value})
    return browse.post(f"/users/{person.public_id}/value/save", sent, follow=True)


def undo(browse, person: Person, response):
    """Presses Undo in the message of the page."""
    return browse.post(f"/users/{person.public_id}/undo", undo_of(response), follow=True)
