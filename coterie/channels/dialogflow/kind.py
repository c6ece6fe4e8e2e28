"""Dialogflow ES and CX, as a kind of channel."""

from coterie.channels.dialogflow.admit import admit
from coterie.channels.dialogflow.reading import read
from coterie.channels.kinds import Kind
from coterie.channels.mapping import MAPPING
from coterie.channels.proving import SECRET, heard

DIALOGFLOW = Kind(
    name="dialogflow",
    label="Dialogflow",
    about="People who talk to your agent, ES or CX, as far as its intents call a webhook.",
    fields=(MAPPING, SECRET),
    admit=admit,
    read=read,
    test=heard,
    steps=(
        "ES: Fulfillment, Webhook: paste the address above as URL, any word as user name and the secret above as"
        " password; then switch on “Enable webhook call” in each intent.",
        "CX: Manage, Webhooks, Create: the same address, user name and password; then choose the webhook in the"
        " fulfillment of pages and routes.",
        "The answer is always empty, so what your agent says stays as it is.",
        "If you know who somebody is, pass it on as the parameter userId: sessions change.",
    ),
)
