"""What a stretch of a run takes, or one request of it."""

import dataclasses
import pathlib
import re
import subprocess

import callgrind

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


def counts(profile: callgrind.Profile, program: pathlib.Path) -> Counts:
    allocates = [
        times for caller, called, times in profile.calls if called in ALLOCATES and BY_THE_CLOCK not in caller
    ]
    if not allocates:
        raise RuntimeError(f"nothing calls {', '.join(sorted(ALLOCATES))}: is the allocator another one?")
    return Counts(profile.instructions, sum(allocates), in_place(profile, program))


def in_place(profile: callgrind.Profile, program: pathlib.Path) -> float:
    parts = [part for (file, _), parts in profile.spent.items() if file == str(program) for part in parts]
    place = requests(program)
    return sum(spent for address, spent in parts if address in place) / sum(spent for _, spent in parts)


def requests(program: pathlib.Path) -> range:
    """Where a program has what requests go through; nowhere, if it was built without a layout."""
    command = ["nm", "--defined-only", str(program)]
    found = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    ends = {end: int(at, 16) for at, end in re.findall(r"^([0-9a-f]+) \w requests_(begin|end)$", found.stdout, re.MULTILINE)}
    return range(ends.get("begin", 0), ends.get("end", 0))
