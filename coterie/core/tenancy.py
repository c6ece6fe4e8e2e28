"""The base of every table that belongs to a workspace."""

from django.db import models

from coterie.core.ids import new_id, to_public


class TenantModel(models.Model):
    """A row of one workspace. The key is (workspace, id), so PostgreSQL with Citus can spread tables by workspace."""

    pk = models.CompositePrimaryKey("workspace_id", "id")
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.PROTECT, db_index=False, related_name="+")
    id = models.BigIntegerField(default=new_id)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        """24 hex digits, the id shown in URLs and the API."""
        return to_public(self.id)
