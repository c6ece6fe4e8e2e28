"""Slack, as a kind of channel."""

from coterie.channels.kinds import Field, Kind, api_url
from coterie.channels.slack.admit import admit
from coterie.channels.slack.profile import profile, test
from coterie.channels.slack.reading import read
from coterie.people.attributes import Refused


def _token(token: str) -> None:
    if not token.startswith("xox"):
        raise Refused("bot_token", "a token of Slack begins with xoxb-.")


SLACK = Kind(
    name="slack",
    label="Slack",
    about="People who write to your app in Slack: in a direct message, or in channels it was invited to.",
    fields=(
        Field("signing_secret", "Signing secret", "Your app, Basic Information, App Credentials."),
        Field(
            "bot_token",
            "Bot token",
            "Your app, OAuth & Permissions; begins with xoxb-. With the scopes users:read and users:read.email, names"
            " and addresses are looked up.",
            required=False,
            check=_token,
        ),
        api_url("Only for GovSlack: https://slack-gov.com/api"),
    ),
    admit=admit,
    read=read,
    profile=profile,
    test=test,
    steps=(
        "At api.slack.com/apps choose your app, then Event Subscriptions, and switch them on.",
        "Paste the address above as Request URL. Slack shows “Verified”.",
        "Subscribe to the bot events message.im, app_mention, user_change and team_join, and to message.channels for"
        " channels; then reinstall the app.",
    ),
)
