"""What was counted beside its bounds and the floor."""

from bounds import IN_PLACE_LEAST, ROOM, Bounds
from counts import Counts
from paths import ALL

HEADER = (
    f"{'path':6} {'instructions':>12} {'bound':>9} {'change':>8} {'to floor':>9} "
    f"{'allocations':>12} {'bound':>6} {'over floor':>11} {'in place':>9}"
)


def compared(found: dict[str, Counts], bounds: Bounds) -> list[str]:
    """Prints it. Gives back the paths that cost more than they may."""
    print(HEADER)
    failed, floors = [], {path.id: path.floor for path in ALL}
    for path, counts in found.items():
        floor = found.get(floors[path])
        bound, allocations = bounds.instructions.get(path), bounds.allocations.get(path)
        said = verdict(counts, bound, allocations)
        print(f"{line(path, counts, bound, allocations, floor)}  {said}")
        if said.startswith("FAIL"):
            failed.append(path)
    return failed


def line(path: str, counts: Counts, bound: int | None, allocations: int | None, floor: Counts | None) -> str:
    change = f"{counts.instructions / bound - 1:+.1%}" if bound else ""
    ratio = f"{counts.instructions / floor.instructions:.2f}" if floor else ""
    over = f"{counts.allocations - floor.allocations:+}" if floor else ""
    return (
        f"{path:6} {counts.instructions:12,} {bound or 0:9,} {change:>8} {ratio:>9} "
        f"{counts.allocations:12} {allocations or 0:6} {over:>11} {counts.in_place:9.0%}"
    )


def verdict(counts: Counts, bound: int | None, allocations: int | None) -> str:
    if bound is None or allocations is None:
        return "FAIL: it has no bound"
    if counts.instructions > bound * (1 + ROOM):
        return "FAIL: costs more"
    if counts.allocations > allocations:
        return "FAIL: allocates more"
    if counts.in_place < IN_PLACE_LEAST:
        return "FAIL: its code is not side by side, see `make layout`"
    if counts.instructions < bound * (1 - ROOM) or counts.allocations < allocations:
        return "costs less: lower the bound with --update"
    return "ok"
