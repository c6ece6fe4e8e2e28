"""Signs that show nothing, or turn the direction of what follows, are seen on the pages.

An isolated text turns nothing around it, but itself it could still read as something else: a name that is written
"gnp.exe" backwards ends in "exe.png". They stay as they are where a text is typed, stored and exported.
"""

import re

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def seen(text: object) -> str:
    """The text with U+FFFD in place of each control character and each override, embedding or isolate of direction."""
    said = str(text)
    return said if said.isprintable() else _UNSEEN.sub("\ufffd", said)
