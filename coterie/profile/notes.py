"""Notes that members write about a person. The journal has every version of them."""

from collections.abc import Iterable

from coterie.accounts.models import Workspace
from coterie.core.ids import to_public
from coterie.core.text import clean
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Kind
from coterie.people.attributes import Refused
from coterie.people.many import lock
from coterie.profile.editing import Gone, Made
from coterie.profile.models import Note

MAX_NOTE = 4_000


def notes_of(workspace_id: int, note_ids: Iterable[int]) -> dict[int, Note]:
    """Notes by id; those that are gone are missing: one query, or none for none."""
    ids = set(note_ids)
    return {note.id: note for note in Note.objects.filter(workspace_id=workspace_id, id__in=ids)} if ids else {}


def find(workspace: Workspace, person_id: int, note_id: int) -> Note | None:
    """A note about the person, or None."""
    return Note.objects.filter(workspace=workspace, person_id=person_id, id=note_id).first()


def add(workspace: Workspace, actor: str, person_id: int, note_id: int, text: str) -> Made:
    """Writes a note under an id that the form brings, so that sending it twice makes one. Raises Gone and Refused."""
    text = checked(text)

    def work(tx: Transaction) -> Transaction:
        if person_id not in lock(tx, [person_id], values=False):
            raise Gone
        if not Note.objects.filter(workspace_id=tx.workspace_id, id=note_id).exists():
            put(tx, person_id, note_id, text, actor)
        return tx

    return list(commit(workspace.pk, actor, work).revisions)


def edit(workspace: Workspace, actor: str, note: Note, text: str | None) -> Made:
    """Other words for a note, or none (None): it is removed. Raises Gone and Refused."""
    text = text if text is None else checked(text)

    def work(tx: Transaction) -> Transaction:
        lock(tx, [note.person_id], values=False)
        found = find(workspace, note.person_id, note.id)
        if found is None:
            raise Gone
        if found.text != text:
            rewrite(tx, found, text)
        return tx

    return list(commit(workspace.pk, actor, work).revisions)


def checked(text: str) -> str:
    """The cleaned text; raises Refused when it is not 1 to 4,000 characters long."""
    text = clean(text)
    if not text:
        raise Refused("note", "write something first.")
    if len(text) > MAX_NOTE:
        raise Refused("note", f"{len(text):,} characters; at most {MAX_NOTE:,}.")
    return text


def put(tx: Transaction, person_id: int, note_id: int, text: str, author: str) -> None:
    """A new note about a locked person, with its entry."""
    note = Note(workspace_id=tx.workspace_id, id=note_id, person_id=person_id, text=text, author=author)
    note.created_at = tx.at
    note.save(force_insert=True)
    tx.record(person_id, Kind.NOTED, None, {"note": to_public(note_id), "text": text, "author": author})


def rewrite(tx: Transaction, note: Note, text: str | None) -> None:
    """Other words for a note about a locked person, or none: it goes. With its entry."""
    rows = Note.objects.filter(workspace_id=tx.workspace_id, id=note.id)
    former = {"note": note.public_id, "text": note.text, "author": note.author}
    if text is None:
        rows.delete()
        tx.record(note.person_id, Kind.NOTED, former)
    else:
        rows.update(text=text, edited_at=tx.at)
        tx.record(note.person_id, Kind.NOTED, former, {**former, "text": text})
