"""The tables of a replica, as DuckDB statements.

A custom attribute stands in a field of its own as text (`columns.stored_fields`) and, with its type, inside `custom`.
Filters read the field: 10M people take 50 to 90 ms, and an attribute that nobody has 1 ms. `custom` alone would take
5 seconds for one that few have, because DuckDB then reads all of it (docs/decisions/0010-attributes-are-fields.md).
"""

import json
from collections.abc import Mapping

from coterie.audience.columns import DEFAULT_KEYS
from coterie.audience.rules import HASH

# Raised when the tables change: an older file is rebuilt.
VERSION = 3
_TEXT_FIELDS = [key.removeprefix("default_") for key in DEFAULT_KEYS]
_WITHOUT_DEFAULTS = json.dumps(dict.fromkeys(DEFAULT_KEYS))
_FIXED = f"""
    id BIGINT, user_id VARCHAR, banned BOOLEAN, created_at TIMESTAMP, last_seen TIMESTAMP, chats INTEGER,
    {", ".join(f"{field} VARCHAR" for field in _TEXT_FIELDS)}, custom VARIANT,
    email_hash UINTEGER, user_id_hash UINTEGER, name_hash UINTEGER, username_hash UINTEGER, segments INTEGER"""
_OTHERS = """
CREATE OR REPLACE TABLE memberships (segment_id BIGINT, person_id BIGINT);
CREATE OR REPLACE TABLE attributes (id BIGINT, key VARCHAR);
CREATE OR REPLACE TABLE state (version INTEGER, workspace VARCHAR, epoch INTEGER, revision BIGINT);
"""


def create(fields: Mapping[str, str]) -> str:
    """Empty tables with these fields for custom attributes (key → field)."""
    own = "".join(f", {field} VARCHAR" for field in fields.values())
    return f"CREATE OR REPLACE TABLE people ({_FIXED}{own});{_OTHERS}"


def insert_people(fields: Mapping[str, str], whose: str) -> str:
    """Adds the people of the stream `incoming`. `whose`: a condition on the memberships to be counted: they are many.

    What stands in the stream may be text (SQLite) or typed (PostgreSQL); the casts accept both.
    """
    shape = json.dumps(dict.fromkeys((*DEFAULT_KEYS, *fields), "VARCHAR")).replace("'", "''")
    own = "".join(f", d.{_quoted(key)} AS {field}" for key, field in fields.items())
    return f"""
INSERT INTO people BY NAME
SELECT id, user_id, banned::BOOLEAN AS banned,
    created_at::TIMESTAMPTZ AT TIME ZONE 'UTC' AS created_at, last_seen::TIMESTAMPTZ AT TIME ZONE 'UTC' AS last_seen,
    chats, {", ".join(f"d.{key} AS {field}" for key, field in zip(DEFAULT_KEYS, _TEXT_FIELDS, strict=True))},
    rest::VARIANT AS custom,
    {HASH.format("lower(d.default_email)")} AS email_hash, {HASH.format("lower(user_id)")} AS user_id_hash,
    {HASH.format("lower(d.default_name)")} AS name_hash, {HASH.format("lower(d.default_username)")} AS username_hash,
    coalesce(m.segments, 0) AS segments{own}
FROM (SELECT *, json_transform(attributes, '{shape}') AS d, json_merge_patch(attributes, '{_WITHOUT_DEFAULTS}') AS rest
      FROM incoming)
LEFT JOIN (SELECT person_id, count(*) AS segments FROM memberships WHERE {whose} GROUP BY ALL) m ON m.person_id = id
"""


def _quoted(key: str) -> str:
    escaped = key.replace('"', '""')
    return f'"{escaped}"'
