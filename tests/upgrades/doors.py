"""The ways into the program that stay where they are: addresses, the API, channels, the terminal, tables by name.

What opens the fixtures goes through these alone, so that it works on after modules were moved.
"""

import contextlib
import hashlib
import hmac
import importlib
import io
import json
import os
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import django

from tests.web.pages import text_of

ROOT = Path(__file__).parent.parent.parent
HOST = "127.0.0.1"
TELEGRAM_HEADER = "X-Telegram-Bot-Api-Secret-Token"


def set_up() -> None:
    """Loads the program, as its environment says."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coterie.settings")
    django.setup()


def terminal(*arguments: str) -> str:
    """What `coterie …` prints, run in this process. Raises RuntimeError when it ends with an error."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, _, name = scripts["coterie"].partition(":")
    main = getattr(importlib.import_module(module), name)
    printed, argv = io.StringIO(), sys.argv
    sys.argv = ["coterie", *arguments]
    try:
        with contextlib.redirect_stdout(printed):
            main()
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"coterie {' '.join(arguments)} ended with {end.code}: {printed.getvalue()}") from end
    finally:
        sys.argv = argv
    return printed.getvalue()


class Browser:
    """A member of the team at their browser; with `session`, the cookie of an earlier login."""

    def __init__(self, session: str = "") -> None:
        from django.test import Client

        self.client = Client(headers={"host": HOST})
        if session:
            self.client.cookies["sessionid"] = session

    def log_in(self, email: str, password: str) -> bool:
        """Whether that opened the door."""
        answer = self.client.post("/login", {"login": email, "password": password, "remember": "on"})
        return bool(answer.status_code == 302)

    @property
    def session(self) -> str:
        """The cookie."""
        return str(self.client.cookies["sessionid"].value)

    def enter(self, workspace_uid: str) -> None:
        """Goes to another workspace of theirs."""
        self.do("/workspace", workspace=workspace_uid)

    def get(self, address: str, **query: Any) -> Any:
        """A page, whatever its status."""
        return self.client.get(address, query or None)

    def do(self, address: str, **fields: Any) -> Any:
        """Sends a form; raises AssertionError when it was not taken."""
        answer = self.client.post(address, fields)
        assert answer.status_code == 302, f"{address}: {answer.status_code} {text_of(answer)}"
        return answer


def api(token: str, address: str, data: Any = None) -> Any:
    """What the API answers: its JSON, with the status under `status` unless it is 200."""
    from django.test import Client

    client = Client(headers={"host": HOST, "authorization": f"Bearer {token}"})
    answer = client.get(address) if data is None else client.post(address, data, "application/json")
    return answer.json() if answer.status_code == 200 else {"status": answer.status_code}


def send(path: str, body: Any, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """Status and answer of a delivery to a channel's address."""
    from django.test import Client

    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Client(headers={"host": HOST}).post(path, content, "application/json", headers=headers or {})
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    return answer.status_code, answer.json() if is_json else answer.content.decode()


def slack_headers(body: bytes, secret: str) -> dict[str, str]:
    """What Slack sends with a body, to prove that it is from there."""
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def meta_headers(body: bytes, secret: str) -> dict[str, str]:
    """The same of Meta."""
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a question to the database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return list(cursor.fetchall())


def one(statement: str, *values: Any) -> Any:
    """The first value of the first row; None when there is no row."""
    rows = sql(statement, *values)
    return rows[0][0] if rows else None


def public(row_id: int) -> str:
    """The id of a row as addresses have it."""
    digits = f"{row_id:016x}"
    return f"{digits}{crc32(digits.encode()):08x}"


def row(public_id: str) -> int:
    """The way back."""
    return int(public_id[:16], 16)
