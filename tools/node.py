"""Node and the libraries for it that tests send with. As a command: get them if they are not there."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.debian import install

# What to install, each file checked against the hash in the lock file beside it.
LISTED = Path(__file__).parent / "npm"
FOLDER = Path(sys.prefix) / "npm"


def on_path() -> str | None:
    """A Node of the machine, if npm is there, too."""
    return shutil.which("node") if shutil.which("npm") else None


def library(package: str) -> tuple[str, str]:
    """(Node, where the package is)."""
    node, place = on_path(), FOLDER / "node_modules" / package
    assert node is not None and place.exists(), "The tests need Node and libraries for it: run `python -m tools.node`."
    return node, str(place)


def _installed() -> bool:
    return (
        all(
            (FOLDER / path.name).is_file() and (FOLDER / path.name).read_bytes() == path.read_bytes()
            for path in LISTED.glob("*.json")
        )
        and (FOLDER / ".done").exists()
    )


def main() -> int:
    """Debian's packages when we may install some; then what `npm/` lists."""
    for package in ("nodejs", "npm"):
        if not on_path():
            install(package)
    if not on_path():
        print(
            "The tests need Node 18 or newer: put `node` and `npm` on the PATH, then run this again.", file=sys.stderr
        )
        return 1
    if _installed():
        return 0
    print("Installing Segment's and RudderStack's libraries for Node …", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for path in LISTED.glob("*.json"):
        shutil.copy(path, FOLDER)
    # Nothing of a package runs while it is installed.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=FOLDER, check=False).returncode:
        return 1
    (FOLDER / ".done").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
