"""WhatsApp Cloud API, as a kind of channel."""

from coterie.channels.graph import API_URL, APP_SECRET, VERIFY_TOKEN
from coterie.channels.kinds import Field, Kind
from coterie.channels.whatsapp.admit import admit
from coterie.channels.whatsapp.profile import test
from coterie.channels.whatsapp.reading import read
from coterie.people.attributes import Refused


def _number(value: str) -> None:
    if not (value.isascii() and value.isdigit()):
        raise Refused("app_id", "the ID of an app is a number.")


WHATSAPP = Kind(
    name="whatsapp",
    label="WhatsApp",
    about="People who write to your number on WhatsApp (Cloud API).",
    fields=(
        APP_SECRET,
        Field(
            "app_id",
            "App ID",
            "Beside the app secret. With it, the test asks Meta whether the events come here.",
            secret=False,
            required=False,
            check=_number,
        ),
        API_URL,
        VERIFY_TOKEN,
    ),
    admit=admit,
    read=read,
    vouches=True,
    test=test,
    steps=(
        "At developers.facebook.com choose your app, then WhatsApp, Configuration, Webhook, Edit.",
        "Paste the address above as Callback URL and the verify token above as Verify token; press Verify and save.",
        "Under Webhook fields subscribe to messages.",
    ),
)
