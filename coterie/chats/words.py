"""The words of a text, as the search index has them, and what somebody searches for.

One and the same splitting serves both databases, what is asked and what is marked, so they can never disagree. A word
is a run of letters and digits in any script, without regard to case and accents; scripts that put no space between
words are taken sign by sign, and so are pictures such as emoji.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Longer words are cut, in the index and in what is asked alike.
LONGEST = 64
# From so many letters on, the last word may go on: "ord" finds "order". Fewer would mean half of all words.
OPEN_FROM = 3
MAX_SOUGHT = 10_000
_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u2190-\u2bff\U0001f000-\U0001faff"  # arrows, symbols, emoji
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Japanese and Chinese
)
_WORD = re.compile(rf"[^\W_{_ALONE}]+|[{_ALONE}]")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_NO_PART = re.compile(r"[\x00-\x2f\x3a-\x60\x7b-\x7f]+")
_PIECE = re.compile(r'["“”„]([^"“”„]*)["“”„]|(\S+)')
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What has to be in a message: every phrase, a single word being one.

    If `open`, the last word of the last one may go on.
    """

    phrases: tuple[Phrase, ...]
    open: bool = False


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    if text.isascii():
        return [word[:LONGEST] for word in _ASCII_WORD.findall(text.lower())]
    return [word for _, _, word in _places(text)]


def sought(text: str) -> Sought | None:
    """What this text asks for: words, and phrases in quotes. None when there is no word in it."""
    phrases: list[Phrase] = []
    is_open = False
    for piece in _PIECE.finditer(text):
        quoted = piece[1] is not None
        found = tuple(words(piece[1] if quoted else piece[2]))
        if found:
            is_open = not quoted and len(found[-1]) >= OPEN_FROM
            phrases.append(found)
    if not phrases:
        return None
    return Sought((*dict.fromkeys(phrases[:-1]), phrases[-1]), is_open)


def marks(text: str, wanted: Sought) -> list[tuple[int, int]]:
    """(start, end) of everything in a text that was asked for, in order, none touching another.

    Empty unless all of it is there.
    """
    places = list(_places(text))
    known = [word for _, _, word in places]
    found: list[tuple[int, int]] = []
    for number, phrase in enumerate(wanted.phrases, 1):
        goes_on = wanted.open and number == len(wanted.phrases)
        hits = list(_hits(known, phrase, goes_on))
        if not hits:
            return []
        found += [(places[at][0], places[at + len(phrase) - 1][1]) for at in hits]
    return _merged(found)


def matches(text: str, wanted: Sought) -> bool:
    """Whether all that was asked for is in the text."""
    known = words(text)
    last = len(wanted.phrases)
    return all(
        next(_hits(known, phrase, wanted.open and number == last), None) is not None
        for number, phrase in enumerate(wanted.phrases, 1)
    )


def _places(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _WORD.finditer(text):
        if word := _folded(found[0]):
            yield found.start(), found.end(), word


def _folded(word: str) -> str:
    """Without case and accents. What is left is letters and digits if it is ASCII, so it needs no quoting anywhere."""
    if word.isascii():
        return word.lower()[:LONGEST]
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold()))
    return _NO_PART.sub("", unicodedata.normalize("NFC", plain))[:LONGEST]


def _hits(known: list[str], phrase: Phrase, goes_on: bool) -> Iterator[int]:
    """Where a phrase begins among the words of a text."""
    first, size = phrase[0], len(phrase)
    for at in range(len(known) - size + 1):
        if size == 1:
            if known[at] == first or (goes_on and known[at].startswith(first)):
                yield at
        elif known[at] == first and tuple(known[at + 1 : at + size - 1]) == phrase[1:-1]:
            end = known[at + size - 1]
            if end == phrase[-1] or (goes_on and end.startswith(phrase[-1])):
                yield at


def _merged(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
