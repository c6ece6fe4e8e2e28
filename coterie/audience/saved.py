"""Views that are kept under a name: a member's own, which nobody else sees, and those of the team.

Everything is asked for a member: a view of others is as if it were not there.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from coterie.accounts.audit import record
from coterie.accounts.models import Member
from coterie.accounts.permissions import Verb, may
from coterie.audience.models import SavedView
from coterie.audience.view import View
from coterie.core.clock import now
from coterie.core.ids import from_public
from coterie.core.text import clean

MAX_NAME = 128
# Characters; a longer address is refused by servers and clients on its way.
MAX_QUERY = 16_000
# How many a member, and how many the team may have.
MAX_VIEWS = 200
# In the member's preferences: the public id of the view that the list opens with.
OPENS_WITH = "opens_with"
# Seconds within which a removed view can be brought back.
UNDO_FOR = 3_600

_SALT = "removed view"
# What else of a query string says nothing about who is listed in which order.
_BESIDE = ("columns=", "after=", "before=", "editing=")


class NotAllowed(Exception):
    """The member may see the view, but not change it, or may not share views."""


class NameTaken(ValueError):
    """Another view of the same owner, or of the team, has this name (in whatever case)."""


def what_is_listed(query: str) -> str:
    """A query string without the columns and the page: two views that differ in nothing else are the same one."""
    return "&".join(part for part in query.split("&") if part and not part.startswith(_BESIDE)) or "match=all"


def digest_of(query: str) -> str:
    """By which a saved view is found from the query string of the list."""
    return hashlib.sha256(what_is_listed(query).encode("utf-8", "surrogatepass")).hexdigest()


def views_of(member: Member) -> list[SavedView]:
    """All that the member sees by name, their own ones first, with who made them: one query."""
    views = _visible(member).select_related("created_by__user")
    return sorted(views, key=lambda saved: (saved.shared, saved.folded, saved.id))


def find(member: Member, public_id: str) -> SavedView | None:
    """The view of that public id, if the member sees it."""
    row_id = from_public(public_id)
    return None if row_id is None else _visible(member).filter(id=row_id).first()


def shown_as(member: Member, query: str) -> SavedView | None:
    """The saved view that lists what the query string lists; the member's own rather than one of the team."""
    same = _visible(member).filter(digest=digest_of(query))
    return min(same, key=lambda saved: (saved.shared, saved.id), default=None)


def may_change(member: Member, saved: SavedView) -> bool:
    """Their own ones; of the team, those they made and, as an admin, all."""
    if not saved.shared:
        return saved.owner_id == member.pk
    mine = saved.created_by_id == member.pk and may(member, Verb.SHARE_VIEWS)
    return mine or may(member, Verb.EDIT_VIEWS_OF_OTHERS)


def may_give_or_take(member: Member, saved: SavedView) -> bool:
    """Whether the member may share a view, or take it back: what somebody made never becomes the own one of another."""
    return saved.created_by_id == member.pk and may(member, Verb.SHARE_VIEWS)


def save(member: Member, name: str, view: View, *, shared: bool) -> SavedView:
    """Keeps a view. Raises NotAllowed, NameTaken, or ValueError with what to say about the name or the view."""
    if shared and not may(member, Verb.SHARE_VIEWS):
        raise NotAllowed
    owner = None if shared else member
    values = _called(name) | _listing(view)
    saved = SavedView(workspace_id=member.workspace_id, owner=owner, created_by=member, **values)
    if _beside(saved).count() >= MAX_VIEWS:
        raise ValueError(f"There are {MAX_VIEWS} views already. Remove one that nobody needs, then save this one.")
    with _write(member, saved, "view.create", told=shared):
        saved.save(force_insert=True)
    return saved


def change(member: Member, saved: SavedView, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Writes what of `name` (text), `shared` (bool) and `view` (View) is given; the same errors as `save`.

    Returns the former values of what differs; of the view, `query`.
    """
    shared = wanted.get("shared", saved.shared)
    if not may_change(member, saved) or (shared != saved.shared and not may_give_or_take(member, saved)):
        raise NotAllowed
    values = _called(wanted["name"]) if "name" in wanted else {}
    values |= _listing(wanted["view"]) if "view" in wanted else {}
    before: dict[str, Any] = {"name": saved.name, "query": saved.query}
    former = {key: value for key, value in before.items() if values.get(key, value) != value}
    if shared != saved.shared:
        former["shared"] = saved.shared
        values["owner"] = None if shared else member
    if former:
        told = shared or saved.shared
        values["updated_at"] = now()
        for key, value in values.items():
            setattr(saved, key, value)
        with _write(member, saved, "view.change", told=told):
            SavedView.objects.filter(workspace_id=member.workspace_id, id=saved.id).update(**values)
    return former


def remove(member: Member, saved: SavedView) -> str:
    """Removes a view; raises NotAllowed. Returns what `restore` takes."""
    if not may_change(member, saved):
        raise NotAllowed
    kept = {name: getattr(saved, name) for name in ("id", "name", "query", "owner_id", "created_by_id")}
    kept |= {"workspace_id": member.workspace_id, "by": member.pk, "created_at": saved.created_at.isoformat()}
    with transaction.atomic():
        SavedView.objects.filter(workspace_id=member.workspace_id, id=saved.id).delete()
        if saved.shared:
            _record(member, "view.remove", saved)
    return signing.dumps(kept, salt=_SALT, compress=True)


def restore(member: Member, token: str) -> SavedView:
    """Brings back what this member removed, as the same view. Raises ValueError, NameTaken or NotAllowed."""
    try:
        kept = signing.loads(token, salt=_SALT, max_age=UNDO_FOR)
    except signing.BadSignature as error:
        raise ValueError("It is too late to bring this view back. Save it again.") from error
    if (kept.pop("workspace_id"), kept.pop("by")) != (member.workspace_id, member.pk):
        raise NotAllowed
    made, query = dt.datetime.fromisoformat(kept.pop("created_at")), kept["query"]
    values = kept | _called(kept["name"]) | {"created_at": made, "digest": digest_of(query)}
    saved = SavedView(workspace_id=member.workspace_id, **values)
    saved.created_by = Member.objects.filter(workspace_id=member.workspace_id, id=kept["created_by_id"]).first()
    if not may_change(member, saved):
        raise NotAllowed
    there = SavedView.objects.filter(workspace_id=member.workspace_id, id=saved.id).first()
    if there is not None:  # Pressed twice.
        return there
    with _write(member, saved, "view.restore", told=saved.shared):
        saved.save(force_insert=True)
    return saved


def opens_with(member: Member) -> SavedView | None:
    """The view that the member's list opens with. One that is gone, or no longer the team's, is none."""
    public_id = member.preferences.get(OPENS_WITH)
    return find(member, public_id) if isinstance(public_id, str) else None


def open_with(member: Member, saved: SavedView | None) -> None:
    """Has the member's list open with this view; None: with everybody."""
    others = {name: kept for name, kept in member.preferences.items() if name != OPENS_WITH}
    member.preferences = others if saved is None else others | {OPENS_WITH: saved.public_id}
    member.save(update_fields=["preferences"])


def _visible(member: Member) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=member) | Q(owner=None), workspace_id=member.workspace_id)


def _beside(saved: SavedView) -> QuerySet[SavedView]:
    """The other views of the same owner, or of the team."""
    same = SavedView.objects.filter(workspace_id=saved.workspace_id, owner_id=saved.owner_id)
    if saved.owner_id is None:
        same = SavedView.objects.filter(workspace_id=saved.workspace_id, owner=None)
    return same.exclude(id=saved.id)


def _called(name: str) -> dict[str, Any]:
    name = " ".join(clean(name).split())
    if not 1 <= len(name) <= MAX_NAME:
        raise ValueError(f"The name of a view has 1 to {MAX_NAME} characters; this one has {len(name):,}.")
    return {"name": name, "folded": name.casefold()}


def _listing(view: View) -> dict[str, Any]:
    query = replace(view.first_page(), editing="").query
    if len(query) > MAX_QUERY:
        raise ValueError(
            f"The address of this view has {len(query):,} characters; one of up to {MAX_QUERY:,} can be saved."
        )
    return {"query": query, "digest": digest_of(query)}


@contextmanager
def _write(member: Member, saved: SavedView, action: str, *, told: bool) -> Iterator[None]:
    """What is written inside is one transaction; what the team sees of it goes to the audit trail (`told`)."""
    taken = NameTaken(f"There is already a view called “{saved.name}”.")
    if _beside(saved).filter(folded=saved.folded).exists():
        raise taken
    try:
        with transaction.atomic():
            yield
            if told:
                _record(member, action, saved)
    except IntegrityError as error:  # Another one was quicker.
        raise taken from error


def _record(member: Member, action: str, saved: SavedView) -> None:
    details = {"view": saved.public_id, "name": saved.name, "shared": saved.shared}
    record(member.workspace, f"member:{member.pk}", action, details)
