"""`coterie doctor`: what every setting means, what it is now, what is wrong with it."""

import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import maxminddb
import typer

from coterie.cli.say import as_json
from coterie.core.proxies import networks

_MEMORY = re.compile(r"\d+(\.\d+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One setting or check."""

    name: str
    meaning: str
    value: str
    problem: str | None


def _data(value: str | None) -> tuple[str, str | None]:
    folder = Path(value or "data").resolve()
    above = next(path for path in (folder, *folder.parents) if path.exists())
    if not above.is_dir():
        return str(folder), f"{above} is not a folder"
    writable = os.access(above, os.W_OK | os.X_OK)
    return str(folder), None if writable else f"this user may not write in {above}"


def _database(value: str | None) -> tuple[str, str | None]:
    if not value:
        return "SQLite in COTERIE_DATA", None
    try:
        parts = urlsplit(value)
        # The password stays out of terminals and tickets.
        shown = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError as error:
        return "(cannot be read)", f"not an address: {error}"
    if parts.scheme not in ("postgres", "postgresql"):
        return shown, "begins with postgres:// (leave it unset for SQLite)"
    return shown, None if parts.path.strip("/") else "names no database: postgres://user:password@host/database"


def _secret(value: str | None) -> tuple[str, str | None]:
    if not value:
        return "kept in COTERIE_DATA/secret_key", None
    return "set", None if len(value) >= 32 else "shorter than 32 characters; leave it unset to have one made"


def _hosts(value: str | None) -> tuple[str, str | None]:
    hosts = (value or "127.0.0.1,localhost,[::1]").split(",")
    if "*" in hosts:
        return ",".join(hosts), "* lets any name through; list the names that people use"
    wrong = [host for host in hosts if not host or "/" in host or host != host.strip()]
    return ",".join(hosts), f"“{wrong[0]}” is not a host name (no spaces, no http://)" if wrong else None


def _memory(value: str | None) -> tuple[str, str | None]:
    shown = value or "1GB"
    return shown, None if _MEMORY.fullmatch(shown) else "expected an amount such as 512MB or 2GB"


def _threads(value: str | None) -> tuple[str, str | None]:
    shown = value or "2"
    fine = shown.isascii() and shown.isdecimal() and 1 <= int(shown) <= 1024
    return shown, None if fine else "expected a whole number from 1"


def _gigabytes(value: str | None) -> tuple[str, str | None]:
    shown = value or "10"
    fine = shown.isascii() and shown.isdecimal() and 1 <= int(shown) <= 10_000
    return shown, None if fine else "expected a whole number of gigabytes from 1"


def _private(value: str | None) -> tuple[str, str | None]:
    wrong = [part for part in (value or "").split(",") if part and not re.fullmatch(r"[^\s:/]+:\d{1,5}", part)]
    return value or "none", f"“{wrong[0]}” is not of the form host:port" if wrong else None


def _proxies(value: str | None) -> tuple[str, str | None]:
    try:
        found = networks(value or "")
    except ValueError as error:
        return str(value), f"expected addresses or networks such as 10.0.0.0/8, with commas: {error}"
    everybody = any(network.prefixlen == 0 for network in found)
    return value or "none", "this believes anybody; list your proxies" if everybody else None


def _places(value: str | None) -> tuple[str, str | None]:
    for path in [path for path in (value or "").split(",") if path]:
        try:
            maxminddb.open_database(path).close()
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            return str(value), f"{path} cannot be opened as a file of MaxMind's form: {error}"
    return value or "none: nobody's place is guessed", None


SETTINGS: dict[str, tuple[str, Callable[[str | None], tuple[str, str | None]]]] = {
    "COTERIE_DATA": ("Folder for the SQLite file, replicas and keys.", _data),
    "DATABASE_URL": ("The system of record.", _database),
    "COTERIE_SECRET_KEY": ("Signs sessions and visitor tokens.", _secret),
    "COTERIE_ALLOWED_HOSTS": ("Names under which people reach this server.", _hosts),
    "COTERIE_REPLICA_MEMORY": ("Most memory the read side takes.", _memory),
    "COTERIE_REPLICA_THREADS": ("Threads of the read side.", _threads),
    "COTERIE_IMPORT_MAX_GB": ("Size of the largest file that can be sent to be imported.", _gigabytes),
    "COTERIE_PRIVATE_HOSTS": ("Hosts on private networks that may be called, such as a bot.", _private),
    "COTERIE_TRUSTED_PROXIES": ("Proxies in front whose X-Forwarded-For is believed.", _proxies),
    "COTERIE_GEOIP_FILES": ("Files of MaxMind's form that tell the place of an IP address.", _places),
}


def run(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Explains every setting with its present value and what is wrong with it. Exit code 1 when something is."""
    findings = [Finding(name, meaning, *check(os.environ.get(name))) for name, (meaning, check) in SETTINGS.items()]
    if not any(finding.problem for finding in findings):
        from coterie.cli.database_check import connected  # noqa: PLC0415, see `startup`

        findings.append(Finding("database", "Whether it answers and is up to date.", *connected()))
    healthy = not any(finding.problem for finding in findings)
    if json:
        as_json({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            typer.echo(f"{'✗' if finding.problem else '✓'} {finding.name} = {finding.value}\n    {finding.meaning}")
            if finding.problem:
                typer.echo(f"    Wrong: {finding.problem}.")
    if not healthy:
        raise typer.Exit(1)
