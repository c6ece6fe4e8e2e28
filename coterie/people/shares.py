"""Shares of merged people: what each of them would be alone, kept up to date while they are one.

A chat changes the person as a whole and, in the same way, the share of whoever it was with. What a member changes is
the survivor's: it is noticed as a difference from what merging and chats have made of the person (`Share.whole`), the
next time that a share is touched. All of it happens under the lock of the survivor's row.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from coterie.core.bulk import update
from coterie.core.ids import from_public, to_public
from coterie.journal.commit import Transaction
from coterie.people.attributes import Value
from coterie.people.changes import learn, met, saw
from coterie.people.many import same
from coterie.people.models import Person, Share

_KEY = ("workspace_id", "id")
_COLUMNS = ("attributes", "segments", "banned", "created_at", "last_seen", "chats", "written_at", "whole")


class Shares:
    """The shares of some merged people whose rows this transaction has locked; changed in memory, written by `save`."""

    def __init__(self, tx: Transaction, rows: Iterable[Share]) -> None:
        self.tx = tx
        self.by_id = {row.id: row for row in rows}
        self._touched: set[int] = set()

    @classmethod
    def of(cls, tx: Transaction, survivor_ids: Iterable[int]) -> "Shares":
        """Of these people; of whoever is nobody else there are none. One query, or none for nobody."""
        ids = sorted(set(survivor_ids))
        return cls(tx, Share.objects.filter(workspace_id=tx.workspace_id, survivor_id__in=ids) if ids else ())

    def own(self, survivor_id: int) -> Share:
        """The share of the one who stayed, which also knows the whole."""
        return self.by_id[survivor_id]

    def whole(self, survivor_id: int) -> dict[str, Any]:
        """See `Share.whole`."""
        found: dict[str, Any] | None = self.own(survivor_id).whole
        if found is None:
            raise LookupError("nobody was merged into this person")
        return found

    def others(self, survivor_id: int) -> list[Share]:
        """Whoever was merged into them, in that order."""
        rows = (row for row in self.by_id.values() if row.survivor_id == survivor_id and row.id != survivor_id)
        return sorted(rows, key=lambda row: (row.merged_at, row.id))

    def notice(self, person: Person) -> None:
        """Gives the survivor what members have changed about the person since. Before every other change."""
        own, whole = self.own(person.id), self.whole(person.id)
        known = whole["attributes"]
        differing = [
            key
            for key in known.keys() | person.attributes.keys()
            if not same(known.get(key), person.attributes.get(key))
        ]
        for key in differing:
            whole["whose"].pop(key, None)
            if key in person.attributes:
                own.attributes[key] = person.attributes[key]
            else:
                own.attributes.pop(key, None)
        if differing and person.written_at is not None:
            own.written_at = max(own.written_at or person.written_at, person.written_at)
        if person.banned != whole["banned"]:
            own.banned = person.banned
        self.remember(person)

    def notice_segments(self, survivor_id: int, present: Mapping[str, str]) -> None:
        """The same about the manual segments that the person is in: public id → since when."""
        own = self.own(survivor_id)
        known = self.whole(survivor_id)["segments"]
        for segment in present.keys() - known.keys():
            own.segments[segment] = present[segment]
            known[segment] = ""
        for segment in known.keys() - present.keys():
            own.segments.pop(segment, None)
            del known[segment]
        self._touched.add(own.id)

    def learn(
        self, person: Person, origin_id: int, values: Mapping[str, Value], at: dt.datetime, written: Iterable[str]
    ) -> None:
        """A chat of `origin_id` brought these values; those of the keys `written` are the person's already."""
        learn(self.by_id[origin_id], values, at)
        whose = self.whole(person.id)["whose"]
        for key in written:
            if origin_id == person.id:
                whose.pop(key, None)
            else:
                whose[key] = to_public(origin_id)
        self._touched.add(origin_id)
        self.remember(person)

    def saw(self, origin_id: int, at: dt.datetime) -> None:
        """They did something themselves."""
        saw(self.by_id[origin_id], at)
        self._touched.add(origin_id)

    def met(self, origin_id: int, at: dt.datetime) -> None:
        """They were there at `at` already."""
        if met(self.by_id[origin_id], at):
            self._touched.add(origin_id)

    def began(self, origin_id: int, chats: int) -> None:
        """So many chats of theirs began."""
        self.by_id[origin_id].chats += chats
        self._touched.add(origin_id)

    def moved(self, survivor_id: int, origin_id: int, segment_id: int, joins: bool) -> None:
        """A chat of `origin_id` put the person in a segment, or took them out."""
        segment = to_public(segment_id)
        share, known = self.by_id[origin_id], self.whole(survivor_id)["segments"]
        if joins:
            share.segments.setdefault(segment, self.tx.at.isoformat(sep=" "))
            known.setdefault(segment, "" if origin_id == survivor_id else to_public(origin_id))
        else:
            share.segments.pop(segment, None)
            known.pop(segment, None)
        self._touched |= {origin_id, survivor_id}

    def remember(self, person: Person) -> None:
        """The person is now as merging and chats have made them."""
        whole = self.whole(person.id)
        whole["attributes"], whole["banned"] = dict(person.attributes), person.banned
        self._touched.add(person.id)

    def save(self) -> None:
        """Writes what was touched."""
        rows = [self.by_id[row_id] for row_id in sorted(self._touched)]
        update(
            "people_share", _COLUMNS, _KEY, [tuple(getattr(row, name) for name in (*_COLUMNS, *_KEY)) for row in rows]
        )
        self._touched.clear()


def new_whole(person: Person, segments: Iterable[str]) -> dict[str, Any]:
    """The whole before anybody was merged in: all of it is the survivor's."""
    return {
        "attributes": dict(person.attributes),
        "whose": {},
        "banned": person.banned,
        "segments": dict.fromkeys(segments, ""),
    }


def owner_of(whole: Mapping[str, Any], key: str) -> int | None:
    """Whose value of an attribute it is, if not the survivor's."""
    return from_public(whole["whose"].get(key, ""))
