"""Search every file of a folder for texts. Run as a script, with a JSON object on standard input; imports little."""

import json
import sys
from pathlib import Path


def forms_of(text: str) -> set[bytes]:
    """How the text may be stored: UTF-8, escaped in JSON, UTF-16."""
    return {text.encode(), json.dumps(text)[1:-1].encode(), text.encode("utf-16-le")}


def search(folder: str, texts: list[str]) -> dict[str, list[str]]:
    """Text → names of the files that contain it."""
    shortest = min(texts, key=len)
    # A file without the part that all have in common needs no second look: there are gigabytes of them in a whole run.
    common = forms_of(shortest) if all(shortest in text for text in texts) else {b""}
    found: dict[str, list[str]] = {}
    for path in Path(folder).rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if any(form in content for form in common):
            for text in texts:
                if any(form in content for form in forms_of(text)):
                    found.setdefault(text, []).append(path.name)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(search(**json.load(sys.stdin))))
