"""What rule segments hold, what they should hold, and why."""

import datetime as dt
import secrets
from collections import Counter
from zoneinfo import ZoneInfo

from coterie.accounts.models import Workspace
from coterie.audience import columns
from coterie.audience.tree import All, Any, Condition, Node, Not
from coterie.core.ids import from_public
from coterie.journal.commit import commit
from coterie.journal.models import JournalEntry
from coterie.people.changes import People
from coterie.people.models import Person
from coterie.segments.models import Membership, Segment
from coterie.segments.rules import create_rule, rule_of
from tests.audience.evaluator import Evaluator, Someone

POLAND = Condition("default_country", "is", ("Poland",))
PRO = Condition("plan", "is", ("pro",))


def is_in(*segments: Segment) -> Condition:
    return Condition("segment", "in", tuple(segment.public_id for segment in segments))


def rule(workspace: Workspace, node: Node, name: str | None = None) -> Segment:
    return create_rule(workspace, name or f"Rule {secrets.token_hex(4)}", node, "member:1")


def members(segment: Segment) -> set[int]:
    """Who is in it, in the system of record."""
    rows = Membership.objects.filter(workspace_id=segment.workspace_id, segment_id=segment.id)
    return set(rows.values_list("person_id", flat=True))


def again(segment: Segment) -> Segment:
    """The segment as it is now."""
    return Segment.with_removed.get(workspace_id=segment.workspace_id, id=segment.id)


def entries(workspace: Workspace, *kinds: str) -> list[JournalEntry]:
    found = JournalEntry.objects.filter(workspace=workspace, kind__in=kinds or ("joined", "left"))
    return list(found.order_by("revision"))


def change(workspace: Workspace, person: Person, **values: object) -> None:
    """Sets values; None removes one."""

    def work(tx):
        people = People.lock(tx, [person.id])
        one = people[person.id]
        people.set(one, {key: value for key, value in values.items() if value is not None}, tx.at)
        people.unset(one, [key for key, value in values.items() if value is None])
        people.save()

    commit(workspace.pk, "test", work)


def seen(workspace: Workspace, person: Person, at: dt.datetime) -> None:
    def work(tx):
        people = People.lock(tx, [person.id])
        people[person.id].last_seen = None
        people.seen(people[person.id], at)
        people.save()

    commit(workspace.pk, "test", work)


def expected(workspace: Workspace, moment: dt.datetime) -> dict[str, set[int]]:
    """Name → people of every rule segment that can be evaluated, by the slow evaluator, rules on rules resolved."""
    segments = {one.public_id: one for one in Segment.objects.filter(workspace=workspace)}
    inside: dict[int, set[str]] = {}
    for segment in segments.values():
        for person_id in members(segment) if not segment.is_rule or segment.broken else ():
            inside.setdefault(person_id, set()).add(segment.public_id)
    known = columns.catalogue(workspace.pk)
    evaluator = Evaluator(
        {column.key: column.type.value for column in (*known.columns, *known.hidden.values())},
        moment,
        ZoneInfo(workspace.time_zone),
    )
    people = [
        Someone(
            p.id, p.user_id, p.banned, p.created_at, p.last_seen, p.chats, p.attributes, frozenset(inside.get(p.id, ()))
        )
        for p in Person.objects.filter(workspace=workspace)
    ]
    return {
        segment.name: {p.id for p in people if evaluator.matches(_resolved(rule_of(segment), segments), p)}
        for segment in segments.values()
        if segment.is_rule and not segment.broken
    }


def _resolved(node: Node, segments: dict[str, Segment]) -> Node:
    """With the rules themselves where rule segments are named; broken ones hold whom they held."""
    match node:
        case Condition("segment", rule_key, values):
            parts = [
                _resolved(rule_of(segments[value]), segments)
                if segments[value].is_rule and not segments[value].broken
                else Condition("segment", "in", (value,))
                for value in values
            ]
            return Not(Any(tuple(parts))) if rule_key == "not_in" else Any(tuple(parts))
        case All(children):
            return All(tuple(_resolved(child, segments) for child in children))
        case Any(children):
            return Any(tuple(_resolved(child, segments) for child in children))
        case Not(child):
            return Not(_resolved(child, segments))
        case _:
            return node


def actual(workspace: Workspace) -> dict[str, set[int]]:
    """Name → people of every rule segment that is not broken."""
    return {one.name: members(one) for one in Segment.objects.filter(workspace=workspace, kind="rule", broken="")}


def assert_explained(workspace: Workspace) -> None:
    """Every joined and left entry of a rule names what caused it, and together they are who is in now."""
    everything = {entry.revision: entry for entry in JournalEntry.objects.filter(workspace=workspace)}
    assert sorted(everything) == list(range(1, len(everything) + 1))
    replayed: Counter[tuple[int, int]] = Counter()
    for entry in entries(workspace):
        data = entry.after or entry.before
        pair = (from_public(data["segment"]), entry.person_id)
        replayed[pair] += 1 if entry.kind == "joined" else -1
        assert replayed[pair] in (0, 1), "somebody joined twice, or left without being in"
        if entry.actor != "rules":
            continue
        assert data["because"] < entry.revision
        if "why" in data:
            assert data["why"] in ("rule", "time")
        else:
            cause = everything[data["because"]]
            assert (cause.person_id, cause.actor != "rules") == (entry.person_id, True)
    now = set(Membership.objects.filter(workspace=workspace).values_list("segment_id", "person_id"))
    assert {pair for pair, there in replayed.items() if there} == now
