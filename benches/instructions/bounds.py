"""How many instructions a request may take, with a little room, and how often it may allocate: as was counted last."""

import dataclasses
import datetime
import json
import pathlib
import re

from counts import Counts

FILE = pathlib.Path(__file__).with_name("bounds.json")

# Two counts of one program differ by less than 1 %. The rest is for what differs between machines: the C library, and how
# the kernel cuts streams of bytes into reads. The processor is hardly part of it, as valgrind does not show the program
# the one of the machine: each that has AVX2 looks like the same Intel one, without AVX-512, SHA and fast short moves, so
# that the C library, memchr and ring choose the same code on all of them. On a processor without AVX2, or of another
# architecture, these bounds mean nothing.
ROOM = 0.03

# Of the instructions in the program's own code. It was 0.99 when the layout was made, and is about 0.87 when all
# functions have got new names whose names had to be whole.
IN_PLACE_LEAST = 0.8


@dataclasses.dataclass(frozen=True)
class Bounds:
    compiler: str
    date: str
    instructions: dict[str, int]
    allocations: dict[str, int]


def read() -> Bounds:
    return Bounds(**json.loads(FILE.read_text()))


def update(counts: dict[str, Counts], compiler: str) -> None:
    """Replaces the bounds of these paths."""
    kept = read()
    instructions = {path: count.instructions for path, count in counts.items()}
    allocations = {path: count.allocations for path, count in counts.items()}
    bounds = Bounds(
        compiler,
        datetime.date.today().isoformat(),
        {**kept.instructions, **instructions},
        {**kept.allocations, **allocations},
    )
    FILE.write_text(json.dumps(dataclasses.asdict(bounds), indent=2) + "\n")


def compiler_of(program: str) -> str:
    """The compiler leaves its name in what it builds."""
    found = re.search(rb"rustc version (\d+\.\d+\.\d+[^ ]*)", pathlib.Path(program).read_bytes())
    return f"rustc {found[1].decode()}" if found else "unknown"
