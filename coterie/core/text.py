"""What strangers write is cleaned once, at the door, so that everything behind it can compare plain strings."""

import re
import unicodedata

FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def clean(value: str) -> str:
    """`value` as it is stored: NFC, no NUL, no lone surrogate, no white space around it.

    NUL cannot be stored by PostgreSQL, a lone surrogate cannot be encoded as UTF-8; both become U+FFFD so that the
    rest of a message is not lost.
    """
    if not value.isascii() or "\x00" in value:
        value = unicodedata.normalize("NFC", FORBIDDEN.sub("�", value))
    return value.strip()
