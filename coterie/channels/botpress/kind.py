"""Botpress, as a kind of channel."""

from coterie.channels.botpress.admit import admit
from coterie.channels.botpress.reading import read
from coterie.channels.kinds import Kind
from coterie.channels.mapping import MAPPING
from coterie.channels.proving import SECRET, heard

BOTPRESS = Kind(
    name="botpress",
    label="Botpress",
    about="People who talk to your Botpress bot, on whatever channels it has.",
    fields=(MAPPING, SECRET),
    admit=admit,
    read=read,
    test=heard,
    steps=(
        "In a hook of the bot (After Incoming Message, After Outgoing Message), post {message, user} as JSON to the"
        " address above, with the header Authorization: Bearer and the secret above.",
        "Or with the Messaging integration: paste the Response Endpoint URL above. That brings what the bot says; your"
        " server posts what people say, in the same form and with the header.",
    ),
)
