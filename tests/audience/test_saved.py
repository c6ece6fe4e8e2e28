"""Views under a name: whose they are, who may change them, how they are found again and brought back."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import signing
from django.db import connection

from coterie.accounts.models import AuditEntry, Member, Role
from coterie.audience import saved as kept
from coterie.audience.models import SavedView
from coterie.audience.saved import NameTaken, NotAllowed
from coterie.audience.tree import All, Any, Condition
from coterie.audience.view import View
from coterie.core.ids import new_id

OSLO = View(children=(Condition("default_city", "is", ("Oslo",)),))
LIMA = View(children=(Condition("default_city", "is", ("Lima",)),))
HOSTILE = ["<script>alert(1)</script>", "مرحبا بالعالم", "\u202egnp.exe", "'\"` --", "{{ 7*7 }}", "🦊" * 128, "ΐ" * 128]


@pytest.fixture
def make(workspace, member_of):
    """Factory: a member of `workspace`, or another, with that role."""

    def member(role=Role.EDITOR, place=workspace) -> Member:
        return Member.objects.select_related("workspace").get(user=member_of(place, role))

    return member


def names_of(member) -> list[str]:
    return [saved.name for saved in kept.views_of(member)]


def test_a_view_is_kept_with_its_order_and_columns_but_without_its_page(make):
    me = make()
    view = OSLO.sorted_by("-chats").showing(("default_email", "chats"))
    saved = kept.save(me, "  Oslo   first ", view, shared=False)
    found = SavedView.objects.get(workspace_id=me.workspace_id, id=saved.id)
    assert (found.name, found.query) == (
        "Oslo first",
        "f=default_city:is:Oslo&sort=-chats&columns=default_email,chats",
    )


def test_own_views_come_first_then_the_team_s_each_by_name(make):
    me, colleague = make(), make()
    for name, shared in (("b", False), ("Z", True), ("A", False), ("c", True)):
        kept.save(me, name, OSLO, shared=shared)
    assert names_of(me) == ["A", "b", "c", "Z"]
    assert names_of(colleague) == ["c", "Z"]


def test_own_views_of_others_cannot_be_found_by_id_or_by_what_they_list(make):
    me, admin = make(), make(Role.ADMIN)
    saved = kept.save(me, "Mine", OSLO, shared=False)
    assert kept.find(me, saved.public_id) == saved
    assert kept.find(admin, saved.public_id) is None
    assert kept.shown_as(admin, OSLO.query) is None
    assert not kept.may_change(admin, saved)


def test_two_workspaces_with_the_same_ids_never_meet(make, other_workspace):
    me, stranger = make(), make(Role.OWNER, other_workspace)
    row_id = new_id()
    for member, name in ((me, "Ours"), (stranger, "Theirs")):
        values = {"name": name, "folded": name.casefold(), "query": OSLO.query, "digest": kept.digest_of(OSLO.query)}
        SavedView.objects.create(workspace_id=member.workspace_id, id=row_id, created_by=member, **values)
    ours, theirs = kept.views_of(me)[0], kept.views_of(stranger)[0]
    assert ours.public_id == theirs.public_id
    kept.change(stranger, theirs, {"name": "Changed"})
    kept.remove(stranger, theirs)
    assert kept.find(stranger, ours.public_id) is None
    assert kept.find(me, ours.public_id).name == "Ours"


def test_a_name_is_unique_for_each_member_and_for_the_team_in_whatever_case(make):
    me, colleague = make(), make()
    kept.save(me, "Ängste", OSLO, shared=False)
    kept.save(me, "ängste", OSLO, shared=True)
    kept.save(colleague, "ÄNGSTE", OSLO, shared=False)
    for member, shared in ((me, False), (me, True), (colleague, False), (colleague, True)):
        with pytest.raises(NameTaken, match="already a view called “ÄNGSTE”"):
            kept.save(member, "ÄNGSTE", LIMA, shared=shared)


def test_the_database_itself_keeps_names_unique(make, monkeypatch):
    me = make()
    for shared in (False, True):
        kept.save(me, "Once", OSLO, shared=shared)
    monkeypatch.setattr(kept, "_beside", lambda saved: SavedView.objects.none())
    for shared in (False, True):
        with pytest.raises(NameTaken):
            kept.save(me, "once", OSLO, shared=shared)


def test_of_many_who_save_one_name_at_once_one_succeeds(make):
    me, barrier = make(), threading.Barrier(6)

    def save(_):
        barrier.wait()
        try:
            kept.save(me, "Race", OSLO, shared=True)
        except NameTaken:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(save, range(6))) == [False] * 5 + [True]
    assert names_of(me) == ["Race"]


@pytest.mark.parametrize("name", ["", "  ", "\t\n", "x" * 129])
def test_a_name_has_1_to_128_characters(make, name):
    with pytest.raises(ValueError, match="1 to 128 characters"):
        kept.save(make(), name, OSLO, shared=False)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_kept_as_they_are(make, name):
    me = make()
    kept.save(me, name, OSLO, shared=True)
    assert names_of(me) == [name]


def test_a_view_whose_address_nobody_could_open_is_not_saved(make):
    huge = View(children=tuple(Condition("default_city", "is", ("x" * 1_000,)) for _ in range(17)))
    with pytest.raises(ValueError, match="up to 16,000"):
        kept.save(make(), "Huge", huge, shared=False)


def test_there_is_an_end_to_how_many_are_kept(make, monkeypatch):
    monkeypatch.setattr(kept, "MAX_VIEWS", 2)
    me = make()
    for name in ("a", "b"):
        kept.save(me, name, OSLO, shared=False)
    with pytest.raises(ValueError, match="2 views already"):
        kept.save(me, "c", OSLO, shared=False)
    kept.save(me, "c", OSLO, shared=True)


def test_viewers_keep_views_of_their_own_but_share_none(make):
    viewer = make(Role.VIEWER)
    saved = kept.save(viewer, "Mine", OSLO, shared=False)
    with pytest.raises(NotAllowed):
        kept.save(viewer, "Ours", OSLO, shared=True)
    with pytest.raises(NotAllowed):
        kept.change(viewer, saved, {"shared": True})
    assert kept.change(viewer, saved, {"name": "Still mine"}) == {"name": "Mine"}


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.VIEWER, False), (Role.EDITOR, False), (Role.ADMIN, True), (Role.OWNER, True)]
)
def test_a_view_of_the_team_is_changed_by_who_made_it_and_by_admins(make, role, allowed):
    maker, other = make(), make(role)
    saved = kept.save(maker, "Ours", OSLO, shared=True)
    assert kept.may_change(maker, saved)
    assert kept.may_change(other, saved) == allowed
    if not allowed:
        for deed in (lambda: kept.change(other, saved, {"name": "Taken over"}), lambda: kept.remove(other, saved)):
            with pytest.raises(NotAllowed):
                deed()
        assert names_of(maker) == ["Ours"]


def test_who_made_it_and_became_a_viewer_may_no_longer_change_it(make):
    maker = make()
    saved = kept.save(maker, "Ours", OSLO, shared=True)
    maker.role = Role.VIEWER
    assert not kept.may_change(maker, saved)


def test_only_who_made_a_view_takes_it_back_from_the_team(make):
    maker, admin = make(), make(Role.ADMIN)
    saved = kept.save(maker, "Ours", OSLO, shared=True)
    with pytest.raises(NotAllowed):
        kept.change(admin, saved, {"shared": False})
    assert kept.change(maker, saved, {"shared": False}) == {"shared": True}
    assert names_of(admin) == []


def test_a_change_says_what_was_different(make):
    me = make()
    saved = kept.save(me, "Oslo", OSLO, shared=False)
    assert kept.change(me, saved, {"name": "Oslo", "view": OSLO, "shared": False}) == {}
    assert kept.change(me, saved, {"name": "Lima", "view": LIMA, "shared": True}) == {
        "name": "Oslo",
        "query": OSLO.query,
        "shared": False,
    }
    found = kept.find(me, saved.public_id)
    assert (found.name, found.query, found.shared) == ("Lima", LIMA.query, True)
    assert found.updated_at > found.created_at


def test_a_refused_change_changes_nothing(make):
    me = make()
    kept.save(me, "Taken", OSLO, shared=True)
    saved = kept.save(me, "Taken", OSLO, shared=False)
    with pytest.raises(NameTaken):
        kept.change(me, saved, {"shared": True, "view": LIMA})
    found = kept.find(me, saved.public_id)
    assert (found.query, found.shared) == (OSLO.query, False)


@pytest.mark.parametrize(
    "view",
    [
        OSLO,
        View(),
        View(search="ada"),
        OSLO.sorted_by("-chats"),
        View("any", (Condition("default_city", "is", ("a|b", "ü&?")), All((Any(OSLO.children), Any(LIMA.children))))),
    ],
)
def test_a_view_is_found_by_what_it_lists_whatever_its_columns(make, view):
    me = make()
    saved = kept.save(me, "This", view.showing(("default_email",)), shared=False)
    for columns in (None, ("chats", "lastSeen")):
        assert kept.shown_as(me, view.showing(columns).query) == saved
    assert kept.shown_as(me, View(search="else").query) is None


def test_the_own_view_is_named_before_the_team_s(make):
    me = make()
    kept.save(me, "Ours", OSLO, shared=True)
    mine = kept.save(me, "Mine", OSLO, shared=False)
    assert kept.shown_as(me, OSLO.query) == mine


def test_a_removed_view_comes_back_as_the_same_one(make):
    maker, admin = make(), make(Role.ADMIN)
    saved = kept.save(maker, "Ours", OSLO.showing(("chats",)), shared=True)
    kept.open_with(maker, saved)
    token = kept.remove(admin, saved)
    assert (names_of(maker), kept.opens_with(maker)) == ([], None)
    for _ in range(2):  # Undo pressed twice.
        back = kept.restore(admin, token)
    assert kept.views_of(maker) == [back]
    assert kept.opens_with(maker) == back
    for field in ("id", "name", "folded", "query", "digest", "owner_id", "created_by_id", "created_at"):
        assert getattr(kept.find(maker, back.public_id), field) == getattr(saved, field), field


def test_a_view_does_not_come_back_under_a_name_that_is_taken_since(make):
    me = make()
    token = kept.remove(me, kept.save(me, "Name", OSLO, shared=False))
    kept.save(me, "NAME", LIMA, shared=False)
    with pytest.raises(NameTaken):
        kept.restore(me, token)


def test_only_who_removed_a_view_brings_it_back_and_only_there(make, other_workspace):
    me = make()
    token = kept.remove(me, kept.save(me, "Mine", OSLO, shared=False))
    for other in (make(Role.OWNER), make(Role.OWNER, other_workspace)):
        with pytest.raises(NotAllowed):
            kept.restore(other, token)
    for wrong in ("", "x", token[:-1], signing.dumps({"id": 1})):
        with pytest.raises(ValueError, match="too late"):
            kept.restore(me, wrong)


def test_undo_ends_after_a_while(make, monkeypatch):
    me = make()
    token = kept.remove(me, kept.save(me, "Mine", OSLO, shared=False))
    monkeypatch.setattr(kept, "UNDO_FOR", -1)
    with pytest.raises(ValueError, match="too late"):
        kept.restore(me, token)


def test_a_default_that_is_removed_or_taken_back_is_gone_quietly(make):
    me, colleague = make(), make()
    saved = kept.save(colleague, "Ours", OSLO, shared=True)
    kept.open_with(me, saved)
    assert kept.opens_with(me) == saved
    kept.change(colleague, saved, {"shared": False})
    assert kept.opens_with(me) is None
    kept.change(colleague, saved, {"shared": True})
    kept.remove(colleague, saved)
    assert kept.opens_with(me) is None


@pytest.mark.parametrize("nonsense", [None, 7, "", "x" * 24, ["a"], {"a": 1}])
def test_a_default_that_is_nonsense_is_none(make, nonsense):
    me = make()
    me.preferences = {kept.OPENS_WITH: nonsense, "rows": 25}
    assert kept.opens_with(me) is None
    kept.open_with(me, None)
    assert Member.objects.get(pk=me.pk).preferences == {"rows": 25}


def test_the_views_of_a_member_who_leaves_go_but_the_team_s_stay(make):
    leaving, admin = make(), make(Role.ADMIN)
    mine = kept.save(leaving, "Mine", OSLO, shared=False)
    kept.save(leaving, "Ours", OSLO, shared=True)
    Member.objects.get(pk=leaving.pk).delete()
    assert not SavedView.objects.filter(workspace_id=admin.workspace_id, id=mine.id).exists()
    (ours,) = kept.views_of(admin)
    assert (ours.name, ours.created_by) == ("Ours", None)
    assert kept.may_change(admin, ours)
    assert not kept.may_change(make(), ours)


def test_what_happens_to_the_team_s_views_is_in_the_audit_trail_and_own_ones_are_not(make):
    me = make()
    mine = kept.save(me, "Mine", OSLO, shared=False)
    kept.restore(me, kept.remove(me, mine))
    assert not AuditEntry.objects.filter(workspace_id=me.workspace_id).exists()
    ours = kept.save(me, "Ours", OSLO, shared=True)
    kept.change(me, ours, {"shared": False})
    kept.change(me, ours, {"shared": True})
    kept.restore(me, kept.remove(me, ours))
    trail = AuditEntry.objects.filter(workspace_id=me.workspace_id).order_by("id")
    assert [entry.action for entry in trail] == [
        "view.create",
        "view.change",
        "view.change",
        "view.remove",
        "view.restore",
    ]
    assert {entry.actor for entry in trail} == {f"member:{me.pk}"}
