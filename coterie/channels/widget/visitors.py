"""Who is chatting: a token that only we can make, kept by the visitor's browser."""

from django.core import signing
from django.utils.crypto import salted_hmac

from coterie.channels.models import Channel


def first_contact(channel: Channel, session_id: str) -> str:
    """The user id of somebody whom we meet for the first time.

    Derived from the session, a secret of their browser: when the answer to a first message is lost and the message is
    sent again, it is still the same visitor.
    """
    digest = salted_hmac("visitor", f"{channel.workspace_id}:{channel.id}:{session_id}", algorithm="sha256")
    return f"visitor-{digest.hexdigest()[:24]}"


def token_of(channel: Channel, user_id: str) -> str:
    """The token that proves to be this visitor of this channel."""
    return signing.Signer(salt=f"visitor:{channel.workspace_id}:{channel.id}").sign(user_id)


def visitor_of(channel: Channel, token: object) -> str | None:
    """The visitor behind a token; None when it was not made by us for this channel."""
    if not isinstance(token, str) or len(token) > 200:
        return None
    try:
        return str(signing.Signer(salt=f"visitor:{channel.workspace_id}:{channel.id}").unsign(token))
    except signing.BadSignature:
        return None
