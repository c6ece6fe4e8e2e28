"""Who is chatting: a token that only we can make.

Somebody unknown keeps theirs in their browser for as long as they like. Somebody whom the page vouched for (`identity`)
holds another one for a day, in the page's memory only, so that nobody finds it on a shared computer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core import signing
from django.utils.crypto import salted_hmac

from coterie.channels.models import Channel
from coterie.channels.widget.config import version_of
from coterie.people.attributes import Value

# What the ids of people begin with whom nobody vouched for.
UNKNOWN = "visitor-"
IDENTIFIED_FOR = 24 * 3600
_MAX_TOKEN = 300
_MAX_IDENTIFIED = 64_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """`id` is the user id, and the address on this channel. `vouched` are attributes that came with the proof of who
    they are while nobody of that id was there yet; they are stored with their first words.
    """

    id: str
    identified: bool = False
    vouched: Mapping[str, Value] = field(default_factory=dict)


def first_contact(channel: Channel, session_id: str) -> Visitor:
    """Somebody whom we meet for the first time.

    The id is derived from the session, a secret of their browser: when the answer to a first message is lost and the
    message is sent again, it is still the same visitor.
    """
    return Visitor(f"{UNKNOWN}{_digest(channel, 'first contact', session_id)[:24]}")


def session_of(channel: Channel, given: str, *, stranger: bool = False) -> str:
    """The id of a chat in the books, of the session that a browser gave. Of such an id, the same again.

    The team sees it in addresses, files and transcripts, and bots are told it; what the browser gave, which lets it
    begin as a certain visitor (`first_contact`), nobody but the browser ever knows. A `stranger` cannot have such an id
    from us.
    """
    ours = not stranger and given == _named(channel, given.partition("-")[0])
    return given if ours else _named(channel, _digest(channel, "chat", given))


def _named(channel: Channel, name: str) -> str:
    """With a sign that it was made here, so that the browser may give it back."""
    return f"{name[:24]}-{_digest(channel, 'session', name[:24])[:8]}"


def _digest(channel: Channel, about: str, value: str) -> str:
    place = f"{channel.workspace_id}:{channel.id}:{value}"
    return salted_hmac(f"widget {about}", place, algorithm="sha256").hexdigest()


def token_of(channel: Channel, visitor: Visitor) -> str:
    """The token that proves to be this visitor of this channel."""
    if not visitor.identified:
        return signing.Signer(salt=_salt(channel)).sign(visitor.id)
    return signing.dumps([visitor.id, dict(visitor.vouched)], salt=_identified_salt(channel), compress=True)


def visitor_of(channel: Channel, token: object) -> Visitor | None:
    """The visitor behind a token; None when it was not made by us for this channel, or is over."""
    if not isinstance(token, str):
        return None
    try:
        if len(token) <= _MAX_TOKEN and token.startswith(UNKNOWN):
            return Visitor(signing.Signer(salt=_salt(channel)).unsign(token))
        if len(token) <= _MAX_IDENTIFIED:
            user_id, vouched = signing.loads(token, salt=_identified_salt(channel), max_age=IDENTIFIED_FOR)
            return Visitor(user_id, True, vouched)
    except signing.BadSignature:
        pass
    return None


def is_identified(token: object) -> bool:
    """Whether this looks like the token of somebody whom a page vouched for, as those of others never do."""
    return isinstance(token, str) and bool(token) and not token.startswith(UNKNOWN)


def _salt(channel: Channel) -> str:
    return f"visitor:{channel.workspace_id}:{channel.id}"


def _identified_salt(channel: Channel) -> str:
    """With the secret's version: a new secret ends what was proved with the old one."""
    return f"identified:{channel.workspace_id}:{channel.id}:{version_of(channel.settings)}"
