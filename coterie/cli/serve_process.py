"""What `coterie serve` does."""

import typer
import uvicorn
from django.conf import settings
from django.db import connections

from coterie.accounts.models import Member
from coterie.cli.demo_login import demo_login
from coterie.cli.ground import migrate
from coterie.cli.keeper import keep_worker


def serve(host: str, port: int, processes: int, *, worker: bool) -> None:
    """Serves until the process is told to stop; with `worker`, another process does background work beside it."""
    migrate()
    typer.echo(f"Coterie: http://{f'[{host}]' if ':' in host else host}:{port}")
    if login := demo_login():
        typer.echo(f"Log in as {login['email']} with the password {login['password']}")
    elif not Member.objects.exists():
        typer.echo("Nobody can log in yet. Make a login: coterie member add you@example.com --role owner")
    if host not in ("127.0.0.1", "localhost", "::1") and settings.ALLOWED_HOSTS == ["127.0.0.1", "localhost", "[::1]"]:
        typer.echo("Others reach it only under the names in COTERIE_ALLOWED_HOSTS, which is not set.")
    connections.close_all()
    if worker:
        keep_worker()
    uvicorn.run(
        "coterie.asgi:application",
        host=host,
        port=port,
        workers=processes,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        # uvicorn believes any process of this machine; whom we believe is a setting (`core.proxies`).
        proxy_headers=False,
        log_level="warning",
        server_header=False,
    )
