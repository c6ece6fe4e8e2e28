"""Facebook Messenger and Instagram messages, as a kind of channel."""

from coterie.channels.graph import API_URL, APP_SECRET, VERIFY_TOKEN
from coterie.channels.kinds import Field, Kind
from coterie.channels.messenger.admit import admit
from coterie.channels.messenger.profile import profile, test
from coterie.channels.messenger.reading import read

MESSENGER = Kind(
    name="messenger",
    label="Messenger",
    about="People who write to your Facebook page or Instagram account.",
    fields=(
        APP_SECRET,
        Field(
            "page_token",
            "Page access token",
            "Your app, Messenger, API setup. With it names, pictures and languages are looked up.",
            required=False,
        ),
        API_URL,
        VERIFY_TOKEN,
    ),
    admit=admit,
    read=read,
    profile=profile,
    test=test,
    steps=(
        "At developers.facebook.com choose your app, then Messenger, API setup, Configure webhooks.",
        "Paste the address above as Callback URL and the verify token above as Verify token; press Verify and save.",
        "Subscribe to messages, messaging_postbacks, messaging_referrals, messaging_optins and message_echoes.",
        "Add your page under Generate access tokens and subscribe it, too: otherwise nothing arrives.",
        "For people who remove your app: paste the same address as Data deletion callback URL (App settings, Basic).",
    ),
)
