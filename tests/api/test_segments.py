"""`/api/users/segments`: list, create, members; nothing half-done."""

import pytest

from coterie.audience.tree import Condition
from coterie.journal.models import JournalEntry
from coterie.segments.catalogue import create
from coterie.segments.models import Membership, Segment
from coterie.segments.rules import create_rule
from coterie.segments.trash import remove
from tests.makers import make_people, make_person, put_in


@pytest.mark.parametrize("path", ["/api/users/segments", "/api/segments"])
def test_a_segment_is_created_and_listed_at_both_addresses(workspace, api, post, path):
    answer = post(path, {"name": " News "})
    assert answer.status_code == 200
    created = answer.json()
    assert set(created) == {"id", "timestamp", "status"}
    assert created["status"] == {"code": 200, "type": "success"}
    listed = api.get(path).json()
    segment = Segment.objects.get(workspace=workspace)
    assert listed == [
        {"id": created["id"], "name": "News", "users": 0, "createdAt": listed[0]["createdAt"]},
    ]
    assert segment.public_id == created["id"]


@pytest.mark.one_database
@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 257}, {"name": 5}, {"name": "  "}, [], '"x"', b""])
def test_a_name_that_is_none_is_422(post, body):
    answer = post("/api/users/segments", body)
    assert answer.status_code == 422
    assert answer.json()["status"]["details"]


@pytest.mark.one_database
@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"name":', b"[" * 100_000])
def test_a_body_that_is_not_json_is_400(post, body):
    answer = post("/api/users/segments", body)
    assert (answer.status_code, answer.json()["status"]["code"]) == (400, 400)


def test_a_name_that_is_taken_is_422(workspace, post):
    create(workspace, "News", "test")
    answer = post("/api/users/segments", {"name": "NEWS"})
    assert answer.status_code == 422
    assert answer.json()["status"]["details"][0]["where"] == "name"


def test_members_are_added_and_counted(workspace, api, post):
    people = make_people(workspace, 3)
    segments = [create(workspace, name, "test") for name in ("a", "b")]
    body = {"segments": [s.public_id for s in segments], "users": [p.public_id for p in people]}
    for _ in range(2):
        answer = post("/api/users/segments/members", body)
        assert answer.status_code == 200
        assert set(answer.json()) == {"timestamp", "status"}
    assert [segment["users"] for segment in api.get("/api/users/segments").json()] == [3, 3]
    actors = set(JournalEntry.objects.filter(workspace=workspace, kind="joined").values_list("actor", flat=True))
    assert len(actors) == 1
    assert actors.pop().startswith("token:")


def test_one_unknown_id_and_nothing_is_done(workspace, other_workspace, post):
    mine, theirs = make_person(workspace), make_person(other_workspace)
    segment, foreign = create(workspace, "a", "test"), create(other_workspace, "b", "test")
    answer = post(
        "/api/users/segments/members",
        {"segments": [segment.public_id, foreign.public_id], "users": [mine.public_id, theirs.public_id, "x"]},
    )
    assert answer.status_code == 404
    details = answer.json()["status"]["details"]
    assert [(detail["where"], detail["message"]) for detail in details] == [
        ("segments", f"there is no segment with the id {foreign.public_id}."),
        ("users", f"there is no user with the id {theirs.public_id}."),
        ("users", "there is no user with the id x."),
    ]
    assert not Membership.objects.filter(workspace__in=[workspace, other_workspace]).exists()


@pytest.mark.one_database
@pytest.mark.parametrize(
    "body",
    [
        {"segments": [], "users": ["x"]},
        {"segments": ["x"], "users": []},
        {"segments": ["x"] * 101, "users": ["x"]},
        {"segments": ["x"], "users": ["x"] * 1001},
        {"segments": "x", "users": ["x"]},
        {"users": ["x"]},
    ],
)
def test_members_within_the_documented_limits_only(post, body):
    assert post("/api/users/segments/members", body).status_code == 422


def test_segments_of_another_workspace_do_not_show(other_workspace, api):
    create(other_workspace, "Theirs", "test")
    assert api.get("/api/users/segments").json() == []


def test_nobody_is_added_to_a_segment_that_a_rule_fills(workspace, api, post):
    person = make_person(workspace, default_country="Poland")
    segment = create_rule(workspace, "Poles", Condition("default_country", "is", ("Poland",)), "test")
    answer = post("/api/users/segments/members", {"segments": [segment.public_id], "users": [person.public_id]})
    assert answer.status_code == 422
    assert "“Poles” keeps itself up to date" in answer.json()["status"]["message"]
    assert not Membership.objects.filter(workspace=workspace).exists()
    assert api.get(f"/api/users?f=segment:in:{segment.public_id}").json()["count"] == 1


def test_a_removed_segment_is_neither_listed_nor_found(workspace, api, post):
    person, segment = make_person(workspace), create(workspace, "News", "test")
    put_in(workspace, "test", [segment.id], [person.id])
    remove(workspace, segment, "test")
    assert api.get("/api/users/segments").json() == []
    assert api.get(f"/api/users/{person.public_id}").json()["segments"] == []
    answer = post("/api/users/segments/members", {"segments": [segment.public_id], "users": [person.public_id]})
    assert answer.status_code == 404
    assert api.get(f"/api/users?f=segment:in:{segment.public_id}").status_code == 422
