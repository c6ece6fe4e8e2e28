"""Making and changing channels, switching them off and on: what is entered is checked, secrets are sealed, and the
audit trail says who did it.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coterie.accounts.audit import record
from coterie.accounts.models import Workspace
from coterie.channels.kinds import API_ADDRESS, Field, Kind
from coterie.channels.lookup import forget
from coterie.channels.models import Channel, new_key
from coterie.channels.registry import KINDS
from coterie.core.clock import now
from coterie.core.sealing import seal
from coterie.core.text import clean
from coterie.people.attributes import Refused

MAX_NAME = 100
_LONGEST = 2_000


def make(workspace: Workspace, actor: str, kind: Kind, name: str, values: Mapping[str, Any]) -> Channel:
    """A new channel with these settings and secrets, by the names of the kind's fields; raises Refused."""
    called, settings, secrets = check(kind, name, values)
    channel = Channel.objects.create(
        workspace=workspace, kind=kind.name, name=called, settings=settings, secrets=secrets
    )
    _say(channel, actor, "channel.add", {})
    return channel


def check(kind: Kind, name: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """(name, settings, sealed secrets) of a channel that could be made so; raises Refused."""
    called = _called(name)
    settings, secrets = _entered(kind, values)
    for field in kind.fields:
        if field.ours and field.name not in secrets:
            secrets[field.name] = seal(new_key())
    _complete(kind, settings, secrets)
    return called, settings, secrets


def change(channel: Channel, actor: str, name: str, values: Mapping[str, Any]) -> None:
    """Another name, other settings. A secret that is empty stays what it was, unless it would be sent to another
    address: then whoever changes that has to know it. Raises Refused.

    The row is locked meanwhile, so that of two members who change different things neither undoes the other's.
    """
    kind = KINDS[channel.kind]
    called, (settings, secrets) = _called(name), _entered(kind, values)
    own = {field.name for field in kind.fields if not field.secret}
    with transaction.atomic():
        channel.refresh_from_db(from_queryset=Channel.objects.select_for_update())
        _not_lured_away(channel, kind, settings, secrets)
        kept = {name: value for name, value in channel.settings.items() if name not in own}
        _complete(kind, {**kept, **settings}, {**channel.secrets, **secrets})
        channel.name, channel.settings = called, {**kept, **settings}
        channel.secrets = {**channel.secrets, **secrets}
        channel.save(update_fields=["name", "settings", "secrets"])
        _say(channel, actor, "channel.change", {"secrets": sorted(secrets)})


def switch(channel: Channel, actor: str, *, on: bool) -> bool:
    """Off: what is sent to it is answered as if it were not there. On: it takes what comes again. Nothing else changes.

    False when it was so already.
    """
    rows = Channel.objects.filter(workspace_id=channel.workspace_id, id=channel.id, off_at__isnull=not on)
    with transaction.atomic():
        if not rows.update(off_at=None if on else now()):
            return False
        _say(channel, actor, "channel.on" if on else "channel.off", {})
    forget(channel)
    return True


def _not_lured_away(channel: Channel, kind: Kind, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    address = settings.get(API_ADDRESS)
    if not address or address == channel.settings.get(API_ADDRESS):
        return
    for field in kind.fields:
        if field.secret and not field.ours and field.name in channel.secrets and field.name not in secrets:
            words = _("enter it again: %(secret)s will be sent to %(address)s.")
            raise Refused(field.name, words % {"secret": field.label, "address": address[:200]})


def _called(name: str) -> str:
    called = clean(name)
    if not 1 <= len(called) <= MAX_NAME:
        raise Refused("name", _("the name of a channel has 1 to %(n)s characters.") % {"n": MAX_NAME})
    return called


def _entered(kind: Kind, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(settings, sealed secrets), without the empty ones."""
    fields = {field.name: field for field in kind.fields}
    settings: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            settings[name] = value  # The kind's own check knows whether there is such a setting.
        elif words := _words(field, value):
            if field.secret:
                secrets[name] = seal(words)
            else:
                settings[name] = words
    return settings, secrets


def _words(field: Field, value: Any) -> str:
    words = value.strip() if isinstance(value, str) else ""
    if len(words) > _LONGEST or not words.isprintable():  # Not cleaned: a secret is what it is.
        raise Refused(field.name, _("expected a line of at most %(n)s characters.") % {"n": f"{_LONGEST:,}"})
    if words and field.check is not None:
        field.check(words)
    return words


def _complete(kind: Kind, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    for field in kind.fields:
        if field.required and not (secrets if field.secret else settings).get(field.name):
            words = {"label": _(field.label), "hint": _(field.hint)}
            raise Refused(field.name, _("required: %(label)s. %(hint)s") % words)
    kind.check({name: value for name, value in settings.items() if name not in {field.name for field in kind.fields}})


def _say(channel: Channel, actor: str, action: str, details: dict[str, Any]) -> None:
    about = {"channel": channel.public_id, "kind": channel.kind, "name": channel.name}
    record(channel.workspace, actor, action, about | details)
