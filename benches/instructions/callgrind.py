"""What callgrind has written down of one stretch of a run."""

import dataclasses
import re
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

    def more_than(self, other: "Counts", requests: int) -> "Counts":
        """What each of so many more requests has brought."""
        return Counts(
            round((self.instructions - other.instructions) / requests),
            round((self.allocations - other.allocations) / requests),
        )


def counts(profile: str) -> Counts:
    found = re.search(r"^totals: (\d+)", profile, re.MULTILINE)
    if not found:
        raise RuntimeError("the profile has no total")
    of = [times for caller, called, times in calls(profile) if called in ALLOCATES and BY_THE_CLOCK not in caller]
    if not of:
        raise RuntimeError(f"nothing calls {', '.join(sorted(ALLOCATES))}: is the allocator another one?")
    return Counts(int(found[1]), sum(of))


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
