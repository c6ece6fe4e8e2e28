"""The Chromium that the browser tests drive. As a command: get one if there is none."""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.debian import install

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_path() -> str | None:
    """A Chromium of the machine. Ubuntu's snap is passed over: it cannot see our temporary folders."""
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path and "/snap/" not in path and _starts(path)), None)


def _starts(path: str) -> bool:
    """Whether it is a browser, and not Ubuntu's script that only says how to install one."""
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def _playwrights() -> bool:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def main() -> int:
    """Debian's package when we may install one, otherwise Playwright's own."""
    if on_path() or _playwrights():
        return 0
    install("chromium")
    if on_path():
        return 0
    print("No Chromium here; installing Playwright's …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if _playwrights():
        return 0
    print("The browser tests need Chromium: put `chromium` on the PATH, then run this again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
