"""Segments: lists of people."""

from django.db import models
from django.db.models.functions import Lower

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


class Segment(TenantModel):
    """A named list of people that is filled by hand, by chats and by the API."""

    name = models.CharField(max_length=256)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="segment_name_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person in one segment. Written only through `segments.membership`, inside a journal transaction."""

    pk = models.CompositePrimaryKey("workspace_id", "segment_id", "person_id")
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.PROTECT, db_index=False, related_name="+")
    segment_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    joined_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["workspace", "person_id", "segment_id"], name="membership_of_person")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.segment_id}"
