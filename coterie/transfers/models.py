"""What imports remember."""

from django.db import models

from coterie.core.clock import now
from coterie.core.tenancy import TenantModel


class ImportMapping(TenantModel):
    """How a file with a certain set of `headings` (their SHA-256) was mapped: heading → attribute, "" for not read."""

    headings = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "headings"], name="import_mapping_once")]

    def __str__(self) -> str:
        return self.headings
