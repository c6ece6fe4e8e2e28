"""Which encoding a text file is in."""

import codecs
import re
from typing import BinaryIO

from charset_normalizer import from_bytes

from coterie.transfers.reading import WrongFile

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What spreadsheets and old systems write. UTF-8 and UTF-16 are recognised without guessing.
_LIKELY = [
    *(
        "cp1252",
        "cp1250",
        "iso8859_2",
        "iso8859_1",
        "iso8859_15",
        "cp1251",
        "koi8_r",
        "iso8859_5",
        "cp1253",
        "iso8859_7",
    ),
    *("cp1254", "cp1255", "cp1256", "cp1257", "cp932", "shift_jis", "euc_jp", "gb18030", "big5", "cp949", "mac_roman"),
]
# These look alike to statistics, but only in the right one there are no signs in the middle of words; the first is the
# one that is meant most often.
_LATIN = ("cp1252", "cp1250", "iso8859_2", "iso8859_1", "iso8859_15", "cp1254", "cp1257", "mac_roman")
_SIGN = "[\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf×÷‚„…†‡ˆ‰‹‘’“”•–—™›˘˙˛˝ˇ\ufffd]"
_ODD = re.compile(f"(?<=[A-Za-z]){_SIGN}|{_SIGN}(?=[A-Za-z])")
_BLOCK = 1 << 20
# Bytes beyond ASCII tell the encoding: so much around them is looked at, and no more of the file than this.
_ENOUGH, _MOST = 1 << 16, 1 << 30


def detect(raw: BinaryIO) -> str:
    """The name of the encoding, as Python knows it; the file is at its start again afterwards."""
    start = raw.read(4096)
    raw.seek(0)
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    if b"\x00" in start:
        return _sixteen(start)
    sample = _telling(raw)
    raw.seek(0)
    return _guess(sample) if sample and not _is_utf8(sample) else "utf-8"


def checked(name: str) -> str:
    """An encoding named by a person; raises WrongFile."""
    try:
        codecs.lookup(name)
        "a".encode(name)
    except (LookupError, UnicodeError, TypeError, AttributeError) as error:
        raise WrongFile(
            f"There is no encoding “{name}”; there are utf-8, utf-16, cp1250, cp1252, shift_jis …"
        ) from error
    return name


def _sixteen(start: bytes) -> str:
    """UTF-16 without a mark has zeros at every second place of plain text; a stray NUL is no UTF-16."""
    half = len(start) // 2 or 1
    if start[1::2].count(0) > half * 0.7:
        return "utf-16-le"
    if start[0::2].count(0) > half * 0.7:
        return "utf-16-be"
    return "utf-8"


def _telling(raw: BinaryIO) -> bytes:
    """The lines with bytes beyond ASCII, from the beginning of the file."""
    found = bytearray()
    while len(found) < _ENOUGH and raw.tell() < _MOST and (block := raw.read(_BLOCK)):
        if not block.isascii():
            block += raw.readline(_BLOCK)
            found += b"\n".join(line for line in block.splitlines() if not line.isascii())[: 2 * _ENOUGH] + b"\n"
    return bytes(found)


def _is_utf8(sample: bytes) -> bool:
    """Whether it is UTF-8, but for a few spoilt lines."""
    lines = sample.splitlines()
    return sum(map(_decodes, lines)) >= len(lines) / 2


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guess(sample: bytes) -> str:
    best = from_bytes(sample[:_ENOUGH], cp_isolation=_LIKELY, enable_fallback=False).best()
    if best is not None and best.encoding not in _LATIN:
        return best.encoding
    return min(_LATIN, key=lambda name: len(_ODD.findall(sample.decode(name, errors="replace"))))
