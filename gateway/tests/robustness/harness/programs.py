"""Programs that rows need and that may not be there."""

import functools
import os
import shutil
import subprocess

from .rows import Skipped


@functools.cache
def need(program: str, package: str | None = None) -> str:
    """The path of the program; root on Debian has it installed where it is missing. A row without it is skipped."""
    if not shutil.which(program):
        _install(package or program)
    path = shutil.which(program)
    if path is None:
        raise Skipped(f"{program} is missing: install the Debian package {package or program}")
    return path


def _install(package: str) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        subprocess.run(["apt-get", "-qq", *arguments], env=environment, timeout=300, **quiet)
