"""Texts in the widget's five languages: those that members write, and those that the built-in bot brings along."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from coterie.people.attributes import Refused

# Code → its own name. The first one stands in for a language that nobody wrote a text in.
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "pl": "Polski"}
FALLBACK = next(iter(LANGUAGES))
MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Words:
    """One text, in as many languages as somebody wrote it in."""

    texts: Mapping[str, str]

    def __bool__(self) -> bool:
        return any(self.texts.values())

    def to(self, language: str) -> str:
        """The text for a visitor of that language; in another language rather than nothing."""
        found = self.texts.get(language) or self.texts.get(FALLBACK)
        return found or next((text for text in self.texts.values() if text), "")

    def all(self) -> set[str]:
        """The text in every language it has."""
        return {text for text in self.texts.values() if text}


def words(value: Any, field: str, default: Words | None = None) -> Words:
    """From a setting, which is a text for everybody or an object of language and text; raises Refused."""
    if value is None or value in ("", {}):
        return default or Words({})
    texts = {FALLBACK: value} if isinstance(value, str) else value
    if not isinstance(texts, Mapping) or set(texts) - set(LANGUAGES):
        said = _("expected a text, or an object of texts by language (%(codes)s).")
        raise Refused(field, said % {"codes": ", ".join(LANGUAGES)})
    for language, text in texts.items():
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            said = _("expected a text of at most %(n)s characters.")
            raise Refused(f"{field}.{language}", said % {"n": MAX_TEXT})
    return Words({language: text.strip() for language, text in texts.items() if text.strip()})


def language_of(tag: Any) -> str:
    """The widget's language for whatever a browser sends, such as `de-AT`."""
    code = tag[:2].lower() if isinstance(tag, str) else ""
    return code if code in LANGUAGES else FALLBACK


def _words(*texts: str) -> Words:
    return Words(dict(zip(LANGUAGES, texts, strict=True)))


TITLE = _words("Chat", "Chat", "Chat", "Chat", "Czat")
GREETING = _words(
    "Hi! How can we help?",
    "Hallo! Wie können wir helfen?",
    "¡Hola! ¿En qué podemos ayudarte?",
    "Bonjour ! Comment pouvons-nous vous aider ?",
    "Cześć! W czym możemy pomóc?",
)
THANKS = _words(
    "Thank you. We will get back to you.",
    "Danke. Wir melden uns bei Ihnen.",
    "Gracias. Nos pondremos en contacto contigo.",
    "Merci. Nous reviendrons vers vous.",
    "Dziękujemy. Odezwiemy się.",
)
# What to say to an answer that does not fit, by the kind of the question.
TRY_AGAIN = {
    "email": _words(
        "That does not look like an e-mail address. Please try again.",
        "Das sieht nicht wie eine E-Mail-Adresse aus. Bitte versuchen Sie es noch einmal.",
        "Eso no parece una dirección de correo. Inténtalo de nuevo, por favor.",
        "Cela ne ressemble pas à une adresse e-mail. Veuillez réessayer.",
        "To nie wygląda na adres e-mail. Spróbuj jeszcze raz.",
    ),
    "phone": _words(
        "That does not look like a phone number. Please try again, for example +44 20 7946 0018.",
        "Das sieht nicht wie eine Telefonnummer aus. Bitte versuchen Sie es noch einmal, zum Beispiel +49 30 901820.",
        "Eso no parece un número de teléfono. Inténtalo de nuevo, por ejemplo +34 910 050 000.",
        "Cela ne ressemble pas à un numéro de téléphone. Veuillez réessayer, par exemple +33 1 99 00 12 34.",
        "To nie wygląda na numer telefonu. Spróbuj jeszcze raz, na przykład +48 22 555 12 34.",
    ),
    "number": _words(
        "That is not a number. Please try again.",
        "Das ist keine Zahl. Bitte versuchen Sie es noch einmal.",
        "Eso no es un número. Inténtalo de nuevo, por favor.",
        "Ce n’est pas un nombre. Veuillez réessayer.",
        "To nie jest liczba. Spróbuj jeszcze raz.",
    ),
    "date": _words(
        "That is not a date. Please write it like 1990-12-31.",
        "Das ist kein Datum. Bitte schreiben Sie es so: 31.12.1990.",
        "Eso no es una fecha. Escríbela así: 31/12/1990.",
        "Ce n’est pas une date. Écrivez-la ainsi : 31/12/1990.",
        "To nie jest data. Wpisz ją tak: 31.12.1990.",
    ),
    "url": _words(
        "That does not look like a web address. Please try again.",
        "Das sieht nicht wie eine Webadresse aus. Bitte versuchen Sie es noch einmal.",
        "Eso no parece una dirección web. Inténtalo de nuevo, por favor.",
        "Cela ne ressemble pas à une adresse web. Veuillez réessayer.",
        "To nie wygląda na adres strony. Spróbuj jeszcze raz.",
    ),
    "choice": _words(
        "Please choose one of the answers.",
        "Bitte wählen Sie eine der Antworten.",
        "Elige una de las respuestas, por favor.",
        "Veuillez choisir une des réponses.",
        "Wybierz jedną z odpowiedzi.",
    ),
}
