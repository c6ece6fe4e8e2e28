"""Making a widget and changing its settings: validated, one change at a time, in the audit trail."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.channels.models import Channel
from coterie.channels.widget.config import Config
from coterie.core.text import clean
from coterie.people.attributes import Refused

MAX_NAME = 100
Settings = dict[str, Any]


def create(workspace: Workspace, actor: str, name: str) -> Channel:
    """A new widget with the settings that everybody begins with; raises Refused for a bad name."""
    called = _name(name)
    channel = Channel.objects.create(workspace=workspace, kind="widget", name=called)
    record(workspace, actor, "channel.add", {"channel": channel.public_id, "kind": "widget", "name": called})
    return channel


def change(
    workspace: Workspace, actor: str, channel_id: int, edit: Callable[[Settings], Settings], name: str | None = None
) -> Channel:
    """Gives the widget the settings that `edit` makes of the present ones; raises Refused, and Channel.DoesNotExist.

    The row is locked meanwhile, so that of two members who change different things neither undoes the other's. Empty
    settings are left out: they mean the default.
    """
    with transaction.atomic():
        channel = Channel.objects.select_for_update().get(workspace=workspace, kind="widget", id=channel_id)
        wanted = {key: value for key, value in edit(dict(channel.settings)).items() if value not in ("", None, [], {})}
        Config.of(wanted)
        changed = sorted(key for key in {*wanted, *channel.settings} if wanted.get(key) != channel.settings.get(key))
        called = channel.name if name is None else _name(name)
        if changed or called != channel.name:
            channel.settings, channel.name = wanted, called
            channel.save(update_fields=["settings", "name"])
            details = {"channel": channel.public_id, "name": called, "settings": changed}
            record(workspace, actor, "channel.change", details)
    return channel


def _name(text: str) -> str:
    called = clean(text)
    if not 1 <= len(called) <= MAX_NAME:
        raise Refused("name", _("the name of a channel has 1 to %(n)s characters.") % {"n": MAX_NAME})
    return called
