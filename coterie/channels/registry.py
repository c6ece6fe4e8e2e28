"""Every kind of channel. Adding one is a folder and a line here."""

from coterie.channels.botpress.kind import BOTPRESS
from coterie.channels.dialogflow.kind import DIALOGFLOW
from coterie.channels.kinds import Kind
from coterie.channels.livechat.kind import LIVECHAT
from coterie.channels.messenger.kind import MESSENGER
from coterie.channels.rasa.kind import RASA
from coterie.channels.segment.kind import SEGMENT
from coterie.channels.slack.kind import SLACK
from coterie.channels.telegram.kind import TELEGRAM
from coterie.channels.whatsapp.kind import WHATSAPP
from coterie.channels.widget.config import Config

API = Kind(
    name="api",
    label="API",
    about="Your own bot: it sends each message as it is said.",
)
WIDGET = Kind(
    name="widget",
    label="Chat Widget",
    about="A chat on pages of yours, with one line of HTML.",
    check=Config.of,
)

_ALL = (
    *(API, WIDGET, LIVECHAT, MESSENGER, SLACK, TELEGRAM, WHATSAPP),
    *(DIALOGFLOW, RASA, BOTPRESS, SEGMENT),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
