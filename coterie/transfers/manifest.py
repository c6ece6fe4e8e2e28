"""What an exported file is: a small JSON file beside it.

With it somebody can say years later who is in the file, why, as of when, and that not a byte of it was changed.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

ENDING = ".manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`people` who match `filter` (in words; `query` is the same as a query string) as of `revision` of the workspace.

    `columns` are attribute keys, `personal` those of them that tell who somebody is. `raw` says that formulas were not
    guarded. `made_at` is ISO 8601 in UTC, `actor` as in the journal.
    """

    file: str
    format: str
    people: int
    filter: str
    query: str
    revision: int
    actor: str
    made_at: str
    columns: list[str]
    personal: list[str]
    raw: bool
    bytes: int
    sha256: str

    @property
    def text(self) -> str:
        """As it is written."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    def write(self, folder: Path) -> Path:
        """Puts it beside its file."""
        path = folder / f"{self.file}{ENDING}"
        path.write_text(self.text, encoding="utf-8")
        path.chmod(0o600)
        return path


def read(path: Path) -> Manifest:
    """The manifest in this file; raises OSError, ValueError or TypeError when it is none."""
    return Manifest(**json.loads(path.read_text(encoding="utf-8")))
