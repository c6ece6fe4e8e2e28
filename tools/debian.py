"""Programs that tests need, as Debian's packages."""

import os
import shutil
import subprocess


def install(package: str) -> None:
    """Installs it where we may; says nothing when that fails, so look for what it was to bring."""
    if os.geteuid() or not shutil.which("apt-get"):
        return
    print(f"Installing Debian's {package} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        if subprocess.run(["apt-get", "--quiet", "--quiet", *command], env=environment, check=False).returncode:
            return
