"""Run every test on SQLite and, beside it, on PostgreSQL, and end with the closing line of each run.

What the run on SQLite says is shown as it goes; what the other one says comes after it.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

DATABASES = ("sqlite", "postgres")


def run(database: str, arguments: list[str], out: BinaryIO) -> tuple[int, str]:
    """One run of pytest, written to `out` as it goes. Returns its exit code and its closing line."""
    out.write(f"\n▶ pytest on {database}\n".encode())
    out.flush()
    color = ["--color=yes"] if sys.stdout.isatty() else []
    environment = {**os.environ, "COTERIE_TEST_DATABASE": database}
    command = [sys.executable, "-u", "-m", "pytest", *color, *arguments]
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


def _last_line(text: str) -> str:
    lines = [line.strip(" =!") for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    return next((line for line in reversed(lines) if line), "pytest said nothing")


def main() -> int:
    """0 when both runs passed."""
    results = both(sys.argv[1:])
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
