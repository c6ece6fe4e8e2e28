"""Who an operation is about: decided when it begins, kept where a restart finds it."""

from django.db import models


class Role(models.TextChoices):
    """Whether the people are still to be worked on, or were left alone and why is told by the operation."""

    MEANT = "meant"
    SKIPPED = "skipped"


class Crowd(models.Model):
    """Some of the people of an operation, as packed 64-bit ids: a row per person would be a second list of people."""

    pk = models.CompositePrimaryKey("workspace_id", "operation_id", "role", "number")
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.PROTECT, db_index=False, related_name="+")
    operation_id = models.BigIntegerField()
    role = models.CharField(max_length=10, choices=Role.choices)
    number = models.IntegerField()
    people = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.operation_id} {self.role} {self.number}"
