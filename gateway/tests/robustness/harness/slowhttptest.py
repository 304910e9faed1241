"""The attacker slowhttptest, and what it says became of its connections."""

import csv
import dataclasses
import pathlib
import re
import subprocess
import tempfile

from .programs import need


@dataclasses.dataclass(frozen=True)
class Attack:
    """`connected`: at most, first in the second `full`. `over`: the second in which none was left, if there was one
    before the attack's own end. `served`: whether its probe, a client that behaves, was served all the time."""

    connected: int
    full: int
    over: int | None
    served: bool


def attack(url: str, *options: str, connections: int, rate: int, seconds: int) -> Attack:
    program = need("slowhttptest")
    with tempfile.TemporaryDirectory() as folder:
        into = pathlib.Path(folder) / "attack"
        numbers = ["-c", str(connections), "-r", str(rate), "-l", str(seconds), "-p", "3", "-g", "-o", str(into)]
        command = [program, *options, *numbers, "-u", url]
        said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60).stdout
        with into.with_suffix(".csv").open() as table:
            # Its columns: second, closed, pending, connected, and none where the probe was not served.
            lines = [[int(cell) for cell in line] for line in list(csv.reader(table))[1:]]
    connected = max(line[3] for line in lines)
    full = next(line[0] for line in lines if line[3] == connected)
    ended = re.search(r"Test ended on (\d+)\w+ second", said)
    over = int(ended[1]) if ended and "No open connections left" in said else None
    return Attack(connected, full, over, all(line[4] for line in lines))
