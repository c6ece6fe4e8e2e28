"""Pieces of DuckDB's SQL for `judging`: whom a row means, whether a value differs, JSON made of columns."""

import json
from collections.abc import Sequence

from django.db import connection

from coterie.transfers.wishes import Wishes


def refusals(wishes: Wishes) -> str:
    """Why a row is not clear about whom it means, as WHENs."""
    several = "WHEN {}e.n > 1 THEN e.n || ' people have this e-mail; give the user id'"
    if wishes.match == "user_id":
        return several.format("r.problem IS NULL AND r.user_id IS NULL AND ")
    return (
        "WHEN r.problem IS NULL AND r.email IS NULL THEN 'default_email: the row has no e-mail address.' "
        + several.format("r.problem IS NULL AND ")
        + " WHEN r.problem IS NULL AND e.id IS NULL AND u.id IS NOT NULL"
        " THEN 'userId: it belongs to somebody with another e-mail address.'"
    )


def differs(old: str, new: str) -> str:
    """Whether a value is another one, in whatever type it is stored: a file does not tell 12 from "12"."""
    text_old, text_new = f"({old} ->> '$')", f"({new}::JSON ->> '$')"
    return f"""CASE
        WHEN {new} IS NULL THEN false WHEN {old} IS NULL THEN true WHEN {old}::VARCHAR = {new} THEN false
        WHEN left({old}::VARCHAR, 1) = '"' AND left({new}, 1) = '"' THEN {text_old} <> {text_new}
        WHEN {old}::VARCHAR IN ('true', 'false') OR {new} IN ('true', 'false')
        THEN lower({text_old}) <> lower({text_new})
        ELSE coalesce(try_cast({text_old} AS DOUBLE) <> try_cast({text_new} AS DOUBLE), true) END"""


def json_object(members: Sequence[tuple[str, str, str]]) -> str:
    """A JSON object of (condition, key, value as JSON); a member without a condition is there if its value is."""
    parts = []
    for condition, key, value in members:
        member = f"{literal(json.dumps(key, ensure_ascii=False) + ':')} || {value}"
        parts.append(f"CASE WHEN {condition} THEN {member} END" if condition else member)
    return f"('{{' || concat_ws(',', {', '.join(parts)}) || '}}')" if members else "'{}'"


def pointer(key: str) -> str:
    """The JSON pointer of a member."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def sql_list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, texts))}]"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def time_text(time: str) -> str:
    """As the database takes it; in SQLite, as Django stores it: UTC, microseconds unless they are zero."""
    zone = " || '+00'" if connection.vendor == "postgresql" else ""
    return f"replace(strftime({time}, '%Y-%m-%d %H:%M:%S.%f'), '.000000', ''){zone}"


def repetitions(wishes: Wishes) -> str:
    """The rows of `matched` as (line, person, problem): whoever is in the file twice is rejected the second time.

    Two people who are here already may share an address; a row that would make another one of it is rejected.
    """
    mine = "CASE WHEN nameless THEN ke ELSE ku END" if wishes.match == "user_id" else "ke"
    also = "ku" if wishes.match == "email" else "NULL"
    return f"""
        WITH firsts AS (
            SELECT key, min(line) AS line FROM (
                FROM keys UNION ALL SELECT s.key, s.line FROM seen s SEMI JOIN keys USING (key)) GROUP BY key),
        once AS (
            SELECT m.line, m.person, m.ke, CASE
                WHEN why IS NOT NULL THEN why
                WHEN least(a.line, b.line, c.line) < m.line THEN
                    'line ' || least(a.line, b.line, c.line) || ' is about the same person; the first one counts.'
                END AS problem
            FROM matched m LEFT JOIN firsts a ON a.key = {mine} LEFT JOIN firsts b ON b.key = m.kp
            LEFT JOIN firsts c ON c.key = CASE WHEN m.person IS NULL THEN {also} END),
        addresses AS (
            SELECT key, min(line) AS line FROM (
                SELECT ke AS key, line FROM once WHERE problem IS NULL AND ke IS NOT NULL
                UNION ALL SELECT s.key, s.line FROM seen s SEMI JOIN keys USING (key)) GROUP BY key)
        SELECT o.line, o.person, CASE
            WHEN o.problem IS NOT NULL THEN o.problem
            WHEN o.person IS NULL AND d.line < o.line THEN
                'default_email: line ' || d.line || ' has this address already, so it would be a second person with it.'
            END AS problem
        FROM once o LEFT JOIN addresses d ON d.key = o.ke"""
