"""Which names of a bot are which attributes of ours: the usual ones by themselves, others as the channel says."""

from collections.abc import Mapping
from typing import Any

from coterie.audience.columns import DEFAULT_KEYS
from coterie.channels.kinds import Field
from coterie.channels.models import Channel
from coterie.channels.shaping import address, custom, known, zone
from coterie.people.attributes import Refused, Value, validated

_USUAL = {
    name: f"default_{name}"
    for name in ("email", "name", "username", "avatar", "language", "timezone", "gender", "city", "region", "country")
} | {"locale": "default_language", "page": "default_url", "url": "default_url", "referrer": "default_referrer"}
# Of what a person tells the bot only this is surely about themselves: a city may be where they want to fly.
_TOLD = {"email": "default_email"}
_MOST = 100


def parse(words: str) -> dict[str, str]:
    """`mail = default_email, tier = plan` as pairs of their name → our attribute; raises Refused."""
    pairs: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in words.split(","))):
        theirs, equals, ours = (word.strip() for word in part.partition("="))
        if not (theirs and equals and ours):
            raise Refused("mapping", f"expected pairs such as mail = default_email, not “{part[:60]}”.")
        if ours not in DEFAULT_KEYS:
            validated({ours: "x"}, "mapping", custom_only=True)
        pairs[theirs] = ours
    if len(pairs) > _MOST:
        raise Refused("mapping", f"at most {_MOST} pairs.")
    return pairs


MAPPING = Field(
    "mapping",
    "Attributes",
    "Which of the bot's names are which attributes, such as: mail = default_email, tier = plan.",
    secret=False,
    required=False,
    check=parse,
)


def mapped(
    channel: Channel, values: Mapping[str, Any], *, told: bool = False
) -> tuple[dict[str, Value], dict[str, Any]]:
    """(attributes, what is not mapped). What is empty or does not fit is left out.

    `told`: the values are what the bot heard in the conversation, not what its client knows of the person.
    """
    names = (_TOLD if told else _USUAL) | parse(str(channel.settings.get("mapping") or ""))
    own: dict[str, Any] = {}
    ours: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for theirs, value in values.items():
        target = names.get(theirs)
        if target is None:
            rest[theirs] = value
        elif target.startswith("default_"):
            found = _fitting(target, value)
            ours |= {target.removeprefix("default_"): found} if found else {}
        else:
            own[target] = value
    return custom(own)[0] | known(**ours), rest


def _fitting(target: str, value: Any) -> Any:
    if target == "default_timezone":
        return zone(value)
    return address(value) if target == "default_ip" else value
