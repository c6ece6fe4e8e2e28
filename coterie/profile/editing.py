"""Changing one value of a person, or of one of their chats, as somebody who saw another may.

Whoever edits says what they saw. If the value is another one by now, nothing is changed and they are told; if it is the
wished one already, that is fine, so sending a form twice is harmless.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from coterie.accounts.models import Workspace
from coterie.audience import counts
from coterie.audience.models import Scope
from coterie.chats.models import Chat
from coterie.core.bulk import update
from coterie.core.ids import to_public
from coterie.journal.commit import Transaction, commit
from coterie.journal.models import Kind
from coterie.people.attributes import Value
from coterie.people.many import ban, lock, patch, same
from coterie.segments import membership


class Gone(LookupError):
    """The person, or the chat, is not there any more."""


class Meanwhile(Exception):
    """Somebody else changed the value after it was seen; `current` is what it is now (None: there is none)."""

    def __init__(self, current: Value | None) -> None:
        super().__init__("the value was changed meanwhile")
        self.current = current


# The revisions of the journal entries that a change made; none when everything was so already.
Made = list[int]


def change_value(
    workspace: Workspace, actor: str, person_id: int, key: str, seen: Value | None, wish: Value | None
) -> Made:
    """Sets an attribute, or removes it (None). The value must be clean. Raises Gone and Meanwhile."""

    def work(tx: Transaction) -> Transaction:
        people = lock(tx, [person_id])
        if person_id not in people:
            raise Gone
        if _is_new(people[person_id].attributes.get(key), seen, wish):
            patch(tx, people, {person_id: {key: wish}})
        return tx

    return _made(workspace, actor, work)


def change_session_value(
    workspace: Workspace, actor: str, person_id: int, chat_id: int, key: str, seen: Value | None, wish: Value | None
) -> Made:
    """The same for a value that a chat of the person collected."""

    def work(tx: Transaction) -> Transaction:
        attributes = locked_chat(tx, person_id, chat_id)
        if _is_new(attributes.get(key), seen, wish):
            write_session(tx, person_id, chat_id, attributes, {key: wish})
        return tx

    return _made(workspace, actor, work)


def set_banned(workspace: Workspace, actor: str, person_id: int, banned: bool) -> Made:
    """Bans the person, or lifts the ban. Raises Gone."""
    return _made(
        workspace, actor, partial(_with_person, person_id=person_id, do=lambda tx: ban(tx, [person_id], banned))
    )


def join(workspace: Workspace, actor: str, person_id: int, segment_ids: list[int]) -> Made:
    """Puts the person in manual segments. Raises Gone and ByRule."""

    def do(tx: Transaction) -> None:
        for segment_id in sorted(segment_ids):
            membership.join(tx, segment_id, [person_id], tx.at)

    return _made(workspace, actor, partial(_with_person, person_id=person_id, do=do))


def leave(workspace: Workspace, actor: str, person_id: int, segment_id: int) -> Made:
    """Takes the person out of a manual segment. Raises Gone and ByRule."""

    def do(tx: Transaction) -> None:
        membership.leave(tx, segment_id, [person_id], tx.at)

    return _made(workspace, actor, partial(_with_person, person_id=person_id, do=do))


def locked_chat(tx: Transaction, person_id: int, chat_id: int) -> dict[str, Value]:
    """The values of a chat of the person, both locked. Raises Gone."""
    if person_id not in lock(tx, [person_id], values=False):
        raise Gone
    chats = Chat.objects.filter(workspace_id=tx.workspace_id, person_id=person_id, id=chat_id)
    chat = chats.select_for_update().first()
    if chat is None:
        raise Gone
    return dict(chat.attributes)


def write_session(
    tx: Transaction, person_id: int, chat_id: int, attributes: Mapping[str, Value], wishes: Mapping[str, Value | None]
) -> None:
    """New values (None: none any more) for a locked chat that has `attributes`; the journal keeps those before."""
    after = {key: value for key, value in attributes.items() if key not in wishes}
    after |= {key: value for key, value in wishes.items() if value is not None}
    having: Counter[str] = Counter()
    counts.differences(attributes, after, having)
    counts.count(tx, having, Scope.SESSION)
    update("chats_chat", ("attributes",), ("workspace_id", "id"), [(after, tx.workspace_id, chat_id)])
    chat = to_public(chat_id)
    former = {key: attributes[key] for key in wishes if key in attributes}
    new = {key: value for key, value in wishes.items() if value is not None}
    tx.record(person_id, Kind.SESSION, {"chat": chat, "values": former}, {"chat": chat, "values": new})


def _is_new(current: Value | None, seen: Value | None, wish: Value | None) -> bool:
    """Whether the wish changes anything; raises Meanwhile."""
    if same(current, wish):
        return False
    if not same(current, seen):
        raise Meanwhile(current)
    return True


def _with_person(tx: Transaction, person_id: int, do: Callable[[Transaction], object]) -> Transaction:
    if person_id not in lock(tx, [person_id], values=False):
        raise Gone
    do(tx)
    return tx


def _made(workspace: Workspace, actor: str, work: Callable[[Transaction], Transaction]) -> Made:
    return list(commit(workspace.pk, actor, work).revisions)
