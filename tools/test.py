"""Run every test on SQLite and, beside it, on PostgreSQL, and end with the closing line of each run.

What the run on SQLite says is shown as it goes; what the other one says comes after it. A few failures in the browser
alone are tried once more when both are over: two browsers, two servers and two databases share the processors until
then. Those that pass now are named, because each of them may be a race of ours all the same.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

DATABASES = ("sqlite", "postgres")
CACHE = Path(".pytest_cache")
# More than so many failures are no accident.
_ACCIDENTS = 3


def run(database: str, arguments: list[str], out: BinaryIO) -> tuple[int, str]:
    """One run of pytest, written to `out` as it goes. Returns its exit code and its closing line."""
    out.write(f"\n▶ pytest on {database}\n".encode())
    out.flush()
    color = ["--color=yes"] if sys.stdout.isatty() else []
    environment = {**os.environ, "COTERIE_TEST_DATABASE": database}
    kept = ["--cache-clear", "-o", f"cache_dir={CACHE / database}"]
    command = [sys.executable, "-u", "-m", "pytest", *color, *kept, *arguments]
    tail = b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as pytest:
        assert pytest.stdout is not None
        while chunk := os.read(pytest.stdout.fileno(), 65536):
            out.write(chunk)
            out.flush()
            tail = (tail + chunk)[-4096:]
        return pytest.wait(), _last_line(tail.decode(errors="replace"))


def both(arguments: list[str]) -> dict[str, tuple[int, str]]:
    """Both runs at once: each waits for its database and its browser half of the time."""
    shown, other = DATABASES
    with tempfile.TemporaryFile() as kept, ThreadPoolExecutor(1) as beside:
        second = beside.submit(run, other, arguments, kept)
        first = run(shown, arguments, sys.stdout.buffer)
        result = {shown: first, other: second.result()}
        kept.seek(0)
        sys.stdout.buffer.write(kept.read())
        sys.stdout.buffer.flush()
    return result


def accidents(database: str) -> list[str]:
    """What failed in the run just over, if that is little and all of it in the browser."""
    try:
        failed = list(json.loads((CACHE / database / "v" / "cache" / "lastfailed").read_text(encoding="utf-8")))
    except OSError:
        return []
    few = len(failed) <= _ACCIDENTS and all(name.startswith("tests/browser/") for name in failed)
    return failed if few else []


def once_more(results: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """The results, with what failed by accident tried again."""
    found = dict(results)
    for database, (code, closing) in results.items():
        if code == 1 and (names := accidents(database)):
            again, _ = run(database, names, sys.stdout.buffer)
            if again == 0:
                found[database] = 0, f"{closing}\n{'':<10}passed when tried again: {', '.join(names)}"
    return found


def _last_line(text: str) -> str:
    lines = [line.strip(" =!") for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    return next((line for line in reversed(lines) if line), "pytest said nothing")


def main() -> int:
    """0 when both runs passed."""
    results = once_more(both(sys.argv[1:]))
    print()
    for database, (_, closing) in results.items():
        print(f"{database:<10}{closing}")
    failed = [database for database, (code, _) in results.items() if code]
    print(f"FAILED on {' and '.join(failed)}" if failed else "All tests passed on SQLite and on PostgreSQL")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
