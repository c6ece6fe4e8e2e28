"""`coterie channel`."""

import json as json_module
from typing import Annotated, Any

import typer

from coterie.channels.models import Channel
from coterie.channels.registry import KINDS
from coterie.channels.setup import check, make, switch
from coterie.cli.ground import ACTOR, choose, migrate
from coterie.cli.options import JsonOption, WorkspaceOption
from coterie.cli.say import as_json, wrong_use
from coterie.people.attributes import Refused

app = typer.Typer(no_args_is_help=True)
_SERVER = "http://127.0.0.1:8000"


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    name: Annotated[str | None, typer.Option(help="How it is called; default: its kind.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; lists and objects as JSON.")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Makes a channel and prints the address that chats are sent to."""
    known = KINDS.get(kind)
    if known is None:
        wrong_use(f"There is no kind “{kind}”; there are {', '.join(KINDS)}.")
    called = name if name is not None else known.label
    entered = dict(_setting(text) for text in values or [])
    try:
        check(known, called, entered)
    except Refused as refused:
        wrong_use(refused.message if refused.field == "name" else f"--set {refused}")
    migrate()
    _show(make(choose(workspace, create=True), ACTOR, known, called, entered), json)


@app.command("list")
def list_channels(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Lists the channels."""
    migrate()
    channels = list(Channel.objects.filter(workspace=choose(workspace)).order_by("created_at", "id"))
    if json:
        as_json({"channels": [_described(channel) for channel in channels]})
        return
    for channel in channels:
        typer.echo(f"{channel.name}  ({channel.kind})  {_path(channel)}{'  off' if channel.off_at else ''}")


NameArgument = Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="The channel's name, or its id.")]


@app.command()
def off(name: NameArgument, workspace: WorkspaceOption = None) -> None:
    """Switches a channel off: what is sent to it is not taken. People and chats stay."""
    channel = _named(name, workspace)
    switch(channel, ACTOR, on=False)
    typer.echo(f"{channel.name} is off.")


@app.command()
def on(name: NameArgument, workspace: WorkspaceOption = None) -> None:
    """Switches a channel on again, at the same address."""
    channel = _named(name, workspace)
    switch(channel, ACTOR, on=True)
    typer.echo(f"{channel.name} is on.")


def _named(name: str, workspace: str | None) -> Channel:
    migrate()
    channels = Channel.objects.filter(workspace=choose(workspace)).order_by("created_at", "id")
    found = [one for one in channels if name.casefold() == one.name.casefold() or name == one.public_id]
    if len(found) != 1:
        problem = "Several channels have this name; give the id" if found else f"There is no channel “{name}”"
        wrong_use(f"{problem}:\n" + "\n".join(f"  {one.public_id}  {one.name}" for one in found or channels))
    return found[0]


def _show(channel: Channel, as_object: bool) -> None:
    made = {
        field.name: channel.secret(field.name)
        for field in KINDS[channel.kind].fields
        if field.ours and field.name in channel.secrets
    }
    if as_object:
        as_json(_described(channel) | ({"made": made} if made else {}))
        return
    if channel.kind == "segment":
        typer.echo(f"{channel.name}: host {_SERVER}, write key {channel.key}")
        return
    typer.echo(f"{channel.name}: {_SERVER}{_path(channel)}")
    for name, value in made.items():
        typer.echo(f"{name}: {value}")
    if channel.kind == "widget":
        typer.echo(f"Put this on your pages, with the address of your server:\n{_snippet(channel)}")


def _described(channel: Channel) -> dict[str, Any]:
    described = {
        "id": channel.public_id,
        "kind": channel.kind,
        "name": channel.name,
        "key": channel.key,
        "path": _path(channel),
        "off": channel.off_at is not None,
        "settings": channel.settings,
        "secrets": sorted(channel.secrets),
    }
    return {**described, "snippet": _snippet(channel)} if channel.kind == "widget" else described


def _path(channel: Channel) -> str:
    return "/v1" if channel.kind == "segment" else f"/channels/{channel.kind}/{channel.key}"


def _snippet(channel: Channel) -> str:
    return f'<script src="{_SERVER}/widget.js" data-channel="{channel.key}" async></script>'


def _setting(text: str) -> tuple[str, Any]:
    """`key=value`; what begins like JSON has to be JSON."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        wrong_use(f"--set takes key=value, not “{text}”.")
    if value[:1] in ("[", "{", '"') or value in ("true", "false", "null"):
        try:
            return key, json_module.loads(value)
        except ValueError as error:
            wrong_use(f"--set {key}: this is not JSON: {error}.")
    return key, value
