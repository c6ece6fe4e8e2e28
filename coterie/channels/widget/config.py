"""What a workspace configures of its Chat Widget."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from coterie.channels.widget.colours import is_colour
from coterie.channels.widget.prompts import Question, questions
from coterie.channels.widget.words import GREETING, THANKS, TITLE, Words, words
from coterie.people.attributes import MAX_ATTRIBUTES, Refused, validated

COLOUR = "#85326f"
SIDES = ("right", "left")
MODES = ("auto", "light", "dark")
_TEXTS = {"title": TITLE, "greeting": GREETING, "thanks": THANKS, "consent": Words({})}
_FIELDS = {
    *_TEXTS,
    *("questions", "bot_url", "demo", "colour", "side", "mode", "privacy_url", "page_attributes", "identity_version"),
}
# What a page may always tell about its visitor, by the short names that pages use, too.
SHORT_NAMES = {name: f"default_{name}" for name in ("name", "email", "username", "avatar", "gender", "language")}
MAX_VERSION = 1_000_000


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a widget channel.

    `thanks` is said when nothing is left to ask and no bot takes over. With a text of `consent`, nobody writes before
    they agreed to it. `page_attributes` are the names of its own that the page may set for its visitor.
    """

    title: Words
    greeting: Words
    thanks: Words
    consent: Words
    questions: tuple[Question, ...]
    bot_url: str | None
    colour: str
    side: str
    mode: str
    privacy_url: str | None
    page_attributes: frozenset[str]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Config":
        """From the channel's stored settings; raises Refused."""
        if unknown := set(settings) - _FIELDS:
            said = _("the widget has no such setting; there are %(names)s.") % {"names": ", ".join(sorted(_FIELDS))}
            raise Refused(sorted(unknown)[0], said)
        version_of(settings)
        colour = settings.get("colour") or COLOUR
        if not isinstance(colour, str) or not is_colour(colour):
            raise Refused("colour", _("expected a colour such as #85326f."))
        return cls(
            **{name: words(settings.get(name), name, default) for name, default in _TEXTS.items()},
            questions=questions(settings.get("questions") or []),
            bot_url=_address(settings.get("bot_url"), "bot_url"),
            colour=colour.lower(),
            side=_one_of(settings.get("side"), "side", SIDES),
            mode=_one_of(settings.get("mode"), "mode", MODES),
            privacy_url=_address(settings.get("privacy_url"), "privacy_url"),
            page_attributes=_page_attributes(settings.get("page_attributes") or []),
        )

    def question(self, attribute: str) -> Question | None:
        """The question that fills this attribute."""
        return next((question for question in self.questions if question.attribute == attribute), None)


def version_of(settings: Mapping[str, Any]) -> int:
    """How often the secret that signs identities was made anew; raises Refused."""
    version = settings.get("identity_version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= MAX_VERSION:
        raise Refused("identity_version", _("expected a whole number."))
    return version


def _one_of(value: Any, field: str, allowed: tuple[str, ...]) -> str:
    found = value or allowed[0]
    if found not in allowed:
        raise Refused(field, _("there are %(names)s.") % {"names": ", ".join(allowed)})
    return str(found)


def _address(url: Any, field: str) -> str | None:
    if not url:
        return None
    try:
        scheme = urlsplit(url).scheme if isinstance(url, str) and len(url) <= 2_000 else ""
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https"):
        raise Refused(field, _("expected an address that begins with http:// or https://."))
    return str(url)


def _page_attributes(names: Any) -> frozenset[str]:
    if not isinstance(names, list) or len(names) > MAX_ATTRIBUTES or not all(isinstance(name, str) for name in names):
        said = _("expected a list of at most %(n)s names of attributes.") % {"n": MAX_ATTRIBUTES}
        raise Refused("page_attributes", said)
    return frozenset(validated(dict.fromkeys(names, "x"), "page_attributes", custom_only=True))
