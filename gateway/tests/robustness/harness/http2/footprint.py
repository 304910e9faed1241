"""What an attack costs the process: memory at its highest and held, and processor time."""

import pathlib
import time

from ..gateway import Gateway

_STEADY = 0.5


class Footprint:
    """Begins to measure when it is made."""

    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self._process = pathlib.Path(f"/proc/{gateway.process.pid}")
        # 5 resets the highest resident size to what it is now: proc(5).
        (self._process / "clear_refs").write_text("5")
        self._before = gateway.memory()

    def held(self) -> int:
        """Bytes more than at the beginning, once they have stopped to grow."""
        most, since = self._gateway.memory(), time.monotonic()
        while time.monotonic() - since < _STEADY:
            time.sleep(0.02)
            now = self._gateway.memory()
            if now > most + 100_000:
                most, since = now, time.monotonic()
        return most - self._before

    def peak(self) -> int:
        """Bytes more than at the beginning when they were most."""
        status = (self._process / "status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 - self._before


def cpu_within(gateway: Gateway, seconds: float) -> float:
    """Processor seconds it uses within the next ones."""
    before = gateway.cpu_seconds()
    time.sleep(seconds)
    return gateway.cpu_seconds() - before
