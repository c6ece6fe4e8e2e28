"""WhatsApp as the sender."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import make
from tests.channels.meta import SECRET, sender

AT = 1788000000
NUMBER, LASTING = "48500100200", "PL.4401"


def delivery(*values: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    """Changes of one business account."""
    changes = [{"field": field, "value": value} for value in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "W1", "changes": changes}]}


def value(*messages: dict[str, Any], contacts: Any = None, **fields: Any) -> dict[str, Any]:
    """Messages with the people who wrote them."""
    maya = {"profile": {"name": "Maya Ortiz", "username": "mayao"}, "user_id": LASTING, "wa_id": NUMBER}
    about = {"display_phone_number": "48221230000", "phone_number_id": "777"}
    own = {"messaging_product": "whatsapp", "metadata": about, **fields}
    own |= {"messages": list(messages)} if messages else {}
    return own | ({"contacts": [maya] if contacts is None else contacts} if messages or contacts else {})


def message(text: str = "hello", wamid: str = "wamid.A1", at: int = AT, **fields: Any) -> dict[str, Any]:
    """A text of Maya's."""
    own = {"from": NUMBER, "from_user_id": LASTING, "id": wamid, "timestamp": str(at), "type": "text"}
    return {**own, "text": {"body": text}, **fields}


def by_number(text: str = "hello", wamid: str = "wamid.A1", at: int = AT) -> dict[str, Any]:
    """The same in the form before people had ids of their own."""
    old = message(text, wamid, at)
    del old["from_user_id"]
    return value(old, contacts=[{"profile": {"name": "Maya Ortiz"}, "wa_id": NUMBER}])


@pytest.fixture
def whatsapp() -> Callable[..., HttpResponse]:
    """Sends a delivery, signed."""
    return sender()


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    """A number of `workspace`."""
    return make(workspace, "test", KINDS["whatsapp"], "Number", {"app_secret": SECRET})
