"""Opening a file of people, whatever kind it is."""

import re
from pathlib import Path

from coterie.transfers.from_csv import CsvFile
from coterie.transfers.from_jsonl import NO_LINES, JsonLines
from coterie.transfers.from_parquet import ParquetFile
from coterie.transfers.from_xlsx import Workbook
from coterie.transfers.reading import Source, WrongFile

_ARRAY = re.compile(rb"\[\s*[{\]]")


def open_file(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Source:
    """The file, ready to be read; the caller closes it. Raises WrongFile or OSError.

    Which kind it is says its content; JSON Lines and CSV, which are both text, are told apart by a brace at the start.
    """
    raw = path.open("rb")
    try:
        start = raw.read(1024)
        raw.seek(0)
        if start.startswith(b"PK\x03\x04"):
            return Workbook(raw)
        if start.startswith(b"PAR1"):
            return ParquetFile(raw)
        if start.startswith(b"\xd0\xcf\x11\xe0"):
            raise WrongFile("This is an old Excel file (.xls). Save it as .xlsx or as “CSV UTF-8”.")
        text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
        if text.startswith(b"{"):
            return JsonLines(raw)
        if _ARRAY.match(text):
            raise WrongFile(f"This is a list in JSON. {NO_LINES}")
        return CsvFile(raw, encoding, delimiter)
    except BaseException:
        raw.close()
        raise
