"""The ASGI application."""

import gc
import os
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.utils.module_loading import import_string

from coterie.core.handlers import HookHandler, MachineHandler, PageHandler
from coterie.core.proxies import seen_through

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coterie.settings")


# A little more than the largest body that any address takes, so that those near the limit get an answer in words.
MOST_BYTES = 12 * 1024 * 1024
# The same of what the visitor of some web page sends.
MOST_BYTES_OF_A_VISITOR = 1024 * 1024

django.setup(set_prefix=False)
_pages: Any = PageHandler()
_machines: Any = MachineHandler()
_hooks: Any = HookHandler()
# The kinds that answer at once what is said to them; all others are hooks.
_ANSWERING = ("/channels/api/", "/channels/widget/")
# By name, because what it knows of members can be loaded only now.
_files: Any = import_string("coterie.web.receiving.FileHandler")()
# What is loaded by now stays for as long as the server runs. Python would walk through all of it whenever it looks for
# garbage, 60 to 110 ms in which every page waits.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Chats in by the short way, everything else through the pages' middleware; files may be larger than the rest."""
    if scope["type"] == "http":
        scope = seen_through(scope, settings.TRUSTED_PROXIES)
    if scope["type"] == "http" and scope["path"] == "/import" and scope["method"] == "POST":
        await _files(scope, receive, send)
        return
    machine = scope["type"] == "http" and _is_machine(scope["path"])
    visitor = machine and scope["path"].startswith("/channels/widget/")
    most = MOST_BYTES_OF_A_VISITOR if visitor else MOST_BYTES
    if machine and _announced(scope) > most:
        await _refuse(send)
        return
    handler = _pages if not machine else _machines if scope["path"].startswith(_ANSWERING) else _hooks
    await handler(scope, _limited(receive, most), send)


def _is_machine(path: str) -> bool:
    """Whether it is an address that chats are sent to. Under `/channels/` there are pages, too: those of an id."""
    if path.startswith("/v1/"):
        return True
    kind, slash, _ = path.removeprefix("/channels/").partition("/")
    return path.startswith("/channels/") and slash == "/" and len(kind) < 24


def _announced(scope: dict[str, Any]) -> int:
    """How many bytes a request says it has."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Any) -> None:
    """413, before anything of the body is read."""
    body = b'{"code": "payload_too_large", "message": "the body is too large"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


def _limited(receive: Any, most: int) -> Any:
    """Hangs up on a body that is too large: Django would write it to the disk before anybody looks at it."""
    taken = 0

    async def next_part() -> dict[str, Any]:
        nonlocal taken
        part: dict[str, Any] = await receive()
        taken += len(part.get("body", b""))
        return part if taken <= most else {"type": "http.disconnect"}

    return next_part
