"""Who somebody is on Messenger or Instagram."""

from collections.abc import Mapping
from typing import Any

from coterie.channels.shaping import known, native, text
from coterie.people.attributes import Value

# Meta's own language codes that no other table knows. LA is not Laos there, and some are jokes.
_LANGUAGES = {
    "es_LA": "es", "ar_AR": "ar", "en_UD": "en", "en_PI": "en", "fb_LT": "en", "cx_PH": "ceb", "ck_US": "chr",
    "ja_KS": "ja", "sz_PL": "szl", "zz_TR": "zza", "tz_MA": "zgh", "qz_MM": "my", "bp_IN": "bho",
}  # fmt: skip


def prefix_of(platform: Any) -> str:
    """What the native ids of a platform begin with; ids of Instagram are others than those of Facebook."""
    return "instagram" if platform == "instagram" else "facebook"


def user_id_of(body: Mapping[str, Any]) -> str:
    """`facebook:<page>:<person>`; empty when it is about nobody. An echo goes from the page to the person."""
    item, page = body["item"], native(body.get("page"), 60)
    sender, recipient = _id(item.get("sender")), _id(item.get("recipient"))
    who = recipient if is_echo(item) or sender == page else sender
    return f"{prefix_of(body.get('object'))}:{page}:{who}" if page and who and who != page else ""


def is_echo(item: Mapping[str, Any]) -> bool:
    """Whether it is a copy of what the page itself said."""
    message = item.get("message")
    return isinstance(message, dict) and bool(message.get("is_echo"))


def _id(party: Any) -> str:
    return native(party.get("id"), 60) if isinstance(party, dict) else ""


def attributes_of(profile: Mapping[str, Any]) -> dict[str, Value]:
    """`default_*` attributes of a profile. The picture's address is good for some weeks; it is asked for again."""
    picture = text(profile.get("profile_pic"))
    return known(
        name=profile.get("name") or f"{text(profile.get('first_name'))} {text(profile.get('last_name'))}",
        username=profile.get("username"),
        avatar=picture if picture.startswith("https://") else "",
        language=language_of(profile.get("locale")),
        timezone=offset_of(profile.get("timezone")),
        gender=profile.get("gender"),
    )


def language_of(locale: Any) -> str:
    """A language code of a locale of Meta's. The country in it is none of the person."""
    code = text(locale, 20)
    return _LANGUAGES.get(code, code.replace("-", "_").partition("_")[0])


def offset_of(hours: Any) -> str:
    """`UTC-07:00` for -7: hours from Greenwich, which are no place. Empty for what is no such number."""
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not -12 <= hours <= 14:
        return ""
    minutes = round(hours * 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
