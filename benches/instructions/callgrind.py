"""What callgrind has written down of one stretch of a run."""

import dataclasses
import pathlib
import re
import subprocess
from collections.abc import Iterator

# What Rust's allocate, allocate zeroed and reallocate are in the release build: C code, which is inlined nowhere. Memory
# that C code gets for itself is not among it.
ALLOCATES = {"mi_malloc_aligned", "mi_zalloc_aligned", "mi_realloc_aligned"}
# Pingora has one timer for all that is due within the same hundredth of a second: the slower the machine, the more. All
# others allocate as often for one request as for the next.
BY_THE_CLOCK = "pingora_timeout::timer::"


@dataclasses.dataclass(frozen=True)
class Counts:
    """Of a stretch, or of one request."""

    instructions: int
    allocations: int
    # The share of the program's instructions that is where `make layout` wants it.
    in_place: float = 0.0

    def more_than(self, other: "Counts", requests: int) -> "Counts":
        """What each of so many more requests has brought."""
        return Counts(
            round((self.instructions - other.instructions) / requests),
            round((self.allocations - other.allocations) / requests),
            self.in_place,
        )


def counts(profile: str, program: pathlib.Path) -> Counts:
    found = re.search(r"^totals: (\d+)", profile, re.MULTILINE)
    if not found:
        raise RuntimeError("the profile has no total")
    of = [times for caller, called, times in calls(profile) if called in ALLOCATES and BY_THE_CLOCK not in caller]
    if not of:
        raise RuntimeError(f"nothing calls {', '.join(sorted(ALLOCATES))}: is the allocator another one?")
    return Counts(int(found[1]), sum(of), in_place(profile, program))


def in_place(profile: str, program: pathlib.Path) -> float:
    parts = [part for (file, _), parts in by_function(profile).items() if file == str(program) for part in parts]
    place = requests(program)
    return sum(spent for address, spent in parts if address in place) / sum(spent for _, spent in parts)


def requests(program: pathlib.Path) -> range:
    """Where a program has what requests go through; nowhere, if it was built without a layout."""
    command = ["nm", "--defined-only", str(program)]
    found = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    ends = {end: int(at, 16) for at, end in re.findall(r"^([0-9a-f]+) \w requests_(begin|end)$", found.stdout, re.MULTILINE)}
    return range(ends.get("begin", 0), ends.get("end", 0))


def costs(profile: str) -> dict[tuple[str, str], int]:
    """The instructions of each function itself, by the file of the program or library that it is in and its name."""
    return {place: sum(spent for _, spent in parts) for place, parts in by_function(profile).items()}


def by_function(profile: str) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Where each function spends how much, as addresses in its file."""
    names: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    file = function = ""
    address, is_of_a_call = 0, False
    for line in profile.splitlines():
        if said := re.match(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?$", line):
            is_called, kind, number, name = said.groups()
            if name:
                names[kind, number] = name.split("'")[0]
            if is_called:
                continue
            if kind == "ob":
                file = names[kind, number]
            else:
                function = names[kind, number]
        elif line.startswith("calls="):
            is_of_a_call = True
        elif said := re.match(r"(0x|\+|-|\*)([0-9a-f]*) \S+ (\d+)", line):
            sign, number, spent = said.groups()
            address = moved(address, sign, number)
            if not is_of_a_call:
                found.setdefault((file, function), []).append((address, int(spent)))
            is_of_a_call = False
    return found


def moved(address: int, sign: str, number: str) -> int:
    match sign:
        case "0x":
            return int(number, 16)
        case "+":
            return address + int(number)
        case "-":
            return address - int(number)
        case _:
            return address


def calls(profile: str) -> Iterator[tuple[str, str, int]]:
    """Who calls whom, and how often. A name is written out once, beside a number that stands for it from then on: `fn` is
    who calls, in all lines up to the next, and `cfn` whom, in the next line alone."""
    names: dict[str, str] = {}
    caller = called = ""
    for kind, number, name, times in re.findall(
        r"^(?:(c?fn)=\((\d+)\)(?: (.*))?|calls=(\d+) .*)$", profile, re.MULTILINE
    ):
        if name:
            # In a recursion, the depth is behind the name.
            names[number] = name.split("'")[0]
        if kind == "fn":
            caller = number
        elif kind == "cfn":
            called = number
        else:
            yield names[caller], names[called], int(times)
