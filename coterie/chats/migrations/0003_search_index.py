"""Where the search index of messages lives; see `coterie.chats.saying`."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_SQLITE = (
    # Without the table of sizes: it is for ranking, and hits come newest first.
    "CREATE VIRTUAL TABLE chats_said USING fts5(words, columnsize=0, tokenize='ascii')",
    # Its words, for those that begin like the last word of a search.
    "CREATE VIRTUAL TABLE chats_said_word USING fts5vocab(chats_said, 'instance')",
    "CREATE TABLE chats_said_number (last INTEGER NOT NULL)",
    "INSERT INTO chats_said_number VALUES (0)",
    "CREATE TRIGGER chats_message_unsaid AFTER DELETE ON chats_message WHEN old.place IS NOT NULL"
    " BEGIN DELETE FROM chats_said WHERE rowid = old.place; END",
)
_SQLITE_BACK = (
    "DROP TRIGGER chats_message_unsaid",
    "DROP TABLE chats_said_number",
    "DROP TABLE chats_said_word",
    "DROP TABLE chats_said",
)
_POSTGRES = ("ALTER TABLE chats_message ADD COLUMN words tsvector", "CREATE SEQUENCE chats_said_number CACHE 100")
_POSTGRES_BACK = ("ALTER TABLE chats_message DROP COLUMN words", "DROP SEQUENCE chats_said_number")


def forwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _POSTGRES if editor.connection.vendor == "postgresql" else _SQLITE:
        editor.execute(statement)


def backwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _POSTGRES_BACK if editor.connection.vendor == "postgresql" else _SQLITE_BACK:
        editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [("chats", "0002_archives")]
    operations = [migrations.RunPython(forwards, backwards)]
