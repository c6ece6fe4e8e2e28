"""Rasa, as a kind of channel."""

from coterie.channels.kinds import Kind
from coterie.channels.mapping import MAPPING
from coterie.channels.proving import SECRET, heard
from coterie.channels.rasa.admit import admit
from coterie.channels.rasa.reading import read

RASA = Kind(
    name="rasa",
    label="Rasa",
    about="People who talk to your Rasa assistant: what was said, and the slots it filled.",
    fields=(MAPPING, SECRET),
    admit=admit,
    read=read,
    test=heard,
    steps=(
        "Give Rasa an event broker that posts each event as JSON to the address above, with the header"
        " Authorization: Bearer and the secret above. docs/channels.md has one of 30 lines.",
        "Name it in endpoints.yml under event_broker, and restart Rasa.",
        "Have your client send a sender for each person: without one Rasa calls everybody “default”, which is refused.",
    ),
)
