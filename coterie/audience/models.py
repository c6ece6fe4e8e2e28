"""The catalogue of attributes: what a workspace says about each, and how many have it.

Which default attributes there are is said in `columns.py`: they are part of the program. Here they have a row as soon
as somebody has a value, or the team has changed something about them.
"""

from django.db import models

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
