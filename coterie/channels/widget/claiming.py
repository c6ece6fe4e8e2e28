"""What somebody did before the page knew them belongs to the person they turn out to be.

Nobody of that user id is there yet: the visitor gets it. Otherwise the visitor's chats, segments and values go to the
person who is there. Either way the visitor's own id leads nowhere afterwards, so their old token, which may have stayed
on a computer that others use, opens no chat of the person.
"""

from django.db import connection

from coterie.channels.models import Channel
from coterie.channels.widget.visitors import UNKNOWN
from coterie.core.ids import to_public
from coterie.journal.commit import Collision, Transaction, commit
from coterie.journal.models import Kind
from coterie.people.changes import People
from coterie.people.many import take_out
from coterie.people.models import Identity, Person
from coterie.segments.models import Kind as SegmentKind
from coterie.segments.models import Membership, Segment
from coterie.segments.moves import move


def claim(channel: Channel, visitor: str, user_id: str) -> None:
    """Gives the unknown visitor's history on this channel to the person of that user id. Again, it does nothing."""
    if not visitor.startswith(UNKNOWN) or not _identity(channel, visitor):
        return
    commit(channel.workspace_id, f"channel:{channel.public_id}", lambda tx: _claim(tx, channel, visitor, user_id))


def _identity(channel: Channel, native_id: str) -> Identity | None:
    rows = Identity.objects.filter(workspace_id=channel.workspace_id, channel_id=channel.id, native_id=native_id)
    return rows.first()


def _claim(tx: Transaction, channel: Channel, visitor: str, user_id: str) -> None:
    theirs = _identity(channel, visitor)
    if theirs is None:
        return
    own = _identity(channel, user_id)
    rows = Person.objects.filter(workspace_id=tx.workspace_id)
    known = own.person_id if own else rows.filter(user_id=user_id).values_list("id", flat=True).first()
    people = People.lock(tx, {theirs.person_id, known or theirs.person_id})
    if theirs.person_id not in people or (known is not None and known not in people):
        raise Collision("somebody was deleted while we waited for their row")
    unknown = people[theirs.person_id]
    if unknown.user_id != visitor or known == unknown.id:
        return  # A member has already said who that was.
    if known is None:
        _name(tx, theirs, unknown, user_id)
    else:
        others = Identity.objects.filter(workspace_id=tx.workspace_id, person_id=unknown.id).exclude(id=theirs.id)
        others.update(person_id=known)
        _hand_over(tx, people, unknown, people[known])


def _name(tx: Transaction, identity: Identity, person: Person, user_id: str) -> None:
    """The person stays the same and is known by another id from now on."""
    rows = Person.objects.filter(workspace_id=tx.workspace_id, id=person.id)
    rows.update(user_id=user_id)
    Identity.objects.filter(workspace_id=tx.workspace_id, id=identity.id).update(native_id=user_id)
    tx.record(person.id, Kind.SEEN)


def _hand_over(tx: Transaction, people: People, unknown: Person, known: Person) -> None:
    """What is known of both counts as the known person said it; the unknown one's row goes."""
    segments = list(
        Membership.objects.filter(workspace_id=tx.workspace_id, person_id=unknown.id).values_list(
            "segment_id", flat=True
        )
    )
    by_hand = Segment.objects.filter(workspace_id=tx.workspace_id, id__in=segments, kind=SegmentKind.MANUAL)
    cause = {"merged": to_public(known.id)}
    move(
        tx,
        [(segment_id, known.id) for segment_id in by_hand.values_list("id", flat=True)],
        [(segment_id, unknown.id) for segment_id in segments],
        lambda _: cause,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chats_chat SET person_id = %s WHERE workspace_id = %s AND person_id = %s",
            [known.id, tx.workspace_id, unknown.id],
        )
    gaps = {key: value for key, value in unknown.attributes.items() if key not in known.attributes}
    people.set(known, gaps, unknown.written_at or tx.at)
    known.created_at = min(known.created_at, unknown.created_at)
    known.chats += unknown.chats
    known.banned = known.banned or unknown.banned
    people.seen(known, unknown.last_seen or unknown.created_at)
    saved = take_out(tx, [unknown.id])[unknown.id]
    people.save()
    tx.record(unknown.id, Kind.MERGED, saved, {"into": to_public(known.id)})
    tx.record(known.id, Kind.MERGED, None, {"person": to_public(unknown.id)})
