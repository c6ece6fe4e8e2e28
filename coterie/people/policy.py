"""What a workspace has decided about its people."""

from typing import Any

from django.utils.translation import gettext as _

from coterie.accounts.models import Workspace
from coterie.people.models import Policy


def policy_of(workspace_id: int) -> Policy:
    """The workspace's policy; an unsaved one, which decides nothing, as long as there is none. One query."""
    return Policy.objects.filter(workspace_id=workspace_id).first() or Policy(workspace_id=workspace_id)


def change(workspace: Workspace, **values: Any) -> None:
    """Writes these fields of it."""
    Policy.objects.bulk_create([Policy(workspace=workspace)], ignore_conflicts=True)
    Policy.objects.filter(workspace=workspace).update(**values)


def refusal_of(workspace_id: int) -> str:
    """What a banned person is answered. One query."""
    return policy_of(workspace_id).refusal or default_refusal()


def default_refusal() -> str:
    """The same, where nobody has decided anything."""
    return _("This chat is closed for you. Your message was not delivered.")
