"""What a workspace says about its attributes, and how many people have each. Counts those who are there already."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from coterie.audience.columns import PERSONAL_KEYS
from coterie.core.ids import new_id

_TABLES = (("people_person", "person"), ("chats_chat", "session"))


def _count(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    attributes = apps.get_model("audience", "Attribute").objects
    postgres = editor.connection.vendor == "postgresql"
    keys = "jsonb_object_keys(t.attributes) AS j(key)" if postgres else "json_each(t.attributes) j"
    with editor.connection.cursor() as cursor:
        for table, scope in _TABLES:
            cursor.execute(f"SELECT t.workspace_id, j.key, count(*) FROM {table} t, {keys} GROUP BY 1, 2")
            for workspace_id, key, people in cursor.fetchall():
                attributes.update_or_create(
                    workspace_id=workspace_id,
                    scope=scope,
                    key=key,
                    defaults={"count": people, "personal": key in PERSONAL_KEYS},
                    create_defaults={"count": people, "personal": key in PERSONAL_KEYS, "id": new_id()},
                )


class Migration(migrations.Migration):
    dependencies = [
        ("audience", "0001_initial"),
        ("chats", "0001_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.AddField("attribute", "label", models.CharField(blank=True, default="", max_length=128)),
        migrations.AddField("attribute", "hidden", models.BooleanField(default=False)),
        migrations.AddField("attribute", "personal", models.BooleanField(default=False)),
        migrations.AddField("attribute", "count", models.BigIntegerField(default=0)),
        migrations.RunPython(_count, migrations.RunPython.noop),
    ]
