"""`coterie serve`."""

from typing import Annotated

import typer
import uvicorn
from django.conf import settings
from django.db import connections

from coterie.accounts.models import Member
from coterie.cli.demo_login import demo_login
from coterie.cli.ground import migrate
from coterie.cli.keeper import keep_worker


def run(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many processes share the work.")] = 1,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Do background work, too.")] = True,
) -> None:
    """Brings the database up to date and serves pages, API and channels until it is stopped."""
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
