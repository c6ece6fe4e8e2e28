"""Settings, Retention and Settings, Banned people."""

import datetime as dt

import pytest

from coterie.accounts.models import AuditEntry
from coterie.core.clock import now
from coterie.people.models import Person
from coterie.people.policy import policy_of
from tests.conftest import PASSWORD
from tests.makers import make_person
from tests.web.pages import link, listed, said_on, text_of


@pytest.fixture
def as_admin(client_of, admin):
    return client_of(admin)


@pytest.fixture
def long_gone(workspace) -> Person:
    """Somebody who was last seen 100 days ago."""
    then = now() - dt.timedelta(days=100)
    return make_person(workspace, default_name="Old", created_at=then, last_seen=then)


def save(client, days: str, **more: str):
    return client.post("/settings/retention", {"days": days, **more}, follow=True)


@pytest.mark.one_database
def test_nobody_is_erased_as_long_as_nothing_is_said(as_admin, workspace):
    assert "Now: for ever." in text_of(as_admin.get("/settings/retention"))
    assert policy_of(workspace.pk).keep_days is None


def test_a_rehearsal_says_how_many_and_lists_them(as_admin, long_gone, crowd, workspace):
    crowd(2, default_name="New {n}")
    response = as_admin.get("/settings/retention", {"days": "90"})
    assert "1 person would be erased tonight." in text_of(response)
    assert listed(as_admin.get(link(response, "lastSeen"))) == ["Old"]
    assert policy_of(workspace.pk).keep_days is None
    assert "0 people would be erased tonight." in text_of(as_admin.get("/settings/retention", {"days": "101"}))


def test_it_is_saved_only_after_the_rehearsal_of_that_very_number(as_admin, long_gone, workspace):
    for rehearsed in ({}, {"rehearsed": "91"}):
        response = save(as_admin, "90", password=PASSWORD, **rehearsed)
        assert "1 person would be erased tonight." in text_of(response)
        assert policy_of(workspace.pk).keep_days is None
    response = save(as_admin, "90", password=PASSWORD, rehearsed="90")
    assert "From tonight on" in said_on(response)
    assert policy_of(workspace.pk).keep_days == 90


@pytest.mark.one_database
def test_it_wants_the_password(as_admin, workspace):
    response = save(as_admin, "90", rehearsed="90")
    assert response.status_code == 422
    assert "This is not your password." in text_of(response)
    assert policy_of(workspace.pk).keep_days is None


def test_a_change_is_in_the_audit_trail(as_admin, workspace):
    save(as_admin, "90", rehearsed="90", password=PASSWORD)
    save(as_admin, "90", rehearsed="90", password=PASSWORD)
    save(as_admin, "")
    entries = AuditEntry.objects.filter(workspace=workspace, action="retention.change").order_by("pk")
    assert [entry.details for entry in entries] == [{"from": None, "to": 90}, {"from": 90, "to": None}]


@pytest.mark.one_database
def test_switching_it_off_needs_nothing(as_admin, workspace):
    save(as_admin, "90", rehearsed="90", password=PASSWORD)
    assert "Nobody is erased by itself any more." in said_on(save(as_admin, ""))
    assert policy_of(workspace.pk).keep_days is None


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "x", "36501", "9" * 40, "٣"])
def test_what_is_no_number_of_days_is_refused(as_admin, workspace, days):
    response = save(as_admin, days, rehearsed=days, password=PASSWORD)
    assert response.status_code == 422
    assert policy_of(workspace.pk).keep_days is None


def test_the_answer_to_banned_people_is_saved(as_admin, workspace):
    response = as_admin.post("/settings/banned", {"refusal": "  Call us.\r\nPlease. "}, follow=True)
    assert "Saved." in said_on(response)
    assert policy_of(workspace.pk).refusal == "Call us.\nPlease."
    assert AuditEntry.objects.get(workspace=workspace, action="refusal.change").details["from"] == ""


@pytest.mark.one_database
def test_an_answer_that_is_too_long_is_refused_and_kept_in_the_form(as_admin, workspace):
    response = as_admin.post("/settings/banned", {"refusal": "x" * 501})
    assert response.status_code == 422
    assert "x" * 501 in response.content.decode()
    assert policy_of(workspace.pk).refusal == ""


def test_it_says_how_many_are_banned_and_leads_to_them(as_admin, workspace, crowd):
    from coterie.bulk.actions import Action
    from coterie.bulk.selection import Selection
    from coterie.bulk.start import start

    person = crowd(2, default_name="Ada {n}")[0]
    start(workspace, "test", Action.ban(), Selection.of_ids([person.id]))
    response = as_admin.get("/settings/banned")
    assert "1 person is banned" in text_of(response)
    assert listed(as_admin.get(link(response, "banned:is_true"))) == ["Ada 0"]


@pytest.mark.one_database
@pytest.mark.parametrize("page", ["retention", "banned"])
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_lower_roles_neither_see_nor_change_it(client_of, member_of, workspace, page, role):
    client = client_of(member_of(workspace, role))
    assert client.get(f"/settings/{page}").status_code == 403
    assert client.post(f"/settings/{page}", {"days": "", "refusal": "x"}).status_code == 403
    assert "Retention" not in client.get("/settings/attributes").content.decode()


def test_another_workspace_has_its_own(as_admin, client_of, stranger, workspace, other_workspace):
    as_admin.post("/settings/banned", {"refusal": "Ours"})
    assert "Ours" not in client_of(stranger).get("/settings/banned").content.decode()
    assert policy_of(other_workspace.pk).refusal == ""
