"""Run every test on SQLite, then those that depend on the database on PostgreSQL, on all processors.

Options are passed on to pytest. `--coverage` first, and the branches that both runs reached are reported at the end.
"""

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

DATABASES = ("sqlite", "postgres")
# pytest found no test to run: all that were asked for need no second database.
_NOTHING_TO_RUN = 5


def run(database: str, arguments: list[str], *, coverage: bool) -> tuple[int, str]:
    """One run of pytest, shown as it goes. Returns its exit code and its closing line."""
    print(f"\n▶ pytest on {database}", flush=True)
    environment = {**os.environ, "COTERIE_TEST_DATABASE": database}
    # A processor that has run out of tests takes over half of those that wait for another one.
    shared = ["-n", str(os.cpu_count() or 1), "--dist", "worksteal"]
    command = [sys.executable, "-u", "-m", *(["coverage", "run", "-m"] if coverage else []), "pytest", *shared]
    command += ["--color=yes"] if sys.stdout.isatty() else []
    command += ["--durations=10", "-o", f"cache_dir={Path('.pytest_cache') / database}", *arguments]
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
    return next((line for line in reversed(lines) if line), "pytest printed nothing")


def _time_taken(began: float) -> str:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall, processors = divmod(round(time.monotonic() - began), 60), divmod(round(used.ru_utime + used.ru_stime), 60)
    return f"{wall[0]}:{wall[1]:02} min, {processors[0]}:{processors[1]:02} min of processor time"


def _report_coverage() -> None:
    for step in (["combine", "--quiet"], ["report", "--format=total"], ["html", "--quiet"]):
        subprocess.run([sys.executable, "-m", "coverage", *step], check=True)


def main(arguments: list[str]) -> int:
    """0 when both runs passed."""
    began = time.monotonic()
    coverage = arguments[:1] == ["--coverage"]
    results = {name: run(name, arguments[coverage:], coverage=coverage) for name in DATABASES}
    print()
    for database, (_, closing) in results.items():
        print(f"{database:<10}{closing}")
    if coverage:
        _report_coverage()
    passed = results["sqlite"][0] == 0
    failed = [name for name, (code, _) in results.items() if code and not (passed and code == _NOTHING_TO_RUN)]
    words = f"FAILED on {' and '.join(failed)}" if failed else "All tests passed on SQLite and on PostgreSQL"
    print(f"{words} in {_time_taken(began)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
