"""People: everybody who chatted with a bot, and the channel addresses that lead to them."""

from django.db import models

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


class Person(TenantModel):
    """Somebody who chatted with a bot. Written only through `people.changes`, inside a journal transaction.

    `attributes` holds `default_*` and custom keys; a key that is missing was never known. `written_at` is the event
    time of the newest attribute write, so that an event that arrives late fills gaps but overwrites nothing newer.
    """

    user_id = models.CharField(max_length=256)
    attributes = models.JSONField(default=dict)
    banned = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)
    last_seen = models.DateTimeField(null=True)
    chats = models.IntegerField(default=0)
    written_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user_id"], name="person_user_id")]

    def __str__(self) -> str:
        return str(self.attributes.get("default_name") or self.user_id)


class Identity(TenantModel):
    """The address of a person on one channel: (channel, native id)."""

    channel_id = models.BigIntegerField()
    native_id = models.CharField(max_length=256)
    person_id = models.BigIntegerField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id", "native_id"], name="identity_once"),
        ]
        indexes = [models.Index(fields=["workspace", "person_id"], name="identity_of_person")]

    def __str__(self) -> str:
        return self.native_id
