"""What the page around the widget tells about its visitor through `window.Coterie`.

Anybody can open the console of their browser and call the same functions. So only names that the workspace listed are
taken, and nobody fills its catalogue with names of their own.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from coterie.channels.widget.config import SHORT_NAMES, Config
from coterie.people.attributes import MAX_ATTRIBUTES, Refused, Value, validated

_WRITABLE = frozenset(SHORT_NAMES.values())


def told(config: Config, raw: Any, *, of_chat: bool = False) -> tuple[dict[str, Value], list[str]]:
    """The values that are taken, and what was left out and why. Nothing here loses a message."""
    if raw is None:
        return {}, []
    if not isinstance(raw, Mapping):
        return {}, ["attributes come as an object of names and values."]
    taken: dict[str, Value] = {}
    ignored = [f"more than {MAX_ATTRIBUTES} attributes at a time."] if len(raw) > MAX_ATTRIBUTES else []
    for name, value in islice(raw.items(), MAX_ATTRIBUTES):
        key = name if of_chat else SHORT_NAMES.get(name, name)
        if not (key in config.page_attributes or (key in _WRITABLE and not of_chat)):
            ignored.append(
                f"“{str(name)[:80]}” is not listed in Settings, Widgets, On your pages as one that pages may set."
            )
            continue
        try:
            taken |= validated({key: value}, "attributes", custom_only=of_chat)
        except Refused as refused:
            ignored.append(str(refused))
    return taken, ignored
