"""What must hold after every bulk action, however it went."""

from collections import Counter

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.models import Attribute, Scope
from coterie.chats.models import Chat
from coterie.journal.models import JournalEntry
from coterie.people.models import Identity, Person
from coterie.segments.models import Membership
from tests.audience.mirror import in_record, in_replica, typed


def assert_whole(workspace: Workspace) -> None:
    """The replica is the record, revisions have no gaps, the counters count, nobody's rows belong to nobody."""
    people = list(Person.objects.filter(workspace=workspace))
    assert audience_of(workspace).ask(in_replica) == in_record(workspace)
    workspace.refresh_from_db()
    revisions = JournalEntry.objects.filter(workspace=workspace).order_by("revision").values_list("revision", flat=True)
    assert list(revisions) == list(range(1, workspace.revision + 1))
    assert counted(workspace, Scope.PERSON) == Counter(key for person in people for key in person.attributes)
    ids = {person.id for person in people}
    chats = Chat.objects.filter(workspace=workspace, person_id__in=ids)
    assert counted(workspace, Scope.SESSION) == Counter(key for chat in chats for key in chat.attributes)
    for model in (Membership, Identity):
        assert set(model.objects.filter(workspace=workspace).values_list("person_id", flat=True)) <= ids


def counted(workspace: Workspace, scope: Scope) -> dict[str, int]:
    found = Attribute.objects.filter(workspace=workspace, scope=scope).values_list("key", "count")
    return {key: count for key, count in found if count}


def everything(workspace: Workspace) -> dict[str, object]:
    """All there is of people: to compare before and after."""
    return {
        "people": {
            person.id: (
                person.user_id,
                person.banned,
                person.created_at,
                person.last_seen,
                person.chats,
                typed(person.attributes),
            )
            for person in Person.objects.filter(workspace=workspace)
        },
        "identities": sorted(
            Identity.objects.filter(workspace=workspace).values_list(
                "person_id", "id", "channel_id", "native_id", "created_at"
            )
        ),
        "memberships": sorted(Membership.objects.filter(workspace=workspace).values_list("segment_id", "person_id")),
    }
