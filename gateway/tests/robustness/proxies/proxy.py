"""A proxy under comparison: what it is called, how it is got, configured and started."""

import dataclasses
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable

from harness.client import Client

PATIENCE = 15.0


@dataclasses.dataclass(frozen=True)
class Proxy:
    name: str
    program: Callable[[], pathlib.Path]
    """Finds or installs it; raises `Missing`."""
    version: tuple[str, ...]
    """Arguments that make it print its version."""
    files: Callable[[pathlib.Path, int, dict[str, int]], dict[str, str]]
    """Its configuration, by file name, from a folder, the port to listen on and the upstreams' ports by path."""
    command: Callable[[pathlib.Path, pathlib.Path], list[str]]
    """Its command line, from its program and the folder of its configuration."""
    libraries: pathlib.Path | None = None


class Missing(Exception):
    """The proxy cannot be had here; the text says why."""


class Running:
    """A started proxy, ended with the `with` block."""

    def __init__(self, proxy: Proxy, upstreams: dict[str, int]):
        program = proxy.program()
        environment = dict(os.environ)
        if proxy.libraries:
            environment["LD_LIBRARY_PATH"] = str(proxy.libraries)
        printed = subprocess.run([program, *proxy.version], capture_output=True, text=True, env=environment)
        found = re.search(r"[0-9]+\.[0-9]+\.[0-9]+", printed.stdout + printed.stderr)
        if not found:
            raise Missing(f"{program} does not run: {printed.stderr.strip()[:200]}")
        self.version = found[0]
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        port = free_port()
        for name, text in proxy.files(folder, port, upstreams).items():
            (folder / name).write_text(text)
        self.address = ("127.0.0.1", port)
        self._log = (folder / "log").open("wb")
        command = proxy.command(program, folder)
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, env=environment, cwd=folder)
        try:
            self._wait(folder, list(upstreams))
        except Missing:
            self.__exit__()
            raise

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def _wait(self, folder: pathlib.Path, paths: list[str]) -> None:
        """Until every upstream is reached: some listen before they have read their routes."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if all(self._status(path) == 200 for path in paths):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise Missing(f"it does not serve: {(folder / 'log').read_text(errors='replace')[-500:]}")

    def _status(self, path: str) -> int:
        with Client(self.address, patience=1.0) as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: {self.address[0]}\r\n\r\n".encode())
            response = client.response()
            return response.status if response else 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def name_of(path: str) -> str:
    """The name of the upstream at a path such as `/strict/mcp`."""
    return path.split("/")[1]
