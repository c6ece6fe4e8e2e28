"""The page that erases one person for good."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from coterie.accounts.models import AuditEntry, Member
from coterie.bulk.actions import Action
from coterie.bulk.selection import Selection
from coterie.bulk.start import start, undo
from coterie.journal.models import Operation
from coterie.merging.merge import merge
from coterie.people.models import Person, Tombstone
from coterie.web.fresh import LOGGED_IN_AT
from tests.conftest import PASSWORD
from tests.web.pages import said_on, text_of


@pytest.fixture
def ada(crowd) -> Person:
    return crowd(1, default_name="Ada Lovelace", default_email="ada@example.test")[0]


@pytest.fixture
def as_admin(client_of, admin):
    return client_of(admin)


def address(person: Person) -> str:
    return f"/users/{person.public_id}/erase"


def erase(client, person: Person, typed: str, password: str = PASSWORD):
    return client.post(address(person), {"typed": typed, "password": password}, follow=True)


def is_there(person: Person) -> bool:
    return Person.objects.filter(workspace_id=person.workspace_id, id=person.id).exists()


def test_it_says_what_would_go(as_admin, ada):
    text = text_of(as_admin.get(address(ada)))
    for words in ("Erase Ada Lovelace for good?", "cannot be undone", "0 chats, 0 messages", "Type Ada Lovelace"):
        assert words in text
    assert is_there(ada)


@pytest.mark.one_database
@pytest.mark.parametrize("typed", ["Ada Lovelace", "  ada lovelace ", "{user_id}", "{public_id}"])
def test_the_name_or_an_id_confirms_it(as_admin, ada, typed):
    response = erase(as_admin, ada, typed.format(user_id=ada.user_id, public_id=ada.public_id))
    assert response.redirect_chain[-1][0] == "/users"
    assert "Erased for good" in said_on(response)
    assert not is_there(ada)


@pytest.mark.one_database
@pytest.mark.parametrize("typed", ["", "Ada", "yes", "ada@example.test"])
def test_anything_else_does_not(as_admin, ada, typed):
    response = erase(as_admin, ada, typed)
    assert response.status_code == 422
    assert "neither the name nor the user id" in text_of(response)
    assert is_there(ada)


def test_it_wants_the_password_unless_it_was_given_a_moment_ago(as_admin, ada):
    response = erase(as_admin, ada, "Ada Lovelace", "wrong")
    assert response.status_code == 422
    assert "This is not your password" in text_of(response)
    assert is_there(ada)


@pytest.mark.one_database
def test_a_password_that_was_hashed_at_another_cost_ends_no_session(client_of, admin, ada, monkeypatch):
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 2)
    admin.set_password(PASSWORD)
    admin.save()
    monkeypatch.undo()
    client = client_of(admin)
    assert "Erased for good" in said_on(erase(client, ada, "Ada Lovelace"))


@pytest.mark.one_database
def test_a_fresh_login_is_enough(as_admin, ada):
    import time

    session = as_admin.session
    session[LOGGED_IN_AT] = time.time()
    session.save()
    assert "password" not in as_admin.get(address(ada)).content.decode()
    erase(as_admin, ada, "Ada Lovelace", "")
    assert not is_there(ada)


def test_activity_and_the_audit_trail_say_that_it_was_done_but_not_who_it_was(as_admin, ada, workspace):
    erase(as_admin, ada, "Ada Lovelace")
    operation = Operation.objects.get(workspace=workspace, kind="erase")
    assert (operation.state, operation.label, operation.can_be_undone) == ("done", "Erase 1 person for good", False)
    entry = AuditEntry.objects.get(workspace=workspace, action="people.erase")
    assert entry.details == {"people": 1, "operation": operation.public_id}
    text = text_of(as_admin.get("/activity"))
    assert "Erase 1 person for good" in text
    assert "Undo" not in text


@pytest.mark.one_database
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_lower_roles_may_not(client_of, member_of, workspace, ada, role):
    client = client_of(member_of(workspace, role))
    assert client.get(address(ada)).status_code == 403
    assert erase(client, ada, "Ada Lovelace").status_code == 403
    assert is_there(ada)


def test_a_person_of_another_workspace_is_not_found(client_of, stranger, ada):
    client = client_of(stranger)
    assert client.get(address(ada)).status_code == 404
    assert erase(client, ada, "Ada Lovelace").status_code == 404
    assert is_there(ada)


def test_twice_is_not_found_the_second_time(as_admin, ada, workspace):
    erase(as_admin, ada, "Ada Lovelace")
    stones = Tombstone.objects.filter(workspace=workspace).count()
    assert erase(as_admin, ada, "Ada Lovelace").status_code == 404
    assert Tombstone.objects.filter(workspace=workspace).count() == stones == 2


@pytest.mark.one_database
def test_a_name_with_markup_is_shown_as_text_and_can_be_typed(as_admin, crowd):
    person = crowd(1, default_name="<b onload=alert(1)>Bo</b>")[0]
    assert "<b onload" not in as_admin.get(address(person)).content.decode()
    erase(as_admin, person, "<b onload=alert(1)>Bo</b>")
    assert not is_there(person)


class TestDeleted:
    """Somebody who was deleted on the Users page, and could come back for 30 days."""

    def delete(self, workspace, person, actor="member:0") -> Operation:
        return start(workspace, actor, Action.delete(), Selection.of_ids([person.id]))

    @pytest.mark.one_database
    @pytest.mark.parametrize("page", ["", "/everything", "/value?key=default_name"])
    def test_the_page_says_who_deleted_them_and_leads_to_the_undo(self, as_admin, workspace, ada, page):
        member = as_admin.session["_auth_user_id"]
        deleted = self.delete(workspace, ada, f"member:{Member.objects.get(user_id=member).pk}")
        response = as_admin.get(f"/users/{ada.public_id}{page}")
        assert response.status_code == 404
        text = text_of(response)
        assert "This person was deleted by you on" in text
        assert "can be undone in Activity" in text
        assert "Undo in Activity" in text
        assert "Ada Lovelace" not in text
        undo(workspace, "member:0", deleted.id)
        assert as_admin.get(f"/users/{ada.public_id}{page}").status_code == 200

    def test_they_are_erased_for_good_after_typing_who_it_is(self, as_admin, workspace, ada):
        deleted = self.delete(workspace, ada)
        assert address(ada) in as_admin.get(f"/users/{ada.public_id}").content.decode()
        assert "Erase Ada Lovelace for good?" in text_of(as_admin.get(address(ada)))
        assert erase(as_admin, ada, "somebody").status_code == 422
        assert erase(as_admin, ada, "Ada Lovelace", "wrong").status_code == 422
        assert "Erased for good." in said_on(erase(as_admin, ada, "ada lovelace"))
        undo(workspace, "member:0", deleted.id)
        assert not is_there(ada)
        response = as_admin.get(f"/users/{ada.public_id}")
        assert response.status_code == 404
        assert "was deleted by" not in text_of(response)

    @pytest.mark.one_database
    @pytest.mark.parametrize("role", ["viewer", "editor"])
    def test_lower_roles_see_that_but_may_not_erase(self, client_of, member_of, workspace, ada, role):
        self.delete(workspace, ada)
        client = client_of(member_of(workspace, role))
        response = client.get(f"/users/{ada.public_id}")
        assert "This person was deleted by" in text_of(response)
        assert address(ada) not in response.content.decode()
        assert erase(client, ada, "Ada Lovelace").status_code == 403

    def test_another_workspace_learns_nothing(self, client_of, stranger, workspace, ada):
        self.delete(workspace, ada)
        client = client_of(stranger)
        assert "was deleted by" not in text_of(client.get(f"/users/{ada.public_id}"))
        assert erase(client, ada, "Ada Lovelace").status_code == 404


def test_one_merged_person_is_counted_as_one(as_admin, workspace, ada, crowd):
    other = crowd(1, default_name="Countess")[0]
    merge(workspace, "member:0", ada.id, other.id, set())
    assert "all of it of the 1 person who was merged into this one" in text_of(as_admin.get(address(ada)))
