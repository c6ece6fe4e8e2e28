"""Between the settings of a widget and the fields of its forms."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from coterie.channels.widget.words import FALLBACK, LANGUAGES
from coterie.core.text import clean

TEXTS = ("title", "greeting", "thanks", "consent")
PLAIN = ("colour", "side", "mode", "privacy_url", "bot_url")


def by_language(value: Any) -> dict[str, str]:
    """A text of the settings, language by language."""
    return {FALLBACK: value} if isinstance(value, str) else dict(value or {})


def look_of(settings: dict[str, Any], fields: QueryDict, language: str) -> dict[str, Any]:
    """The settings with what the form about look and words says; its words are those of one language."""
    changed = dict(settings)
    for name in TEXTS:
        if name in fields:
            changed[name] = _written(settings.get(name), str(fields.get(name, "")), language)
    return changed | {name: clean(str(fields.get(name, ""))) for name in PLAIN if name in fields}


def _written(present: Any, text: str, language: str) -> dict[str, str]:
    texts = {**by_language(present), language: clean(text.replace("\r\n", "\n"))}
    return {code: texts[code] for code in LANGUAGES if texts.get(code)}


def names_from(text: str) -> list[str]:
    """Names of attributes, one a line or with commas between them."""
    return list(dict.fromkeys(name for line in text.splitlines() for part in line.split(",") if (name := clean(part))))


def question_of(fields: QueryDict) -> dict[str, Any]:
    """A question of the settings as its form gives it; what is wrong with it is found when the settings are checked."""
    texts = {code: text for code in LANGUAGES if (text := clean(fields.get(f"text-{code}", "")))}
    question: dict[str, Any] = {"attribute": clean(fields.get("attribute", "")), "text": texts}
    question["type"] = clean(fields.get("type", "")) or "text"
    if question["type"] == "choice":
        question["choices"] = [_choice(line) for line in fields.get("choices", "").splitlines() if line.strip()]
    return question


def _choice(line: str) -> dict[str, Any]:
    """`beans = Coffee beans | de: Bohnen`: what is stored, then the words for it."""
    value, equals, labels = line.partition("=")
    texts: dict[str, str] = {}
    for part in labels.split("|") if equals else ():
        code, colon, text = part.partition(":")
        named = bool(colon) and clean(code) in LANGUAGES
        label = clean(text if named else part)
        if label:
            texts[clean(code) if named else FALLBACK] = label
    return {"value": clean(value), **({"text": texts} if texts else {})}


def choices_text(question: Mapping[str, Any]) -> str:
    """The choices of a question as its form shows them."""
    return "\n".join(map(_line, question.get("choices") or []))


def _line(choice: Any) -> str:
    if isinstance(choice, str):
        return choice
    texts = by_language(choice.get("text"))
    if not texts:
        return str(choice["value"])
    labels = [text if code == FALLBACK else f"{code}: {text}" for code, text in texts.items()]
    return f"{choice['value']} = {' | '.join(labels)}"
