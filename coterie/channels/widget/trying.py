"""The test of a widget: whether its settings are understood, and whether the bot that it hands over to answers."""

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coterie.channels.kinds import Denied
from coterie.channels.last_heard import last_heard
from coterie.channels.models import Channel
from coterie.channels.widget.config import Config
from coterie.core.outgoing import post_json
from coterie.people.attributes import Refused

# Who says hello to the bot; no visitor has such an id.
SENDER = "coterie:test"


def test(channel: Channel) -> str:
    """What came of it, in a sentence. Says hello to the bot, if there is one. Raises Denied and OutgoingError."""
    try:
        config = Config.of(channel.settings)
    except Refused as error:
        raise Denied(_("Its settings cannot be read: %(error)s") % {"error": error}) from error
    if config.bot_url is None:
        return last_heard(channel)
    answer = async_to_sync(post_json)(config.bot_url, {"sender": SENDER, "message": "hello"})
    if not isinstance(answer, list):
        raise Denied(_("The bot answered, but not in the form of Rasa: a list of messages is expected."))
    words = ngettext(
        "The bot answered “hello” with %(n)d message.", "The bot answered “hello” with %(n)d messages.", len(answer)
    )
    return words % {"n": len(answer)}
