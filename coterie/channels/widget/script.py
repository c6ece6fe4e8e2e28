"""The widget's script as browsers get it: without what only its readers need."""

import re

_COMMENT = re.compile(r"^\s*/\*.*?\*/\s*$", re.DOTALL | re.MULTILINE)


def shortened(source: str) -> str:
    """Without comments that stand on lines of their own, empty lines and indentation.

    Nothing else is touched, so it is safe as long as no text of the script goes over several lines and minds the spaces
    at their beginning; its style sheet, the only such text, does not.
    """
    lines = (line.strip() for line in _COMMENT.sub("", source).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"
