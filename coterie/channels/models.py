"""Configured sources of chats, and what they delivered."""

import secrets

from django.db import models

from coterie.core.clock import now
from coterie.core.sealing import unseal
from coterie.core.tenancy import TenantModel


def new_key() -> str:
    """The unguessable part of a channel's URL."""
    return secrets.token_urlsafe(24)


class Channel(TenantModel):
    """A configured source of chats, reached at `/channels/<kind>/<key>`. `secrets` are sealed, name by name.

    Since `off_at` nothing comes in through it any more; it keeps all it has, so that it can be switched on again.
    """

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    key = models.CharField(max_length=64, default=new_key)
    settings = models.JSONField(default=dict)
    secrets = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)
    off_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="channel_key_in_workspace")]
        # The key arrives in a URL without a workspace and leads to one; being random it needs no second constraint.
        indexes = [models.Index(fields=["key"], name="channel_by_key")]

    def __str__(self) -> str:
        return self.name

    def secret(self, name: str) -> str | None:
        """A secret in plain text, None when it was never entered. Raises core.sealing.Unreadable."""
        sealed = self.secrets.get(name)
        return unseal(sealed) if sealed else None


class What(models.TextChoices):
    """What is to be done: read an event, or look somebody up at the platform."""

    EVENT = "event"
    PROFILE = "profile"


class State(models.TextChoices):
    """How far a raw event is. A failed one waits again when somebody says so."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class RawEvent(TenantModel):
    """One event as the platform sent it, without secrets. It is stored before it is acknowledged, and read afterwards.

    `native_id` is the platform's id of it: the same id on the same channel is stored once. `user_id` is who it is about
    (the native id on the channel) as far as that is known, and `at` when it happened. A waiting event is taken at
    `next_at`; whoever takes it moves that on, so that it comes back by itself when they die. `note` says why it failed,
    or what of it was left out.
    """

    channel_id = models.BigIntegerField()
    native_id = models.CharField(max_length=128)
    what = models.CharField(max_length=7, choices=What.choices, default=What.EVENT)
    user_id = models.CharField(max_length=256)
    body = models.TextField()
    at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    note = models.TextField()
    tries = models.IntegerField(default=0)
    received_at = models.DateTimeField(default=now)
    next_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id", "native_id"], name="raw_event_once"),
        ]
        indexes = [
            models.Index(fields=["what", "next_at", "id"], name="raw_waiting", condition=models.Q(state="waiting")),
            models.Index(
                fields=["workspace", "channel_id", "id"], name="raw_failed", condition=models.Q(state="failed")
            ),
            models.Index(fields=["workspace", "channel_id", "id"], name="raw_of_channel"),
            models.Index(fields=["workspace", "channel_id", "user_id", "at"], name="raw_of_person"),
        ]

    def __str__(self) -> str:
        return self.native_id


class Traffic(TenantModel):
    """How many events of a channel were stored in one minute, and how many deliveries were refused."""

    channel_id = models.BigIntegerField()
    minute = models.DateTimeField()
    events = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id", "minute"], name="traffic_once"),
        ]

    def __str__(self) -> str:
        return f"{self.minute}: {self.events}"
