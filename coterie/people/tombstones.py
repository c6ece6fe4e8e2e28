"""Where somebody was who was erased for good: only keyed hashes of their addresses, by which late messages are refused.

The key is made of the installation's secret and the workspace: who has a copy of the database alone cannot find out
whether a certain address was ever erased. With another `COTERIE_SECRET_KEY` the tombstones are not recognised any more.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.conf import settings
from django.db.models import F

from coterie.core.bulk import insert_missing
from coterie.core.ids import new_ids
from coterie.journal.commit import Transaction
from coterie.people.models import Tombstone


def of_identity(workspace_id: int, channel_id: int, native_id: str) -> str:
    """The hash of an address on a channel."""
    return _digest(workspace_id, f"identity:{channel_id}:{native_id}")


def of_user_id(workspace_id: int, user_id: str) -> str:
    """The hash of a user id."""
    return _digest(workspace_id, f"user:{user_id}")


def of_email(workspace_id: int, email: str) -> str:
    """The hash of an e-mail address; upper and lower case are the same."""
    return _digest(workspace_id, f"email:{email.strip().lower()}")


def bury(tx: Transaction, digests: Iterable[str]) -> None:
    """Leaves a tombstone at each of these places, where there is none yet."""
    digests = sorted(set(digests))
    insert_missing(
        "people_tombstone",
        ("workspace_id", "id", "digest", "erased_at", "refused"),
        (
            (tx.workspace_id, row_id, digest, tx.at, 0)
            for row_id, digest in zip(new_ids(len(digests)), digests, strict=True)
        ),
    )


def refused(workspace_id: int, channel_id: int, strangers: Iterable[str], emails: Mapping[str, str]) -> set[str]:
    """Those of the strangers' native ids that must not make a person, because whoever had them was erased.

    `emails` has the address of those who brought one with them. One query; what is refused is counted on the tombstone.
    """
    asked: dict[str, set[str]] = defaultdict(set)
    for native in strangers:
        asked[of_identity(workspace_id, channel_id, native)].add(native)
        asked[of_user_id(workspace_id, native)].add(native)
        if native in emails:
            asked[of_email(workspace_id, emails[native])].add(native)
    if not asked:
        return set()
    stones = Tombstone.objects.filter(workspace_id=workspace_id, digest__in=list(asked))
    found = set(stones.values_list("digest", flat=True))
    if found:
        stones.filter(digest__in=found).update(refused=F("refused") + 1)
    return set().union(*(asked[digest] for digest in found))


def _digest(workspace_id: int, address: str) -> str:
    return hmac.digest(_key(workspace_id), address.encode(), "sha256").hex()


@lru_cache(maxsize=1024)
def _key(workspace_id: int) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"coterie.tombstones:{workspace_id}".encode(), "sha256")
