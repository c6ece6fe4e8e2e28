"""Segments are made, found and never confused."""

import pytest

from coterie.accounts.models import AuditEntry
from coterie.audience.columns import catalogue
from coterie.segments.catalogue import NameTaken, create, find, segments_of


def test_a_name_is_cleaned_and_kept(workspace):
    assert create(workspace, "  Monthly Newsletter US ENG \x00", "test").name == "Monthly Newsletter US ENG �"


@pytest.mark.parametrize("name", ["", "   ", "x" * 257])
def test_a_name_has_1_to_256_characters(workspace, name):
    with pytest.raises(ValueError, match="1 to 256"):
        create(workspace, name, "test")


@pytest.mark.parametrize(("one", "other"), [("News", "news"), ("Łódź", "łÓDŹ"), ("Straße", "STRASSE")])
def test_names_differ_in_more_than_case(workspace, one, other):
    create(workspace, one, "test")
    with pytest.raises(NameTaken, match=other):
        create(workspace, other, "test")
    assert len(segments_of(workspace)) == 1


def test_two_workspaces_may_use_one_name(workspace, other_workspace):
    create(workspace, "News", "test")
    create(other_workspace, "News", "test")


def test_segments_are_found_by_id_and_by_name_in_their_workspace_only(workspace, other_workspace):
    segment = create(workspace, "Łódź", "test")
    assert find(workspace, segment.public_id) == segment
    assert find(workspace, "łódź") == segment
    assert find(workspace, "nothing") is None
    assert find(other_workspace, segment.public_id) is None
    assert find(other_workspace, "Łódź") is None


def test_newest_first_and_names_by_name(workspace):
    b, a = create(workspace, "b", "test"), create(workspace, "A", "test")
    assert segments_of(workspace) == [a, b]
    assert list(catalogue(workspace.pk).segment_names.items()) == [(a.public_id, "A"), (b.public_id, "b")]


def test_making_one_is_audited(workspace):
    create(workspace, "News", "member:3")
    entry = AuditEntry.objects.get(workspace=workspace)
    assert (entry.actor, entry.action, entry.details["name"]) == ("member:3", "segment.create", "News")
