"""Taking people apart who were merged: each gets back what is theirs, also what came since."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from coterie.accounts.models import Workspace
from coterie.core.ids import from_public, new_id, to_public
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Kind
from coterie.merging.merge import NotPossible, Together, latest, note, tables_with_origin
from coterie.people.changes import People
from coterie.people.many import put_back
from coterie.people.models import Person, Share
from coterie.people.shares import Shares, owner_of
from coterie.segments.membership import by_hand_of
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import Segment
from coterie.segments.moves import move

SPLIT = "split"


def merged_into(workspace: Workspace, survivor_id: int) -> list[Share]:
    """Whoever was merged into this person and could be taken out, in that order: one query."""
    rows = Share.objects.filter(workspace=workspace, survivor_id=survivor_id).exclude(id=survivor_id)
    return list(rows.order_by("merged_at", "id"))


def split(workspace: Workspace, actor: str, survivor_id: int, other_id: int) -> None:
    """Takes the other out of the survivor again. Raises NotPossible; then nothing was changed.

    Chats, addresses and values that came by the other's addresses since are the other's, and so are notes that were
    written about them before. Whatever a member changed since stays with the survivor.
    """
    operation_id = new_id()

    def work(tx: Transaction) -> None:
        _split(tx, survivor_id, other_id)
        note(tx, operation_id, SPLIT, "Take two people apart")

    commit(workspace.pk, actor, work, operation_id=operation_id)


def _split(tx: Transaction, survivor_id: int, other_id: int) -> None:
    people = People.lock(tx, [survivor_id])
    shares = Shares.of(tx, [survivor_id])
    if survivor_id not in people or other_id == survivor_id or other_id not in shares.by_id:
        raise NotPossible("These two are not merged (any more). Look again.")
    survivor, other = people[survivor_id], shares.by_id[other_id]
    present = by_hand_of(tx, [survivor_id])[survivor_id]
    shares.notice(survivor)
    shares.notice_segments(survivor_id, present)
    rest = [share for share in shares.others(survivor_id) if share.id != other_id]
    staying, segments = _rest(shares, survivor, other, rest)
    _bring_back(tx, other)
    _hand_back(tx, survivor_id, [other_id] if rest else [other_id, survivor_id])
    people.become(survivor, staying, _banned(shares, survivor, other, rest))
    people.save()
    _move_segments(tx, survivor_id, other, present, segments)
    gone = [other_id] if rest else [other_id, survivor_id]
    if rest:
        shares.remember(survivor)
        shares.save()
    Share.objects.filter(workspace_id=tx.workspace_id, id__in=gone).delete()
    tx.record(other_id, Kind.SPLIT, None, {"from": to_public(survivor_id)})
    tx.record(survivor_id, Kind.SPLIT, None, {"person": to_public(other_id)})


def _rest(shares: Shares, survivor: Person, other: Share, rest: Sequence[Share]) -> tuple[Together, dict[str, str]]:
    """The survivor without the other, and the manual segments (→ since when) they are then in."""
    own, whole = shares.own(survivor.id), shares.whole(survivor.id)
    alone = [own, *rest]
    if not rest:
        together = Together(own.attributes, own.created_at, own.last_seen, own.chats, own.written_at)
        return together, dict(own.segments)
    attributes = dict(survivor.attributes)
    for key in [key for key in attributes if owner_of(whole, key) == other.id]:
        heirs = [share for share in alone if key in share.attributes]
        if heirs:
            attributes[key] = heirs[0].attributes[key]
            _inherit(whole["whose"], key, heirs[0], survivor.id)
        else:
            del attributes[key], whole["whose"][key]
    segments: dict[str, str] = {}
    for share in alone:
        segments = dict(share.segments) | segments
        for segment in share.segments:
            whole["segments"].setdefault(segment, "" if share.id == survivor.id else to_public(share.id))
    whole["segments"] = {segment: whose for segment, whose in whole["segments"].items() if segment in segments}
    return Together(
        attributes,
        min(share.created_at for share in alone),
        latest(*(share.last_seen for share in alone)),
        sum(share.chats for share in alone),
        latest(*(share.written_at for share in alone)),
    ), segments


def _inherit(whose: dict[str, str], key: str, heir: Share, survivor_id: int) -> None:
    if heir.id == survivor_id:
        del whose[key]
    else:
        whose[key] = to_public(heir.id)


def _banned(shares: Shares, survivor: Person, other: Share, rest: Sequence[Share]) -> bool:
    """A ban that only the other brought goes with them."""
    return survivor.banned and any(share.banned for share in (shares.own(survivor.id), *rest))


def _bring_back(tx: Transaction, other: Share) -> None:
    """The other's row, as they would be alone by now."""
    columns = ("id", "user_id", "attributes", "banned", "created_at", "last_seen", "chats", "written_at")
    saved: dict[str, Any] = {column: getattr(other, column) for column in columns} | {"identities": []}
    if not put_back(tx, {other.id: saved}):
        raise NotPossible(
            f"Somebody new has the user id “{other.user_id}” by now. Delete them or change their user id first."
        )


def _hand_back(tx: Transaction, survivor_id: int, owners: Sequence[int]) -> None:
    """Addresses, chats and notes go to whose they are."""
    with connection.cursor() as cursor:
        for table in tables_with_origin():
            for owner in owners:
                cursor.execute(
                    f"UPDATE {table} SET person_id = %s, origin_id = NULL"
                    " WHERE workspace_id = %s AND person_id = %s AND origin_id = %s",
                    [owner, tx.workspace_id, survivor_id, owner],
                )


def _move_segments(
    tx: Transaction, survivor_id: int, other: Share, present: Mapping[str, str], staying: Mapping[str, str]
) -> None:
    """Both are in the manual segments that are theirs. Segments that are gone, or filled by rules now, are left out."""
    by_hand = Segment.with_removed.filter(workspace_id=tx.workspace_id, kind=SegmentKind.MANUAL)
    there = set(by_hand.values_list("id", flat=True))
    ids = {text: row_id for text in {*present, *staying, *other.segments} if (row_id := from_public(text)) in there}
    joining = [(ids[text], other.id) for text in other.segments if text in ids]
    joining += [(ids[text], survivor_id) for text in staying.keys() - present.keys() if text in ids]
    leaving = [(ids[text], survivor_id) for text in present.keys() - staying.keys() if text in ids]
    cause = {"split": to_public(survivor_id)}
    move(tx, joining, leaving, lambda _: cause)
    for text in other.segments.keys() & ids.keys():
        _since(tx, ids[text], other.id, other.segments[text])


def _since(tx: Transaction, segment_id: int, person_id: int, joined_at: str) -> None:
    """They are in it since then, not since now."""
    stored = joined_at.removesuffix("+00:00") if connection.vendor == "sqlite" else joined_at
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE segments_membership SET joined_at = %s"
            " WHERE workspace_id = %s AND segment_id = %s AND person_id = %s",
            [stored, tx.workspace_id, segment_id, person_id],
        )
