"""The parts of a workbook: how its archive leads to sheets, texts and formats; with limits on all of them."""

import os
import posixpath
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Generator, Iterator
from typing import IO
from xml.parsers import expat

from coterie.transfers.reading import MAX_CELL, WrongFile
from coterie.transfers.xlsx_cells import Styles, is_date, unescaped

# A sheet of a million rows has 1 to 2 GB; a part that packs a thousandfold holds no people.
MAX_PART = 4 << 30
MAX_RATIO = 500
MAX_TEXTS = 20_000_000
_SMALL = 16 << 20
_BLOCK = 1 << 16
_MAX_PARTS = 10_000
_RELATION = "r:id"
Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]


def ignore(*_: object) -> None:
    """For events that do not matter."""


def parse(
    stream: IO[bytes], start: Start, end: Callable[[str], None] = ignore, text: Callable[[str], None] = ignore
) -> Iterator[None]:
    """Parses XML block by block, and yields after each. Prefixes of names are left out. Raises WrongFile."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        while block := stream.read(_BLOCK):
            parser.Parse(block, False)
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        if isinstance(error, WrongFile):
            raise
        raise WrongFile(f"The workbook is damaged: {error}.") from error


def _refuse(*_: object) -> None:
    raise WrongFile("The workbook has declarations that no spreadsheet writes. Save it anew, or as “CSV UTF-8”.")


class Archive:
    """The ZIP archive of a workbook."""

    def __init__(self, raw: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(raw)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise WrongFile(f"This is not a workbook that can be read: {error}.") from error
        if len(self._zip.infolist()) > _MAX_PARTS:
            raise WrongFile("This archive has more parts than any workbook.")

    @property
    def size(self) -> int:
        """Bytes of all parts when unpacked, as declared: reading stops there."""
        return sum(part.file_size for part in self._zip.infolist())

    def open(self, name: str) -> IO[bytes]:
        """A part; raises WrongFile when there is none, or when it is too big."""
        try:
            part = self._zip.getinfo(name)
            if part.file_size > MAX_PART:
                raise WrongFile(
                    f"A part of this workbook has {part.file_size:,} bytes when unpacked; at most {MAX_PART:,}."
                )
            if part.file_size > _SMALL and part.file_size > MAX_RATIO * part.compress_size:
                raise WrongFile(
                    "This workbook is packed like a bomb, not like people. Save it anew, or as “CSV UTF-8”."
                )
            # `zipfile` reads as many bytes as were declared, and then compares the checksum.
            return self._zip.open(part)
        except KeyError as error:
            raise WrongFile("This archive is not a workbook.") from error
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError) as error:
            if isinstance(error, WrongFile):
                raise
            raise WrongFile(f"The workbook cannot be read: {error}.") from error

    def size_of(self, name: str) -> int:
        """Bytes of a part when unpacked; 0 when it is not there."""
        return self._zip.getinfo(name).file_size if self.has(name) else 0

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name in self._zip.namelist()

    def elements(self, name: str) -> list[tuple[str, Attributes]]:
        """The elements of a small part, in order; `/name` where one ends."""
        found: list[tuple[str, Attributes]] = []

        def start(tag: str, attributes: Attributes) -> None:
            found.append((tag, attributes))
            if len(found) > 500_000:
                raise WrongFile("The workbook has more formats than people. Save it as “CSV UTF-8”.")

        with self.open(name) as stream:
            for _ in parse(stream, start, lambda tag: found.append((f"/{tag}", {}))):
                pass
        return found

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """Id → (kind, part) of what a part refers to."""
        folder, _, own = name.rpartition("/")
        place = f"{folder}/_rels/{own}.rels" if folder else f"_rels/{own}.rels"
        if not self.has(place):
            return {}
        return {
            each.get("Id", ""): (
                each.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/" + folder, each.get("Target", ""))).lstrip("/"),
            )
            for tag, each in self.elements(place)
            if tag == "Relationship"
        }


def find_sheets(archive: Archive) -> tuple[list[str], Styles, "Texts"]:
    """The parts of the sheets in their order, and what their cells refer to."""
    books = [part for kind, part in archive.related("").values() if kind == "officeDocument"]
    book = books[0] if books else "xl/workbook.xml"
    related, elements = archive.related(book), archive.elements(book)
    ids = [
        next((value for key, value in each.items() if key.rpartition(":")[2] == "id" and ":" in key), "")
        for tag, each in elements
        if tag == "sheet"
    ]
    sheets = [related[row_id][1] for row_id in ids if related.get(row_id, ("", ""))[0] == "worksheet"]
    if not sheets:
        raise WrongFile("There is no sheet in this workbook.")
    parts = dict(related.values())
    from_1904 = any(each.get("date1904") in ("1", "true") for tag, each in elements if tag == "workbookPr")
    dates = _dates(archive, parts["styles"]) if archive.has(parts.get("styles", "")) else frozenset()
    texts = Texts(archive, parts["sharedStrings"]) if archive.has(parts.get("sharedStrings", "")) else Texts()
    return sheets, Styles(dates, from_1904), texts


def _dates(archive: Archive, name: str) -> frozenset[str]:
    """The cell formats that show dates or times, by their number in the list of formats."""
    codes: dict[int, str] = {}
    found: set[str] = set()
    inside, number = False, 0
    for tag, each in archive.elements(name):
        if tag == "numFmt":
            codes[int(each.get("numFmtId", 0))] = each.get("formatCode", "")
        elif tag in ("cellXfs", "/cellXfs"):
            inside = tag == "cellXfs"
        elif tag == "xf" and inside:
            code = int(each.get("numFmtId", 0))
            if is_date(code, codes.get(code)):
                found.add(str(number))
            number += 1
    return frozenset(found)


class Texts:
    """The texts that cells refer to by number, in a temporary file: there may be millions.

    They are read as far as cells refer to them, so that the first rows of a workbook do not wait for all of them.
    """

    def __init__(self, archive: Archive | None = None, name: str = "") -> None:
        self._ends = array("Q", [0])
        self._flushed = 0
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._more = self._fill(archive, name)

    def close(self) -> None:
        """Lets go of the file."""
        self._more.close()
        self._file.close()

    def _fill(self, archive: Archive | None, name: str) -> Generator[bool, None, None]:
        """Goes on reading, a block at a time."""
        if archive is None:
            return
        parts: list[str] = []
        depth = [0]

        def start(tag: str, _: Attributes) -> None:
            if tag == "si":
                parts.clear()
            depth[0] += 1 if tag == "t" else 100 if tag == "rPh" else 0

        def end(tag: str) -> None:
            depth[0] -= 1 if tag == "t" else 100 if tag == "rPh" else 0
            if tag == "si":
                text = "".join(parts)
                if len(text) > MAX_CELL or len(self._ends) > MAX_TEXTS:
                    raise WrongFile("The workbook has too many texts, or too long ones. Save it as “CSV UTF-8”.")
                data = unescaped(text).encode("utf-8", "surrogatepass")
                self._ends.append(self._ends[-1] + self._file.write(data))

        def characters(text: str) -> None:
            if depth[0] == 1:
                parts.append(text)

        with archive.open(name) as stream:
            for _ in parse(stream, start, end, characters):
                yield True

    def __getitem__(self, number: int) -> str:
        while number >= len(self._ends) - 1 and next(self._more, False):
            pass
        if not 0 <= number < len(self._ends) - 1:
            raise WrongFile(f"The workbook is damaged: a cell refers to text {number}, which is not there.")
        begin, end = self._ends[number], self._ends[number + 1]
        if end > self._flushed:
            self._file.flush()
            self._flushed = self._ends[-1]
        return os.pread(self._file.fileno(), end - begin, begin).decode("utf-8", "replace")
