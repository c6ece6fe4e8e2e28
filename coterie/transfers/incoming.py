"""A file being imported: opened, its columns mapped, its rows understood chunk by chunk."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from coterie.accounts.models import Workspace
from coterie.audience.audience import audience_of
from coterie.audience.columns import RESERVED_KEYS, Type
from coterie.audience.models import AttributeType
from coterie.core.ids import to_public
from coterie.people.attributes import Value, catalogue_keys, guess_type
from coterie.segments.membership import ByRule
from coterie.segments.models import Kind, Segment
from coterie.transfers.from_csv import CsvFile
from coterie.transfers.judged import Judged
from coterie.transfers.judging import Judge
from coterie.transfers.mapping import mapped
from coterie.transfers.opening import open_file
from coterie.transfers.reading import Chunk, Source, WrongFile, names_of
from coterie.transfers.rejects import Reject, Rejects
from coterie.transfers.wishes import Wishes
from coterie.transfers.writing import people

# More would be little faster, and would take more than 400 MB for wide files.
CHUNK = 6_000


class Incoming:
    """`chunk` is the present one, `done` counts the rows before it. Raises WrongFile or OSError when made.

    `rejected` is where rejected rows go, otherwise beside the file. `few`: only the first chunk is wanted, of so many.
    """

    def __init__(
        self, workspace: Workspace, path: Path, wishes: Wishes, *, rejected: Path | None = None, few: int = 0
    ) -> None:
        self.workspace, self.path, self.wishes = workspace, path, wishes
        self.source = open_file(path, wishes.encoding, wishes.delimiter)
        try:
            self.names = names_of(self.source, wishes.raw)
            self.keys = mapped(self.names, wishes.mapping)
            audience = audience_of(workspace)
            columns = (*audience.catalogue.columns, *audience.catalogue.hidden.values())
            known = {column.key: column.type for column in columns}
            self.samples = _samples(self.source, self.keys)
            _check(workspace, wishes, [key for key in self.keys if key is not None and key not in known])
            types = {key: Type(guess_type(value)) for key, value in self.samples.items()} | _typed(wishes) | known
            guarded = self.source.guarded and not wishes.raw
            self.judge = Judge(audience, self.keys, types, wishes, guarded=guarded, few=bool(few))
        except BaseException:
            self.source.close()
            raise
        delimiter = self.source.delimiter if isinstance(self.source, CsvFile) else ","
        place = rejected or path.with_name(f"{path.stem}.rejected.csv")
        self.rejects = Rejects(place, self.source.header, delimiter)
        self._catalogued = set(known)
        self.done = 0
        self.chunk: Chunk | None = None
        # Bytes of the file up to the end of the present chunk.
        self.position = 0
        self._chunks = self.source.chunks(few or CHUNK)
        self._ahead = ThreadPoolExecutor(1, "import")
        self._following: Future[tuple[Chunk | None, int]] | None = None

    def next(self) -> bool:
        """Goes to the next chunk; False at the end of the file. The one after it is read and understood meanwhile."""
        if self.chunk is not None:
            self.done += self.chunk.rows
        self.chunk, self.position = (self._following or self._ahead.submit(self._read)).result()
        if self.chunk is not None:
            self.judge.take()
            self._following = self._ahead.submit(self._read)
        return self.chunk is not None

    def _read(self) -> tuple[Chunk | None, int]:
        chunk = next(self._chunks, None)
        if chunk is not None:
            self.judge.understand(chunk)
        return chunk, self.source.position

    def catalogue(self) -> dict[str, str]:
        """Adds attributes that the present chunk is the first to have, and returns which are new, with their types.

        Raises Refused when there are too many.
        """
        added: dict[str, str] = {}
        fresh = {key: value for key, value in self.judge.values().items() if key not in self._catalogued}
        if fresh:
            first = {key: self.samples.get(key, value) for key, value in fresh.items()}
            added = catalogue_keys(self.workspace.pk, [first], types=self.wishes.types)
            self._catalogued.update(fresh)
        return added

    def skip(self, done: int, stop: Callable[[], bool]) -> bool:
        """Goes to the chunk after so many rows, remembering who was in those before; False when `stop` said so."""
        while self.next() and self.chunk is not None and self.done + self.chunk.rows <= done:
            if stop():
                return False
            self.judge.judge(people(self.workspace.pk, self.judge, locked=False))
            self.judge.accept()
        return True

    def rejected(self, judged: Judged) -> list[Reject]:
        """The rejected rows of the present chunk, by line."""
        chunk = self.chunk
        if chunk is None:
            return []
        place = {number: index for index, number in enumerate(chunk.numbers)} if judged.rejected else {}
        found = [(line, reason, chunk.cells(place[line])) for line, reason in judged.rejected]
        return sorted([*found, *((row.number, row.problem, row.cells) for row in chunk.broken)], key=lambda row: row[0])

    def close(self) -> None:
        """Lets go of the file."""
        self._ahead.shutdown(cancel_futures=True)
        self.source.close()
        self.judge.close()

    def columns(self) -> dict[str, str | None]:
        """Heading → the attribute that it fills."""
        return dict(zip(self.names, self.keys, strict=True))


def segments(workspace: Workspace, wishes: Wishes) -> list[int]:
    """The ids of the segments that are wished and are there."""
    found = Segment.objects.filter(workspace=workspace, id__in=wishes.segments).values_list("id", flat=True)
    return list(found)


def _samples(source: Source, keys: Sequence[str | None]) -> dict[str, Value]:
    """First values of custom attributes, by attribute, where the file has types."""
    samples: Mapping[str, Value] = source.samples
    pairs = zip(source.header, keys, strict=True)
    return {key: samples[name] for name, key in pairs if key and key not in RESERVED_KEYS and name in samples}


def _typed(wishes: Wishes) -> dict[str, Type]:
    """Raises WrongFile for a type that attributes do not have."""
    if wrong := sorted(set(wishes.types.values()) - set(AttributeType)):
        raise WrongFile(f"There is no type “{wrong[0]}”; there are {', '.join(AttributeType.values)}.")
    return {key: Type(kind) for key, kind in wishes.types.items()}


def _check(workspace: Workspace, wishes: Wishes, fresh: Sequence[str]) -> None:
    """Refuses attributes that nobody has yet, if that is wished, and segments that are not there."""
    if fresh and not wishes.new_attributes:
        names = ", ".join(f"“{key}”" for key in fresh)
        raise WrongFile(f"There is no attribute {names} yet. Allow new attributes, or map the column to another.")
    if missing := sorted(set(wishes.segments) - set(segments(workspace, wishes))):
        raise WrongFile(f"No such segment in this workspace: {', '.join(map(to_public, missing))}.")
    by_rule = Segment.objects.filter(workspace=workspace, id__in=wishes.segments, kind=Kind.RULE).first()
    if by_rule is not None:
        raise WrongFile(str(ByRule(by_rule.name)))
