"""What can be done to a person on their page: ban, segments, notes; why they are in a rule segment."""

import pytest

from coterie.accounts.models import Role
from coterie.audience.models import Attribute
from coterie.audience.tree import All, Any, Condition
from coterie.journal.models import JournalEntry
from coterie.profile.models import Note
from coterie.segments.catalogue import create, segments_of
from coterie.segments.settle import settle
from tests.makers import make_person, put_in
from tests.segments.ruling import PRO, members, rule
from tests.web.pages import said_on, text_of, undo_of
from tests.web.person_pages import hidden, now_on, undo

OSLO = Condition("default_city", "is", ("Oslo",))


def post(browse, person, path, **fields):
    return browse.post(f"/users/{person.public_id}/{path}", fields, follow=True)


def test_a_ban_says_who_and_when_and_is_lifted_and_undone(browse, ada):
    response = post(browse, ada, "ban")
    assert "Ada is banned." in said_on(response)
    assert "Banned by you , now" in text_of(response)
    assert now_on(ada).banned
    assert "Ada is no longer banned." in said_on(post(browse, ada, "ban", lift="1"))
    assert not now_on(ada).banned
    undo(browse, ada, response)
    assert not now_on(ada).banned


def test_a_ban_of_who_is_banned_says_nothing(browse, ada):
    post(browse, ada, "ban")
    response = post(browse, ada, "ban")
    assert "is banned" not in said_on(response)
    assert "Banned by you" in text_of(response)


def test_a_person_joins_segments_old_and_new_and_leaves_by_the_cross(browse, ada, workspace):
    old = create(workspace, "Newsletter", "test")
    response = post(browse, ada, "segments", segment=old.public_id, new="VIP & co")
    assert "Ada added to Newsletter, VIP & co." in said_on(response)
    new = next(segment for segment in segments_of(workspace) if segment.name == "VIP & co")
    assert members(old) == members(new) == {ada.id}
    response = post(browse, ada, "segments/leave", segment=old.public_id)
    assert "Ada removed from Newsletter." in said_on(response)
    assert members(old) == set()
    undo(browse, ada, response)
    assert members(old) == {ada.id}


def test_the_dialog_offers_what_they_are_not_in(browse, ada, workspace):
    inside, outside = create(workspace, "Inside", "test"), create(workspace, "Outside", "test")
    rule(workspace, PRO, "By rule")
    put_in(workspace, "test", [inside.id], [ada.id])
    body = browse.get(f"/users/{ada.public_id}/segments").content.decode()
    assert outside.public_id in body
    assert inside.public_id not in body
    assert "By rule" not in body


@pytest.mark.one_database
def test_nothing_chosen_is_said_in_the_dialog(browse, ada):
    response = browse.post(f"/users/{ada.public_id}/segments", {}, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#person-dialog"
    assert "Choose at least one segment, or name a new one." in text_of(response)


@pytest.mark.parametrize("public_id", ["", "x", "f" * 24, "0" * 24])
def test_a_segment_of_nobody_is_refused(browse, ada, public_id):
    assert "not there any more" in said_on(post(browse, ada, "segments/leave", segment=public_id))


def test_a_segment_of_another_workspace_is_not_theirs(browse, ada, other_workspace):
    theirs = create(other_workspace, "Theirs", "test")
    assert post(browse, ada, "segments", segment=theirs.public_id).status_code == 422
    assert "Theirs" not in said_on(post(browse, ada, "segments/leave", segment=theirs.public_id))
    assert members(theirs) == set()


@pytest.mark.one_database
def test_a_rule_segment_has_no_cross_and_cannot_be_left(browse, ada, workspace):
    segment = rule(workspace, OSLO, "Northern")
    settle(workspace)
    page = browse.get(f"/users/{ada.public_id}")
    assert "Why in Northern" in page.content.decode()
    assert "Remove from Northern" not in page.content.decode()
    assert "keeps itself up to date" in said_on(post(browse, ada, "segments/leave", segment=segment.public_id))
    assert members(segment) == {ada.id}


def why(browse, person, segment):
    return text_of(browse.get(f"/users/{person.public_id}/why", {"segment": segment.public_id}))


def test_why_somebody_is_in_a_rule_segment(browse, ada, workspace):
    segment = rule(workspace, All((OSLO, Any((PRO, Condition("plan", "is", ("free",)))))), "Northern")
    settle(workspace)
    text = why(browse, ada, segment)
    assert "Why Ada is in Northern" in text
    assert "yes City is Oslo Here it is Oslo . If this changed, they would leave." in text
    assert "no plan is pro Here it is free ." in text
    assert "yes plan is free Here it is free . If this changed, they would leave." in text


@pytest.mark.one_database
def test_why_somebody_is_not(browse, ada, workspace):
    text = why(browse, ada, rule(workspace, All((OSLO, PRO)), "Payers"))
    assert "Why Ada is not in Payers" in text
    assert "no plan is pro Here it is free . If this came true, they would enter." in text


@pytest.mark.one_database
def test_several_reasons_that_would_all_have_to_change(browse, ada, workspace):
    text = why(browse, ada, rule(workspace, Any((OSLO, Condition("plan", "is", ("free",))))))
    assert "No single change would take them out" in text


@pytest.mark.one_database
def test_a_rule_on_a_hidden_attribute_tells_nothing_of_it(browse, ada, workspace):
    segment = rule(workspace, Condition("plan", "is", ("free",)), "Free")
    Attribute.objects.filter(workspace=workspace, key="plan").update(hidden=True)
    text = why(browse, ada, segment)
    assert "is hidden in Settings" in text
    assert "Here it is" not in text


@pytest.mark.one_database
def test_there_is_no_why_for_a_manual_segment(browse, ada, workspace):
    segment = create(workspace, "By hand", "test")
    response = browse.get(f"/users/{ada.public_id}/why", {"segment": segment.public_id})
    assert response.status_code == 302


class TestNotes:
    """Notes on the timeline."""

    def write(self, browse, person, text, tab="timeline"):
        page = browse.get(f"/users/{person.public_id}", {"tab": tab})
        return post(browse, person, "note", **hidden(page, "/note"), text=text)

    def test_a_note_is_written_read_changed_and_removed(self, browse, ada, workspace):
        text = text_of(self.write(browse, ada, "Likes <b>dark</b> roasts.\nReally."))
        assert "You wrote a note Likes <b>dark</b> roasts. Really. Edit Remove" in text
        note = Note.objects.get(workspace=workspace)
        page = browse.get(f"/users/{ada.public_id}/note", {"note": note.public_id})
        text = text_of(post(browse, ada, "note", **hidden(page, "/note"), text="Likes light roasts."))
        assert "You changed a note" in text
        assert "You wrote a note Likes light roasts." in text
        response = post(browse, ada, "note", note=note.public_id, remove="1")
        assert "Note removed." in said_on(response)
        assert "light roasts" not in text_of(response)
        assert "Likes light roasts." in text_of(undo(browse, ada, response))

    def test_the_form_sent_twice_makes_one(self, browse, ada, workspace):
        fields = hidden(browse.get(f"/users/{ada.public_id}", {"tab": "timeline"}), "/note") | {"text": "Once."}
        for _ in range(2):
            post(browse, ada, "note", **fields)
        assert Note.objects.filter(workspace=workspace).count() == 1

    @pytest.mark.one_database
    def test_an_empty_note_is_said_on_its_page_and_the_form_is_still_new(self, browse, ada, workspace):
        response = self.write(browse, ada, " ")
        assert response.status_code == 422
        assert "write something first." in text_of(response)
        post(browse, ada, "note", **hidden(response, "/note"), text="Now.")
        assert Note.objects.get(workspace=workspace).text == "Now."

    @pytest.mark.parametrize(("role", "removes"), [(Role.EDITOR, False), (Role.ADMIN, True)])
    def test_others_change_none_of_it_and_remove_it_only_if_they_may_delete(
        self, browse, ada, workspace, member_of, client_of, role, removes
    ):
        self.write(browse, ada, "Mine.")
        note = Note.objects.get(workspace=workspace)
        other = client_of(member_of(workspace, role))
        assert "Only who wrote a note can change it." in said_on(
            post(other, ada, "note", note=note.public_id, text="Theirs.")
        )
        post(other, ada, "note", note=note.public_id, remove="1")
        assert Note.objects.filter(workspace=workspace, text="Mine.").exists() is not removes

    @pytest.mark.parametrize(("role", "removes"), [(Role.EDITOR, False), (Role.ADMIN, True)])
    def test_undo_is_no_way_around_that(self, browse, ada, workspace, member_of, client_of, role, removes):
        self.write(browse, ada, "Mine.")
        entry = JournalEntry.objects.get(workspace=workspace, person_id=ada.id, kind="noted")
        response = post(client_of(member_of(workspace, role)), ada, "undo", revision=str(entry.revision))
        assert ("That is about a note of somebody else." in said_on(response)) is not removes
        assert Note.objects.filter(workspace=workspace).exists() is not removes

    def test_a_note_about_somebody_else_is_not_reached(self, browse, ada, workspace):
        self.write(browse, ada, "Mine.")
        note, bob = Note.objects.get(workspace=workspace), make_person(workspace)
        assert "Mine." not in text_of(browse.get(f"/users/{bob.public_id}/note", {"note": note.public_id}))
        post(browse, bob, "note", note=note.public_id, remove="1")
        assert Note.objects.get(workspace=workspace).text == "Mine."


class TestUndo:
    """Undo on the timeline."""

    def timeline(self, browse, person):
        return browse.get(f"/users/{person.public_id}", {"tab": "timeline"})

    def test_what_is_still_so_can_be_undone_there(self, browse, ada):
        post(browse, ada, "ban")
        page = self.timeline(browse, ada)
        assert "You banned them Undo" in text_of(page)
        post(browse, ada, "ban", lift="1")
        assert "You banned them Undo" not in text_of(self.timeline(browse, ada))

    def test_what_was_changed_since_is_said_and_left(self, browse, ada):
        response = post(browse, ada, "value/save", key="plan", seen='"free"', value="pro")
        fields = undo_of(response)
        post(browse, ada, "value/save", key="plan", seen='"pro"', value="gold")
        assert "Nothing was undone." in said_on(browse.post(f"/users/{ada.public_id}/undo", fields, follow=True))
        assert now_on(ada).attributes["plan"] == "gold"

    @pytest.mark.parametrize("revision", ["", "x", "-1", "x,y,", "9" * 30, ",".join("1" * 500), "\u0661"])
    def test_nonsense_undoes_nothing(self, browse, ada, revision):
        assert "Nothing was undone." in said_on(post(browse, ada, "undo", revision=revision))
        assert now_on(ada).attributes == ada.attributes

    @pytest.mark.one_database
    def test_back_on_the_tab_one_was_on(self, browse, ada):
        response = post(browse, ada, "ban", tab="timeline", view="sort=default_name")
        assert response.redirect_chain == [(f"/users/{ada.public_id}?view=sort%3Ddefault_name&tab=timeline", 302)]
        assert undo_of(response)["tab"] == "timeline"
