"""What a workspace configures of its Chat Widget."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from coterie.people.attributes import Refused, validated

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_TEXTS = {
    "title": "Chat",
    "greeting": "Hi! How can we help?",
    "thanks": "Thank you. We will get back to you.",
}
_FIELDS = {*_TEXTS, "questions", "bot_url", "demo"}


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that the built-in bot asks; the answer is stored under the attribute's exact name."""

    attribute: str
    text: str
    type: Literal["text", "email"] = "text"

    def accepts(self, answer: str) -> bool:
        """Whether this can be the answer."""
        return self.type == "text" or _EMAIL.fullmatch(answer) is not None


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a widget channel. `thanks` is said when nothing is left to ask and no bot takes over."""

    title: str
    greeting: str
    thanks: str
    questions: tuple[Question, ...]
    bot_url: str | None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Config":
        """From the channel's stored settings; raises Refused."""
        if unknown := set(settings) - _FIELDS:
            raise Refused(
                sorted(unknown)[0], f"the widget has no such setting; there are {', '.join(sorted(_FIELDS))}."
            )
        texts = {name: settings.get(name) or default for name, default in _TEXTS.items()}
        for name, text in texts.items():
            if not isinstance(text, str) or len(text) > 500:
                raise Refused(name, "expected a text of at most 500 characters.")
        questions = settings.get("questions") or []
        if not isinstance(questions, list) or len(questions) > 20:
            raise Refused("questions", "expected a list of at most 20 questions.")
        return cls(**texts, questions=tuple(map(_question, questions)), bot_url=_bot_url(settings.get("bot_url")))

    def question(self, attribute: str) -> Question | None:
        """The question that fills this attribute."""
        return next((question for question in self.questions if question.attribute == attribute), None)


def _question(data: Any) -> Question:
    if not isinstance(data, dict) or set(data) - {"attribute", "text", "type"}:
        raise Refused("questions", "a question has an attribute, a text and a type (text or email).")
    attribute, text, kind = data.get("attribute"), data.get("text"), data.get("type", "text")
    if not isinstance(attribute, str) or attribute not in validated({attribute: "x"}, "questions"):
        raise Refused("questions", f"“{attribute}” is not a name of an attribute.")
    if not isinstance(text, str) or not 1 <= len(text) <= 500:
        raise Refused(f"questions.{attribute}", "the text has 1 to 500 characters.")
    if kind not in ("text", "email"):
        raise Refused(f"questions.{attribute}", "the type is text or email.")
    return Question(attribute, text, kind)


def _bot_url(url: Any) -> str | None:
    if not url:
        return None
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        raise Refused("bot_url", "expected an address that begins with http:// or https://.")
    return url
