"""The catalogue of custom attributes. Default attributes are in `columns.py`: they are part of the program."""

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
    """A custom attribute that was seen at least once, with the type its first value had."""

    key = models.CharField(max_length=128)
    type = models.CharField(max_length=10, choices=AttributeType.choices, default=AttributeType.TEXT)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.PERSON)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "scope", "key"], name="attribute_once")]

    def __str__(self) -> str:
        return self.key
