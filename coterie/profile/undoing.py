"""Taking back single changes of a person: whatever is still as the change left it becomes what it was before."""

from collections.abc import Iterable, Mapping
from typing import Any

from coterie.accounts.models import Workspace
from coterie.core.ids import from_public
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import JournalEntry, Kind
from coterie.people.attributes import Value
from coterie.people.many import Locked, ban, lock, patch, same
from coterie.profile import notes
from coterie.profile.editing import Gone, Made, locked_chat, write_session
from coterie.segments.membership import join, leave
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import Segment

# What can be taken back from a person's page. Merges and deletions have pages of their own.
UNDOABLE = (
    Kind.SET,
    Kind.UNSET,
    Kind.JOINED,
    Kind.LEFT,
    Kind.BANNED,
    Kind.UNBANNED,
    Kind.SESSION,
    Kind.NOTED,
)


class Changed(Exception):
    """Nothing was taken back, because it was changed again since, or cannot be as it was."""


class NotYours(Exception):
    """Nothing was taken back, because it is about a note of somebody else."""


def undo(workspace: Workspace, actor: str, person_id: int, revisions: Iterable[int], *, any_note: bool = False) -> Made:
    """Takes back what these journal entries did to the person, newest first, all or nothing.

    Notes are changed by who wrote them only, and removed or brought back by them or, with `any_note`, by anybody.
    Raises Gone for a person who is not there, Changed and NotYours. Entries of others mean nothing. What is as it was
    already is left, so undoing twice is harmless. The undo makes entries of its own, which can be undone.
    """
    wanted = set(revisions)

    def work(tx: Transaction) -> Transaction:
        if person_id not in lock(tx, [person_id], values=False):
            raise Gone
        entries = JournalEntry.objects.filter(
            workspace_id=tx.workspace_id, person_id=person_id, revision__in=wanted, kind__in=UNDOABLE
        )
        found = list(entries.order_by("-revision"))
        if not found:
            raise Changed
        for entry in found:
            # Read again each time: the one before may have changed the same values.
            _take_back(tx, person_id, lock(tx, [person_id])[person_id], entry, any_note)
        return tx

    return list(commit(workspace.pk, actor, work).revisions)


def _take_back(tx: Transaction, person_id: int, person: Locked, entry: JournalEntry, any_note: bool) -> None:
    before, after = entry.before or {}, entry.after or {}
    match entry.kind:
        case Kind.SET | Kind.UNSET:
            patch(tx, {person_id: person}, {person_id: wishes(person.attributes, before, after)})
        case Kind.SESSION:
            _session(tx, person_id, before, after)
        case Kind.BANNED | Kind.UNBANNED:
            ban(tx, [person_id], entry.kind == Kind.UNBANNED)
        case Kind.JOINED | Kind.LEFT:
            _segment(tx, person_id, (after or before).get("segment", ""), entry.kind == Kind.LEFT)
        case Kind.NOTED:
            _note(tx, person_id, before, after, any_note)


def wishes(
    current: Mapping[str, Value], before: Mapping[str, Value], after: Mapping[str, Value]
) -> dict[str, Value | None]:
    """What to write so that all is as before; raises Changed unless each is as it was left, or as before already."""
    found: dict[str, Value | None] = {}
    for key in before.keys() | after.keys():
        if same(current.get(key), before.get(key)):
            continue
        if not same(current.get(key), after.get(key)):
            raise Changed
        found[key] = before.get(key)
    return found


def _session(tx: Transaction, person_id: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    chat_id = from_public((after or before).get("chat", "")) or 0
    attributes = locked_chat(tx, person_id, chat_id)
    wish = wishes(attributes, before.get("values", {}), after.get("values", {}))
    if wish:
        write_session(tx, person_id, chat_id, attributes, wish)


def _segment(tx: Transaction, person_id: int, public_id: str, into: bool) -> None:
    segment_id = from_public(public_id) or 0
    segment = Segment.objects.filter(workspace_id=tx.workspace_id, id=segment_id, kind=SegmentKind.MANUAL)
    if not segment.exists():
        raise Changed
    (join if into else leave)(tx, segment_id, [person_id], tx.at)


def _note(tx: Transaction, person_id: int, before: Mapping[str, Any], after: Mapping[str, Any], any_note: bool) -> None:
    note_id = from_public((after or before).get("note", "")) or 0
    note = notes.notes_of(tx.workspace_id, [note_id]).get(note_id)
    if (note.text if note else None) == before.get("text"):
        return
    if (note.text if note else None) != after.get("text"):
        raise Changed
    rewritten = bool(before and after)
    if (note.author if note else before["author"]) != tx.actor and (rewritten or not any_note):
        raise NotYours
    if note is None:
        notes.put(tx, person_id, note_id, before["text"], before["author"])
    else:
        notes.rewrite(tx, note, before.get("text"))
