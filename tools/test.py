"""Run every test on SQLite, then on PostgreSQL, and end with the closing line of each run."""

import os
import re
import subprocess
import sys

DATABASES = ("sqlite", "postgres")


def run(database: str, arguments: list[str]) -> tuple[int, str]:
    """One run of pytest, shown as it goes. Returns its exit code and its closing line."""
    print(f"\n▶ pytest on {database}", flush=True)
    color = ["--color=yes"] if sys.stdout.isatty() else []
    environment = {**os.environ, "COTERIE_TEST_DATABASE": database}
    command = [sys.executable, "-u", "-m", "pytest", *color, *arguments]
    tail = b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as pytest:
        assert pytest.stdout is not None
        while chunk := os.read(pytest.stdout.fileno(), 65536):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            tail = (tail + chunk)[-4096:]
        return pytest.wait(), _last_line(tail.decode(errors="replace"))


def _last_line(text: str) -> str:
    lines = [line.strip(" =!") for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    return next((line for line in reversed(lines) if line), "pytest said nothing")


def main() -> int:
    """0 when both runs passed."""
    results = {database: run(database, sys.argv[1:]) for database in DATABASES}
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
