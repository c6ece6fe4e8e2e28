"""The audit trail: who did something of consequence."""

from typing import Any

from coterie.accounts.models import AuditEntry, Workspace


def record(workspace: Workspace, actor: str, action: str, details: dict[str, Any] | None = None) -> None:
    """Writes one entry. `actor` is `member:<id>`, `token:<id>` or a command; `action` is `<noun>.<verb>`."""
    AuditEntry.objects.create(workspace=workspace, actor=actor[:80], action=action[:40], details=details or {})
