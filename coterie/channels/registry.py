"""Every kind of channel. Adding one is a folder and a line here."""

from coterie.channels.botpress.kind import BOTPRESS
from coterie.channels.dialogflow.kind import DIALOGFLOW
from coterie.channels.kinds import Kind
from coterie.channels.last_heard import last_heard
from coterie.channels.livechat.kind import LIVECHAT
from coterie.channels.messenger.kind import MESSENGER
from coterie.channels.rasa.kind import RASA
from coterie.channels.segment.kind import SEGMENT
from coterie.channels.slack.kind import SLACK
from coterie.channels.telegram.kind import TELEGRAM
from coterie.channels.whatsapp.kind import WHATSAPP
from coterie.channels.widget.config import Config
from coterie.channels.widget.trying import test

API = Kind(
    name="api",
    label="API",
    about="Your own bot: it sends each message as it is said.",
    steps=(
        "Have your bot post each message to the address above, with a userId for each person. docs/events.md has all"
        " fields.",
        "Whoever writes appears in Users within a second.",
    ),
    test=last_heard,
)
WIDGET = Kind(
    name="widget",
    label="Chat Widget",
    about="A chat on pages of yours, with one line of HTML.",
    check=Config.of,
    test=test,
)

_ALL = (
    *(API, WIDGET, LIVECHAT, MESSENGER, SLACK, TELEGRAM, WHATSAPP),
    *(DIALOGFLOW, RASA, BOTPRESS, SEGMENT),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
