"""The filters that are measured: as our view, and as the plain SQL that somebody with DuckDB would write by hand."""

from dataclasses import dataclass, field
from typing import Any as Value

import duckdb

from coterie.accounts.models import Workspace
from coterie.audience.tree import All, Any, Condition, Node
from coterie.audience.view import View
from coterie.core.ids import to_public
from coterie.segments.models import Segment

_FIVE = (
    Condition("default_country", "is", ("Germany",)),
    Condition("default_city", "is", ("Seattle",)),
    Condition("default_email", "contains", ("miller",)),
    Condition("plan", "is", ("team",)),
    Condition("chats", "gte", ("5",)),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One filter. `where` is the hand-written condition over the table `people`, `values` what it binds."""

    name: str
    view: View
    where: str
    values: list[Value] = field(default_factory=list)

    @property
    def count_sql(self) -> str:
        """How many."""
        return f"SELECT count(*) FROM people WHERE {self.where}"

    @property
    def page_sql(self) -> str:
        """The newest 50."""
        return f"SELECT * FROM people WHERE {self.where} ORDER BY last_seen DESC NULLS LAST, id DESC LIMIT 50"


def questions_of(workspace: Workspace, raw: duckdb.DuckDBPyConnection) -> list[Question]:
    """The filters, about a segment and an address that are there."""
    segment = Segment.objects.filter(workspace=workspace).order_by("id").first()
    row = raw.execute("SELECT email FROM people WHERE email IS NOT NULL ORDER BY id LIMIT 1 OFFSET 1000").fetchone()
    assert segment is not None and row is not None, "the demo has segments and e-mail addresses"
    return questions(segment.id, row[0])


def questions(segment_id: int, email: str) -> list[Question]:
    """Twelve filters, from trivial to nasty. `email` is somebody's address."""
    is_ = Condition
    return [
        Question("no filter", View(), "true"),
        Question("equality", _all(is_("default_country", "is", ("Poland",))), "country = 'Poland'"),
        Question("contains", _all(is_("default_email", "contains", ("miller",))), "email ILIKE '%miller%'"),
        Question(
            "match any over 5",
            View("any", _FIVE),
            "country = 'Germany' OR city = 'Seattle' OR email ILIKE '%miller%'"
            " OR custom['plan']::VARCHAR = 'team' OR chats >= 5",
        ),
        Question("custom attribute", _all(is_("plan", "is", ("pro",))), "custom['plan']::VARCHAR = 'pro'"),
        Question("custom number", _all(is_("orders", "gte", ("20",))), "custom['orders']::DOUBLE >= 20"),
        Question(
            "segment",
            _all(is_("segment", "in", (to_public(segment_id),))),
            "id IN (SELECT person_id FROM memberships WHERE segment_id = ?)",
            [segment_id],
        ),
        Question("exact e-mail", _all(is_("default_email", "is", (email,))), "email = ?", [email]),
        Question("prefix", _all(is_("default_name", "starts_with", ("Ann",))), "name LIKE 'Ann%'"),
        Question(
            "relative date",
            _all(is_("lastSeen", "in_last", ("30 days",))),
            "last_seen >= (now() AT TIME ZONE 'UTC') - INTERVAL 30 DAY",
        ),
        Question(
            "country and language",
            _all(is_("default_country", "is", ("United States",)), is_("default_language", "is", ("English",))),
            "country = 'United States' AND language = 'English'",
        ),
        Question(
            "nested groups",
            View("all", (Any((All(_FIVE[:1]), _FIVE[1])), is_("banned", "is_false"))),
            "(country = 'Germany' OR city = 'Seattle') AND NOT banned",
        ),
    ]


def _all(*children: Node) -> View:
    return View(children=children)
