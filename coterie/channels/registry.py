"""Every kind of channel. Adding one is a folder and a line here."""

from collections.abc import Callable, Mapping
from typing import Any

from coterie.channels.widget.config import Config
from coterie.people.attributes import Refused


def _no_settings(settings: Mapping[str, Any]) -> None:
    if settings:
        raise Refused(next(iter(settings)), "a channel of this kind has no settings.")


# Kind → a check of its settings, which raises Refused.
KINDS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "api": _no_settings,
    "widget": Config.of,
}
