"""Telegram, as a kind of channel."""

import re

from coterie.channels.kinds import Field, Kind, api_url
from coterie.channels.proving import SECRET
from coterie.channels.telegram.admit import admit
from coterie.channels.telegram.profile import test
from coterie.channels.telegram.reading import read
from coterie.people.attributes import Refused

_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{10,100}")


def _token(token: str) -> None:
    if not _TOKEN.fullmatch(token):
        raise Refused("bot_token", "a token of Telegram looks like 123456789:AAE….")


TELEGRAM = Kind(
    name="telegram",
    label="Telegram",
    about="People who write to your bot in Telegram.",
    fields=(
        Field(
            "bot_token",
            "Bot token",
            "From @BotFather. Only for the test; updates arrive without it.",
            required=False,
            check=_token,
        ),
        api_url("Only for a Bot API server of your own."),
        SECRET,
    ),
    admit=admit,
    read=read,
    test=test,
    steps=(
        "Run the command above once, with the token that @BotFather gave you in the place of <token>.",
        "A bot has one webhook: if yours has its own, let it pass on each update with the header"
        " X-Telegram-Bot-Api-Secret-Token.",
        "Links such as https://t.me/<bot>?start=spring-sale tell where somebody came from (Referrer).",
    ),
)
