"""What members write down about a person."""

from django.db import models

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


class Note(TenantModel):
    """A note about a person. Written only through `profile.notes`, in a journal transaction.

    `author` is an actor of the journal; who else may change it is for the doors to say. `origin_id` is set where it was
    written about somebody who was merged into the person since: it goes back with them.
    """

    person_id = models.BigIntegerField()
    origin_id = models.BigIntegerField(null=True)
    text = models.TextField()
    author = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=now)
    edited_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "person_id", "id"], name="note_of_person")]

    def __str__(self) -> str:
        return self.text[:60]
