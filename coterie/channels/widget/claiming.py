"""What somebody did before the page knew them belongs to the person they turn out to be.

Nobody of that user id is there yet: the visitor gets it. Otherwise the visitor's chats, segments, history and values go
to the person who is there, for good: unlike two people whom a member merged (`merging`), they were proved to be one.
Either way the visitor's own id leads nowhere afterwards, so their old token, which may have stayed on a computer that
others use, opens no chat of the person.
"""

from django.db import connection

from coterie.channels.models import Channel
from coterie.channels.widget.visitors import UNKNOWN
from coterie.core.ids import to_public
from coterie.journal.commit import Collision, Transaction, commit
from coterie.journal.models import Kind
from coterie.merging.merge import tables_with_origin
from coterie.people import tombstones
from coterie.people.changes import People
from coterie.people.identities import Known, find
from coterie.people.many import take_out
from coterie.people.models import Identity, Person, Share
from coterie.people.shares import Shares
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import Membership, Segment
from coterie.segments.moves import move


def claim(channel: Channel, visitor: str, user_id: str) -> None:
    """Gives the unknown visitor's history on this channel to the person of that user id. Again, it does nothing."""
    identities = Identity.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id, native_id=visitor)
    if visitor.startswith(UNKNOWN) and identities.exists():
        commit(
            channel.workspace_id, f"channel:{channel.public_id}", lambda tx: _claim(tx, channel.id, visitor, user_id)
        )


def _claim(tx: Transaction, channel_id: int, visitor: str, user_id: str) -> None:
    theirs, known = find(tx, channel_id, visitor), find(tx, channel_id, user_id)
    if theirs is None or theirs.origin_id is not None:
        return  # There is nothing, or a member has already said who that was.
    people = People.lock(tx, {theirs.person_id, known.person_id if known else theirs.person_id})
    if theirs.person_id not in people or (known and known.person_id not in people):
        raise Collision("somebody was deleted while we waited for their row")
    unknown = people[theirs.person_id]
    if unknown.user_id != visitor or (known and known.person_id == unknown.id) or _is_several(tx, unknown):
        return
    if known:
        _readdress(tx, channel_id, visitor, user_id)
        _hand_over(tx, people, unknown, known)
    elif not tombstones.refused(tx.workspace_id, channel_id, [user_id], {}):
        # The person stays the same and is known by another id from now on.
        _readdress(tx, channel_id, visitor, user_id)
        people.rename(unknown, user_id)


def _is_several(tx: Transaction, person: Person) -> bool:
    return Share.objects.filter(workspace_id=tx.workspace_id, survivor_id=person.id).exists()


def _readdress(tx: Transaction, channel_id: int, visitor: str, user_id: str) -> None:
    """The visitor's address becomes that of the user id, if there is none yet; else it goes."""
    here = Identity.objects.filter(workspace_id=tx.workspace_id, channel_id=channel_id)
    if here.filter(native_id=user_id).exists():
        here.filter(native_id=visitor).delete()
    else:
        here.filter(native_id=visitor).update(native_id=user_id)


def _hand_over(tx: Transaction, people: People, unknown: Person, who: Known) -> None:
    """What is known of both counts as the known person said it; the unknown one's row goes."""
    known = people[who.person_id]
    shares = Shares.of(tx, [known.id] if who.origin_id is not None else [])
    if who.origin_id is not None:
        shares.notice(known)
    _move_segments(tx, shares, unknown, who)
    gaps = {key: value for key, value in unknown.attributes.items() if key not in known.attributes}
    at, seen = unknown.written_at or tx.at, unknown.last_seen or unknown.created_at
    written = people.set(known, gaps, at)
    people.seen(known, seen)
    known.created_at = min(known.created_at, unknown.created_at)
    known.chats += unknown.chats
    known.banned = known.banned or unknown.banned
    if who.origin_id is not None:
        shares.learn(known, who.origin_id, gaps, at, written)
        shares.saw(who.origin_id, seen)
        shares.began(who.origin_id, unknown.chats)
    _move_rows(tx, unknown, who)
    people.save()
    shares.save()
    tx.record(unknown.id, Kind.MERGED, None, {"into": to_public(known.id)})


def _move_segments(tx: Transaction, shares: Shares, unknown: Person, who: Known) -> None:
    """Into the manual ones; rules decide anew."""
    memberships = Membership.objects.filter(workspace_id=tx.workspace_id, person_id=unknown.id)
    inside = list(memberships.values_list("segment_id", flat=True))
    segments = Segment.objects.filter(workspace_id=tx.workspace_id, id__in=inside, kind=SegmentKind.MANUAL)
    by_hand = list(segments.values_list("id", flat=True))
    cause = {"merged": to_public(who.person_id)}
    move(
        tx,
        [(segment_id, who.person_id) for segment_id in by_hand],
        [(segment_id, unknown.id) for segment_id in inside],
        lambda _: cause,
    )
    if who.origin_id is not None:
        for segment_id in by_hand:
            shares.moved(who.person_id, who.origin_id, segment_id, True)


def _move_rows(tx: Transaction, unknown: Person, who: Known) -> None:
    """Addresses, chats, notes and the history of the unknown one are the known one's from now on."""
    with connection.cursor() as cursor:
        for table in tables_with_origin():
            cursor.execute(
                f"UPDATE {table} SET person_id = %s, origin_id = %s WHERE workspace_id = %s AND person_id = %s",
                [who.person_id, who.origin_id, tx.workspace_id, unknown.id],
            )
        cursor.execute(
            "UPDATE journal_journalentry SET person_id = %s WHERE workspace_id = %s AND person_id = %s",
            [who.person_id, tx.workspace_id, unknown.id],
        )
    take_out(tx, [unknown.id])
