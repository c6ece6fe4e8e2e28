"""What the built-in bot asks: the kinds of questions, and what counts as an answer to each."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from coterie.audience.columns import DEFAULT_KEYS
from coterie.channels.widget.words import Words, words
from coterie.core.text import clean
from coterie.people.attributes import MAX_NAME, MAX_VALUE, Refused, Value, validated

MAX_QUESTIONS = 20
MAX_CHOICES = 20
MAX_CHOICE = 200
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,189}\.[^@\s.<>,;\"]{2,63}")
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_BETWEEN_DIGITS = re.compile(r"[\s().\-/\u00a0\u202f]")
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}([.,][0-9]{1,9})?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\s*[./]\s*([0-9]{1,2})\s*[./]\s*([0-9]{4})")
_HOST = re.compile(r"https?://[^\s/?#@:]+\.[^\s/?#@:.]{2,}(:[0-9]{1,5})?([/?#]\S*)?", re.IGNORECASE)


class Kind(StrEnum):
    """What an answer has to be."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    URL = "url"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that the built-in bot asks; the answer is stored under the attribute's exact name.

    `choices` are what is stored, each with the words that a visitor sees.
    """

    attribute: str
    text: Words
    type: Kind = Kind.TEXT
    choices: Mapping[str, Words] = field(default_factory=dict)

    def answer(self, text: str) -> Value | None:
        """What to store of a visitor's words; None when they are no answer to this."""
        if self.type == Kind.CHOICE:
            return _chosen(self.choices, text)
        value = _ANSWERS[self.type](text)
        # Numbers are numbers under a name of the workspace's own; the built-in attributes are texts.
        return str(value) if value is not None and self.attribute in DEFAULT_KEYS else value

    def buttons(self, language: str) -> list[dict[str, str]]:
        """The choices as quick replies."""
        return [{"title": label.to(language) or value, "payload": value} for value, label in self.choices.items()]


def questions(data: Any) -> tuple[Question, ...]:
    """The questions of a channel's settings; raises Refused."""
    if not isinstance(data, list) or len(data) > MAX_QUESTIONS:
        raise Refused("questions", _("expected a list of at most %(n)s questions.") % {"n": MAX_QUESTIONS})
    found = tuple(map(_question, data))
    names = [question.attribute for question in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Refused(f"questions.{twice}", _("this attribute is asked for twice."))
    return found


def _question(data: Any) -> Question:
    if not isinstance(data, dict) or set(data) - {"attribute", "text", "type", "choices"}:
        said = _("a question has an attribute, a text, a type, and choices if it is one of them.")
        raise Refused("questions", said)
    attribute, kind = data.get("attribute"), data.get("type", Kind.TEXT)
    if not isinstance(attribute, str) or attribute not in validated({attribute: "x"}, "questions"):
        raise Refused("questions", _("“%(name)s” is not a name of an attribute.") % {"name": attribute})
    place = f"questions.{attribute}"
    text = words(data.get("text"), f"{place}.text")
    if not text:
        raise Refused(f"{place}.text", _("the question has no words."))
    if kind not in list(Kind):
        raise Refused(f"{place}.type", _("there are %(names)s.") % {"names": ", ".join(Kind)})
    choices = _choices(data.get("choices") or [], f"{place}.choices")
    if bool(choices) != (kind == Kind.CHOICE):
        raise Refused(f"{place}.choices", _("a question of the type choice has choices, and no other has."))
    return Question(attribute, text, Kind(kind), choices)


def _choices(data: Any, place: str) -> dict[str, Words]:
    if not isinstance(data, list) or len(data) > MAX_CHOICES:
        raise Refused(place, _("expected a list of at most %(n)s choices.") % {"n": MAX_CHOICES})
    found: dict[str, Words] = {}
    for item in data:
        value, label = (item.get("value"), item.get("text")) if isinstance(item, dict) else (item, None)
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= MAX_CHOICE:
            raise Refused(place, _("a choice has 1 to %(n)s characters.") % {"n": MAX_CHOICE})
        if value.strip() in found:
            raise Refused(place, _("“%(value)s” is there twice.") % {"value": value})
        found[value.strip()] = words(label, place)
    return found


def _chosen(choices: Mapping[str, Words], text: str) -> str | None:
    """The choice that was pressed, or typed in any of its languages."""
    typed = clean(text).casefold()
    for value, label in choices.items():
        if typed in {value.casefold(), *(one.casefold() for one in label.all())}:
            return value
    return None


def _text(text: str) -> str | None:
    return clean(text)[:MAX_VALUE] or None


def _email(text: str) -> str | None:
    found = clean(text).removeprefix("mailto:").rstrip(".,;")
    return found if len(found) <= MAX_NAME and _EMAIL.fullmatch(found) else None


def _phone(text: str) -> str | None:
    found = _BETWEEN_DIGITS.sub("", clean(text).replace("(0)", ""))
    found = f"+{found[2:]}" if found.startswith("00") else found
    return found if _PHONE.fullmatch(found) else None


def _number(text: str) -> Value | None:
    """`1 250`, `-3`, `2.5` and `2,5`; not `1.250,00`, which half of the world reads otherwise."""
    found = re.sub(r"[\s\u00a0\u202f'’]", "", clean(text))
    if not _NUMBER.fullmatch(found):
        return None
    value = float(found.replace(",", "."))
    return (int(value) if value.is_integer() else value) if math.isfinite(value) and abs(value) < 2**53 else None


def _date(text: str) -> str | None:
    """`1990-12-31`, `31.12.1990` and `31/12/1990`, which is stored as the first. A month over 12 is no month."""
    found = clean(text)
    if day_first := _DAY_FIRST.fullmatch(found):
        found = f"{day_first[3]}-{int(day_first[2]):02}-{int(day_first[1]):02}"
    try:
        return dt.date.fromisoformat(found).isoformat()
    except ValueError:
        return None


def _url(text: str) -> str | None:
    found = clean(text)
    found = found if "://" in found else f"https://{found}"
    return found if len(found) <= MAX_VALUE and _HOST.fullmatch(found) else None


_ANSWERS: dict[Kind, Callable[[str], Value | None]] = {
    Kind.TEXT: _text,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.URL: _url,
}
