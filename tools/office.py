"""The LibreOffice that tests open our files with. As a command: get one if there is none."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.debian import install

NAMES = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")
PACKAGE = "libreoffice-calc-nogui"
# Commas, double quotes, UTF-8; cells are what LibreOffice makes of them by itself.
_CSV = "CSV:44,34,76"


def on_path() -> str | None:
    """A LibreOffice of the machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def converted(path: Path, format_: str, folder: Path) -> Path:
    """What LibreOffice saves after opening the file."""
    office = on_path()
    assert office is not None, f"The tests need LibreOffice: install {PACKAGE}, or run `python -m tools.office`."
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, "--headless", profile, "--convert-to", format_, "--outdir", str(folder)]
    command += [f"--infilter={_CSV}"] if path.suffix == ".csv" else []
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=180)
    return folder / f"{path.stem}.{format_}"


def main() -> int:
    """Debian's package when we may install one."""
    if on_path():
        return 0
    install(PACKAGE)
    if on_path():
        return 0
    print("The tests of exports need LibreOffice: put `soffice` on the PATH, then run this again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
