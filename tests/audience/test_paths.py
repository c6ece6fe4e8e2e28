"""Edits at a place of the tree: what stands elsewhere stays as it is."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coterie.audience.paths import (
    MODES,
    Path,
    can_grow,
    children_of,
    found,
    grown,
    joined,
    mode_of,
    parts_of,
    path_of,
    removed,
    replaced,
)
from coterie.audience.tree import All, Any, Condition, Node, Not, Search
from tests.audience.asking import POLAND
from tests.audience.trees import trees

NEW = Condition("banned", "is_true")
FORESTS = st.lists(trees(["0" * 24]), min_size=1, max_size=4).map(tuple)


def places(nodes: tuple[Node, ...], at: Path = ()) -> dict[Path, Node]:
    """Everything in the trees by its place."""
    own = {(*at, number): node for number, node in enumerate(nodes)}
    return own | {
        path: inner for place, node in own.items() for path, inner in places(children_of(node), place).items()
    }


def a_place(data: st.DataObject, nodes: tuple[Node, ...]) -> Path:
    return data.draw(st.sampled_from(sorted(places(nodes))))


def elsewhere(nodes: tuple[Node, ...], path: Path) -> dict[Path, Node]:
    """What is neither at the place, nor in it, nor around it."""
    return {
        other: node
        for other, node in places(nodes).items()
        if other[: len(path)] != path and path[: len(other)] != other
    }


@given(nodes=FORESTS)
def test_every_place_is_found(nodes: tuple[Node, ...]) -> None:
    assert all(found(nodes, path) is node for path, node in places(nodes).items())


@given(nodes=FORESTS, data=st.data())
def test_what_is_put_is_there_and_all_else_as_before(nodes: tuple[Node, ...], data: st.DataObject) -> None:
    path = a_place(data, nodes)
    after = replaced(nodes, path, NEW)
    assert found(after, path) == NEW
    assert elsewhere(after, path) == elsewhere(nodes, path)
    assert replaced(after, path, found(nodes, path)) == nodes


def leaves(nodes: tuple[Node, ...]) -> list[Node]:
    return [node for _path, node in sorted(places(nodes).items()) if isinstance(node, Condition | Search)]


@given(nodes=FORESTS, data=st.data())
def test_only_what_is_removed_goes(nodes: tuple[Node, ...], data: st.DataObject) -> None:
    path = a_place(data, nodes)
    gone = len(leaves((found(nodes, path),)))
    before = sum(1 for other in places(nodes) if other < path and isinstance(found(nodes, other), Condition | Search))
    left = leaves(nodes)
    del left[before : before + gone]
    assert leaves(removed(nodes, path)) == left


@given(nodes=FORESTS, data=st.data())
def test_a_group_that_loses_its_last_part_goes_too(nodes: tuple[Node, ...], data: st.DataObject) -> None:
    path = a_place(data, nodes)
    empty = sum(1 for node in places(nodes).values() if node in (All(), Any()))
    after = removed(nodes, path)
    assert sum(1 for node in places(after).values() if node in (All(), Any())) <= empty
    assert len(places(after)) < len(places(nodes))


@given(nodes=FORESTS, data=st.data())
def test_a_group_grows_at_its_end(nodes: tuple[Node, ...], data: st.DataObject) -> None:
    path = a_place(data, nodes)
    group = found(nodes, path)
    assume(can_grow(group))
    inner, after = group, grown(group, NEW)
    while isinstance(inner, Not):
        assert isinstance(after, Not)
        inner, after = inner.child, after.child
    assert type(after) is type(inner)
    assert children_of(after) == (*children_of(inner), NEW)


@given(node=trees(["0" * 24]))
def test_what_cannot_grow_refuses_to(node: Node) -> None:
    assume(not can_grow(node))
    with pytest.raises(LookupError):
        grown(node, NEW)


@pytest.mark.parametrize("mode", MODES)
def test_a_group_has_the_parts_and_the_mode_it_was_made_of(mode: str) -> None:
    parts = (POLAND, NEW, Not(POLAND))
    group = joined(parts, mode)
    assert (mode_of(group), parts_of(group)) == (mode, parts)
    assert [found((NEW, group), path_of(group, (1,), number)) for number in range(3)] == list(parts)


@given(nodes=FORESTS, data=st.data(), mode=st.sampled_from(MODES))
def test_a_group_can_be_joined_in_another_way(nodes: tuple[Node, ...], data: st.DataObject, mode: str) -> None:
    path = a_place(data, nodes)
    group = found(nodes, path)
    assume(mode_of(group) is not None)
    after = replaced(nodes, path, joined(parts_of(group), mode))
    assert mode_of(found(after, path)) == mode
    assert parts_of(found(after, path)) == parts_of(group)
    assert elsewhere(after, path) == elsewhere(nodes, path)


@pytest.mark.parametrize("path", [(), (3,), (0, 0), (1, 2), (1, 0, 0), (-1,), (1, -1), (2, 1)])
def test_no_place_is_no_place(path: Path) -> None:
    nodes = (POLAND, Any((NEW, POLAND)), Not(NEW))
    for act in (found, removed, lambda nodes, path: replaced(nodes, path, NEW)):
        with pytest.raises(LookupError):
            act(nodes, path)
