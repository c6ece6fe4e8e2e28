"""Two native ids of one human: an anonymous visitor who then says who they are."""

from collections.abc import Iterable

from coterie.channels.models import Channel
from coterie.core.bulk import insert_missing
from coterie.core.ids import new_ids
from coterie.journal.commit import Transaction, commit
from coterie.people import tombstones
from coterie.people.changes import People
from coterie.people.identities import Known, by_user_id, on_channel
from coterie.people.models import Person

Pair = tuple[str, str]
# What the native ids begin with that a device made up for a visitor. Nobody's user id does, so whoever knows the user
# id of somebody cannot pass it off as that of a visitor and so take their place.
ANONYMOUS = "anonymous:"


def link(channel: Channel, pairs: Iterable[Pair], *, vouched: bool = False) -> list[Pair]:
    """Has both ids of each pair lead to one person; returns the pairs of which nobody is known yet.

    The second id of a pair is the lasting one: a visitor who was known by the first alone is called by it from now on.
    Two people who are both known already stay two, and whoever has a lasting id gets no second one. Nobody gets the id
    of somebody who was erased.
    `vouched`: it is the platform itself that says so, not whoever sends, so anybody is called by the lasting id, not
    visitors only.
    """
    pairs = [pair for pair in dict.fromkeys(pairs) if all(pair) and pair[0] != pair[1]]
    if not pairs:
        return []
    return commit(channel.workspace_id, f"channel:{channel.public_id}", lambda tx: _link(tx, channel, pairs, vouched))


def _link(tx: Transaction, channel: Channel, pairs: list[Pair], vouched: bool) -> list[Pair]:
    natives = {native for pair in pairs for native in pair}
    gone = tombstones.refused(tx.workspace_id, channel.id, natives, {})
    pairs = [pair for pair in pairs if not gone.intersection(pair)]
    known = on_channel(tx, channel.id, natives)
    # Somebody may have that user id from another channel.
    elsewhere = by_user_id(tx, natives)
    unknown: list[Pair] = []
    added: dict[str, Known] = {}
    renamed: dict[int, str] = {}
    ids = {one.person_id for one in known.values()}
    called = dict(Person.objects.filter(workspace_id=tx.workspace_id, id__in=ids).values_list("id", "user_id"))
    for former, lasting in pairs:
        one, other = known.get(former), known.get(lasting) or elsewhere.get(lasting)
        if one is None and other is None:
            unknown.append((former, lasting))
        elif other is not None:
            if one is None:
                added[former] = known[former] = other
            if lasting not in known:
                added[lasting] = known[lasting] = other
        # Somebody who is called something else already is another human on the same device.
        elif one is not None and called.get(one.person_id) == former:
            added[lasting] = known[lasting] = one
            # Of several who were merged each keeps the id that they would have alone.
            if one.origin_id is None and (vouched or former.startswith(ANONYMOUS)):
                called[one.person_id] = renamed[one.person_id] = lasting
    _add(tx, channel, added)
    people = People.lock(tx, renamed)
    for person in people:
        people.rename(person, renamed[person.id])
    return unknown


def _add(tx: Transaction, channel: Channel, added: dict[str, Known]) -> None:
    insert_missing(
        "people_identity",
        ("workspace_id", "id", "channel_id", "native_id", "person_id", "origin_id", "created_at"),
        (
            (tx.workspace_id, row_id, channel.id, native, who.person_id, who.origin_id, tx.at)
            for row_id, (native, who) in zip(new_ids(len(added)), added.items(), strict=True)
        ),
    )
