"""People: everybody who chatted with a bot, the channel addresses that lead to them, and who was somebody else once."""

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
    """The address of a person on one channel: (channel, native id).

    `origin_id` is set as long as the person is several people merged: the one of them whose address it was.
    """

    channel_id = models.BigIntegerField()
    native_id = models.CharField(max_length=256)
    person_id = models.BigIntegerField()
    origin_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_id", "native_id"], name="identity_once"),
        ]
        indexes = [models.Index(fields=["workspace", "person_id"], name="identity_of_person")]

    def __str__(self) -> str:
        return self.native_id


class Share(TenantModel):
    """What one of several merged people would be alone: kept up to date, so that they can be taken apart again.

    `id` is the person's own; the one who stayed (`survivor_id`) has a share, too. `segments` are the manual ones,
    public id → since when. `whole` is only in the survivor's: what merging and chats alone have made of the whole, and
    whose each value is. What differs from that was changed by a member since, and is the survivor's own. See
    `people.shares`.
    """

    survivor_id = models.BigIntegerField()
    user_id = models.CharField(max_length=256)
    attributes = models.JSONField(default=dict)
    segments = models.JSONField(default=dict)
    banned = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    last_seen = models.DateTimeField(null=True)
    chats = models.IntegerField(default=0)
    written_at = models.DateTimeField(null=True)
    whole = models.JSONField(null=True)
    merged_at = models.DateTimeField(default=now)
    actor = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user_id"], name="share_user_id")]
        indexes = [models.Index(fields=["workspace", "survivor_id"], name="share_of_survivor")]

    def __str__(self) -> str:
        return self.user_id


class Tombstone(TenantModel):
    """Where somebody was who was erased for good: a keyed hash of an address of theirs, and nothing else.

    `refused` counts what arrived from there since. See `people.tombstones`.
    """

    digest = models.CharField(max_length=64)
    erased_at = models.DateTimeField(default=now)
    refused = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "digest"], name="tombstone_once")]

    def __str__(self) -> str:
        return self.digest[:12]


class Policy(TenantModel):
    """What a workspace has decided about its people: one row, or none as long as nothing was.

    `refusal` is what a banned person is answered. People who were not seen for `keep_days` are erased every night;
    None: nobody is. `swept_on` is the day (in the workspace's time zone) of the last such night. `erased_revision` is
    the journal's revision after the last erasure: what was copied before then may hold somebody who is gone.
    """

    refusal = models.CharField(max_length=500, default="", blank=True)
    keep_days = models.IntegerField(null=True)
    swept_on = models.DateField(null=True)
    erased_revision = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace"], name="policy_once")]

    def __str__(self) -> str:
        return f"policy of {self.workspace_id}"
