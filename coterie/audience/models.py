"""The catalogue of attributes: what a workspace says about each, and how many have it. And views that are kept.

Which default attributes there are is said in `columns.py`: they are part of the program. Here they have a row as soon
as somebody has a value, or the team has changed something about them.
"""

from django.db import models
from django.db.models import Q

from coterie.accounts.models import Member
from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


class AttributeType(models.TextChoices):
    """How values of an attribute are compared."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    BOOLEAN = "boolean"


class Scope(models.TextChoices):
    """Whether a value belongs to the person or to one chat."""

    PERSON = "person"
    SESSION = "session"


class Attribute(TenantModel):
    """An attribute that was seen at least once. Its type is the one that its first value had, until it is corrected.

    `label` is empty where the key, or the program's own label, will do. A `hidden` attribute is kept, but can neither
    be shown nor filtered, sorted or exported. `personal` marks what tells who somebody is. `count` is how many people
    (in scope session: chats) have a value; see `counts`.
    """

    key = models.CharField(max_length=128)
    type = models.CharField(max_length=10, choices=AttributeType.choices, default=AttributeType.TEXT)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.PERSON)
    label = models.CharField(max_length=128, blank=True, default="")
    hidden = models.BooleanField(default=False)
    personal = models.BooleanField(default=False)
    count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "scope", "key"], name="attribute_once")]

    def __str__(self) -> str:
        return self.key


class SavedView(TenantModel):
    """A view under a name. Without an `owner` it is the team's; otherwise nobody but the owner ever sees it.

    `query` is a canonical query string without a page. `digest` is that of what it lists (see `saved.digest_of`),
    `folded` the name as names are compared: here and not in the database, since SQLite knows the case of ASCII only.
    `created_by` is who may change a view of the team, beside admins; None when that member is gone.
    """

    name = models.CharField(max_length=128)
    folded = models.CharField(max_length=384)
    query = models.TextField()
    digest = models.CharField(max_length=64)
    owner = models.ForeignKey(Member, on_delete=models.CASCADE, null=True, db_index=False, related_name="+")
    created_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "owner", "folded"], name="own_view_name_once"),
            models.UniqueConstraint(
                fields=["workspace", "folded"], condition=Q(owner=None), name="team_view_name_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "digest"], name="saved_view_by_digest")]

    def __str__(self) -> str:
        return self.name

    @property
    def shared(self) -> bool:
        """Whether the whole team sees it."""
        return self.owner_id is None


class RecentFilters(TenantModel):
    """The filters that a member used last: query strings of what is listed, newest first. See `recent`."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, db_index=False, related_name="+")
    queries = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "member"], name="recent_filters_once")]

    def __str__(self) -> str:
        return f"recent filters of {self.member_id}"
