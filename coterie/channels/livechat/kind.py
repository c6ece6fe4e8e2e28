"""LiveChat, as a kind of channel."""

from coterie.channels.kinds import Field, Kind, api_url
from coterie.channels.livechat.admit import admit
from coterie.channels.livechat.profile import API, NEEDED, profile, test
from coterie.channels.livechat.reading import read

LIVECHAT = Kind(
    name="livechat",
    label="LiveChat",
    about="Customers who chat with you in LiveChat, with the page they are on and the place they are at.",
    fields=(
        Field("secret", "Secret key", "", ours=True),
        Field(
            "account_id",
            "Account ID",
            "With a personal access token. They stand at platform.text.com, Tools, Personal Access Tokens.",
            secret=False,
            required=False,
        ),
        Field(
            "token",
            "Personal access token",
            "With the scopes customers:ro and webhooks.configuration:ro: customers whose chat began before this channel"
            " are looked up.",
            required=False,
        ),
        Field(
            "client_id",
            "Client ID",
            "Of your app: then the test looks whether its webhooks lead here.",
            secret=False,
            required=False,
        ),
        api_url(f"Only for another version than {API}"),
    ),
    admit=admit,
    read=read,
    profile=profile,
    test=test,
    steps=(
        "At platform.text.com make an app, then Building blocks, Chat webhooks.",
        "Paste the address above as Webhook URL and the secret key above as Secret key.",
        f"Choose {', '.join(NEEDED)}; version 3.6; where it is offered, chat_presence_user_ids as additional data.",
        "Install the app in your LiveChat (Private installation): webhooks are switched on by that.",
    ),
)
