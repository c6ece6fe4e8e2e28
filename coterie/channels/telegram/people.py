"""Who somebody is on Telegram."""

from collections.abc import Mapping
from typing import Any

from coterie.channels.shaping import inner, known, native, text
from coterie.people.attributes import Value


def kind_of(update: Mapping[str, Any]) -> str:
    """What an update is about: the one key beside its number."""
    return next((name for name, value in update.items() if isinstance(value, dict)), "other")


def user_id_of(update: Mapping[str, Any]) -> str:
    """The native id of the human whom an update is from; Telegram's ids are the same for every bot.

    Empty for bots, for channels, and for administrators who hide behind their group.
    """
    about = inner(update, kind_of(update))
    user = inner(about, "from")
    who = native(user.get("id"), 60)
    return f"telegram:{who}" if who and not user.get("is_bot") and not about.get("sender_chat") else ""


def attributes_of(user: Mapping[str, Any]) -> dict[str, Value]:
    """`default_*` attributes of Telegram's `User`. There is no picture: its address would contain the bot's token."""
    return known(
        name=f"{text(user.get('first_name'))} {text(user.get('last_name'))}",
        username=user.get("username"),
        language=user.get("language_code"),
    )
