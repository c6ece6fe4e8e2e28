"""What is known and decided about the rows of a chunk: between `judging`, which decides, and `writing`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is there and whom a row may mean: `attributes` as JSON."""

    id: int
    user_id: str
    attributes: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a chunk. Texts called JSON are encoded.

    `new`: (line, user id or None, attributes as JSON, first seen, last seen), in the order of the file.
    `changed`: (person id, attributes as JSON, before, after, removed: JSON or None), by id.
    `same`: ids of people whom the row does not change. `rejected`: (line, reason). `gained` counts attributes.
    """

    new: list[tuple[Any, ...]]
    changed: list[tuple[Any, ...]]
    same: list[int]
    rejected: list[tuple[int, str]]
    gained: dict[str, int]
