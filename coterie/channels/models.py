"""Configured sources of chats."""

import secrets

from django.db import models

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


def new_key() -> str:
    """The unguessable part of a channel's URL."""
    return secrets.token_urlsafe(24)


class Channel(TenantModel):
    """A configured source of chats, reached at `/channels/<kind>/<key>`."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    key = models.CharField(max_length=64, default=new_key)
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="channel_key_in_workspace")]
        # The key arrives in a URL without a workspace and leads to one; being random it needs no second constraint.
        indexes = [models.Index(fields=["key"], name="channel_by_key")]

    def __str__(self) -> str:
        return self.name
