"""Places in a filter tree: (2, 0) is the first part of the third. Trees are frozen, so an edit makes a new one."""

from dataclasses import replace

from coterie.audience.tree import All, Any, Node, Not

Path = tuple[int, ...]


# How the parts of a group may be joined.
MODES = ("all", "any", "none")


def joined(parts: tuple[Node, ...], mode: str) -> Node:
    """The group of these parts: all, any or none of them."""
    if mode == "none":
        return Not(Any(parts))
    return Any(parts) if mode == "any" else All(parts)


def mode_of(group: Node) -> str | None:
    """How the parts of a group are joined; None when it is a single condition."""
    match group:
        case All():
            return "all"
        case Any():
            return "any"
        case Not(Any()):
            return "none"
        case _:
            return None


def parts_of(group: Node) -> tuple[Node, ...]:
    """The parts of a group, those of "none of" included."""
    return children_of(group.child) if isinstance(group, Not) and isinstance(group.child, Any) else children_of(group)


def path_of(group: Node, path: Path, number: int) -> Path:
    """Where the part of that number of the group at `path` is."""
    return (*path, 0, number) if isinstance(group, Not) else (*path, number)


def children_of(node: Node) -> tuple[Node, ...]:
    """The parts of a group; a condition has none."""
    match node:
        case All(children) | Any(children):
            return children
        case Not(child):
            return (child,)
        case _:
            return ()


def found(nodes: tuple[Node, ...], path: Path) -> Node:
    """What is at `path`; LookupError when nothing is."""
    if not path or not 0 <= path[0] < len(nodes):
        raise LookupError(path)
    node = nodes[path[0]]
    return node if len(path) == 1 else found(children_of(node), path[1:])


def replaced(nodes: tuple[Node, ...], path: Path, node: Node) -> tuple[Node, ...]:
    """With `node` at `path`; LookupError when nothing is there now."""
    found(nodes, path[:1])
    at, deeper = path[0], path[1:]
    new = node if not deeper else _with_children(nodes[at], replaced(children_of(nodes[at]), deeper, node))
    return (*nodes[:at], new, *nodes[at + 1 :])


def removed(nodes: tuple[Node, ...], path: Path) -> tuple[Node, ...]:
    """Without what is at `path`, and without groups that have nothing left."""
    found(nodes, path[:1])
    at, deeper = path[0], path[1:]
    left = removed(children_of(nodes[at]), deeper) if deeper else ()
    return (*nodes[:at], *([_with_children(nodes[at], left)] if left else []), *nodes[at + 1 :])


def can_grow(node: Node) -> bool:
    """Whether it is a group, which may have one more part."""
    return can_grow(node.child) if isinstance(node, Not) else isinstance(node, All | Any)


def grown(group: Node, node: Node) -> Node:
    """The group with one more part; LookupError when it is no group."""
    match group:
        case All(children) | Any(children):
            return replace(group, children=(*children, node))
        case Not(child):
            return Not(grown(child, node))
        case _:
            raise LookupError(group)


def _with_children(group: Node, children: tuple[Node, ...]) -> Node:
    match group:
        case All() | Any():
            return replace(group, children=children)
        case _:
            return Not(children[0])
