"""A running gateway, started for a row and ended with it."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import tempfile
import threading
import time

PATIENCE = 20.0


class Gateway:
    """`yaml` is the configuration; every listener in it should be on port 0. `files` lie beside it."""

    def __init__(self, yaml: str, files: dict[str, bytes] | None = None, prefix: tuple[str, ...] = ()):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        for name, content in (files or {}).items():
            (self.folder / name).write_bytes(content)
        self.config = self.folder / "gateway.yaml"
        self.config.write_text(yaml)
        self.events: list[dict] = []
        self._lines: queue.Queue[dict | None] = queue.Queue()
        binary = os.environ.get("TOLLGATE_BIN") or "target/release/tollgate"
        command = [*prefix, binary, "run", "-c", str(self.config)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._read, daemon=True).start()
        self.addresses: dict[str, tuple[str, int]] = {}
        while len(self.addresses) < yaml.count("address:"):
            listening = self.wait_for(lambda event: event.get("event") == "listening")
            host, _, port = listening["address"].rpartition(":")
            self.addresses[listening["listener"]] = (host.strip("[]"), int(port))

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Of the listener `main`."""
        return self.addresses["main"]

    @property
    def authority(self) -> str:
        return "{}:{}".format(*self.address)

    def _read(self) -> None:
        for line in self.process.stdout:
            try:
                self._lines.put(json.loads(line))
            except ValueError:
                self._lines.put({"event": "not_json", "text": line.decode(errors="replace").rstrip()})
        self._lines.put(None)

    def wait_for(self, wanted, patience: float = PATIENCE) -> dict:
        """The next log line that is wanted; those before it are kept in `events`."""
        until = time.monotonic() + patience
        while True:
            try:
                event = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no such log line within {patience} s; seen: {self.events[-5:]}") from None
            if event is None:
                raise AssertionError(f"the gateway has ended: {self.events[-5:]}")
            self.events.append(event)
            if wanted(event):
                return event

    def memory(self) -> int:
        """Resident bytes of the process."""
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self._folder.cleanup()


def config(endpoint: str, listener: str = "", api: str = "", more: str = "") -> str:
    """One loopback listener `main`, an admin listener, and an API at `/a/mcp` with one endpoint. `listener` and `api`
    are further keys in YAML's flow form, such as `limits: { head_timeout: 1s }`; `more` is further YAML."""
    keys = lambda text: f", {text}" if text else ""
    return (
        f'listeners:\n  - {{ name: main, address: "127.0.0.1:0"{keys(listener)} }}\n'
        f'admin: {{ address: "127.0.0.1:0" }}\n'
        f'apis:\n  - {{ name: a, path: /a/mcp, endpoints: ["{endpoint}"], plans: [keyless]{keys(api)} }}\n{more}'
    )
