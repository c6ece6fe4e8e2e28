"""Two native ids of one human: an anonymous visitor who then says who they are."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from coterie.channels.models import Channel
from coterie.core.bulk import insert_missing
from coterie.core.ids import new_ids
from coterie.journal.commit import Transaction, commit
from coterie.merging.merge import NotPossible, merge_attested
from coterie.people import tombstones
from coterie.people.changes import People
from coterie.people.identities import Known, by_user_id, on_channel
from coterie.people.models import Person

Pair = tuple[str, str]
# What the native ids begin with that a device made up for a visitor. Nobody's user id does, so whoever knows the user
# id of somebody cannot pass it off as that of a visitor and so take their place.
ANONYMOUS = "anonymous:"


@dataclass(slots=True)
class _Linked:
    """What came of the pairs: those of which nobody is known, and who is to be merged into whom, with their id."""

    unknown: list[Pair] = field(default_factory=list)
    same: list[tuple[int, int, str]] = field(default_factory=list)


def link(channel: Channel, pairs: Iterable[Pair], *, vouched: bool = False) -> list[Pair]:
    """Has both ids of each pair lead to one person; returns the pairs of which nobody is known yet.

    The second id of a pair is the lasting one: a visitor who was known by the first alone is called by it from now on
    or, if somebody has it already, merged into them, as members merge people (and can take them apart again). Whoever
    has a lasting id gets no second one, and is merged into nobody. Nobody gets the id of somebody who was erased.
    `vouched`: it is the platform itself that says so, not whoever sends, so it counts for anybody who is called by the
    first id, not for visitors only.
    """
    # Nobody turns out to be a visitor.
    pairs = [
        pair for pair in dict.fromkeys(pairs) if all(pair) and pair[0] != pair[1] and not pair[1].startswith(ANONYMOUS)
    ]
    if not pairs:
        return []
    actor = f"channel:{channel.public_id}"
    linked = commit(channel.workspace_id, actor, lambda tx: _link(tx, channel, pairs, vouched))
    for survivor_id, other_id, called in linked.same:
        with suppress(NotPossible):  # Then they stay two, for a member to decide.
            merge_attested(channel.workspace_id, actor, survivor_id, other_id, called, also_banned=vouched)
    return linked.unknown


def _link(tx: Transaction, channel: Channel, pairs: list[Pair], vouched: bool) -> _Linked:
    natives = {native for pair in pairs for native in pair}
    gone = tombstones.refused(tx.workspace_id, channel.id, natives, {})
    pairs = [pair for pair in pairs if not gone.intersection(pair)]
    known = on_channel(tx, channel.id, natives)
    # Somebody may have that user id from another channel.
    elsewhere = by_user_id(tx, natives)
    called = _called(tx, known.values())
    linked = _Linked()
    added: dict[str, Known] = {}
    renamed: dict[int, str] = {}
    for former, lasting in pairs:
        one, other = known.get(former), known.get(lasting) or elsewhere.get(lasting)
        # Whoever is called something else already is another human on the same device.
        alone = one is not None and called.get(one.person_id) == former
        # Of several who were merged each keeps the id that they would have alone.
        nameless = one is not None and alone and one.origin_id is None and (vouched or former.startswith(ANONYMOUS))
        if one is None and other is None:
            linked.unknown.append((former, lasting))
        elif one is not None and other is None and alone:
            added[lasting] = known[lasting] = one
            if nameless:
                called[one.person_id] = renamed[one.person_id] = lasting
        elif other is not None:
            if one is None:
                added[former] = known[former] = other
            elif nameless and one.person_id != other.person_id:
                linked.same.append((other.person_id, one.person_id, former))
            if lasting not in known:
                added[lasting] = known[lasting] = other
    _add(tx, channel, added)
    people = People.lock(tx, renamed)
    for person in people:
        people.rename(person, renamed[person.id])
    return linked


def _called(tx: Transaction, known: Iterable[Known]) -> dict[int, str]:
    """Their user ids by the ids of people."""
    people = Person.objects.filter(workspace_id=tx.workspace_id, id__in={one.person_id for one in known})
    return dict(people.values_list("id", "user_id"))


def _add(tx: Transaction, channel: Channel, added: dict[str, Known]) -> None:
    insert_missing(
        "people_identity",
        ("workspace_id", "id", "channel_id", "native_id", "person_id", "origin_id", "created_at"),
        (
            (tx.workspace_id, row_id, channel.id, native, who.person_id, who.origin_id, tx.at)
            for row_id, (native, who) in zip(new_ids(len(added)), added.items(), strict=True)
        ),
    )
