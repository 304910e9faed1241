"""S06: what other clients notice of an attack. Attacker and gateway share this machine, so the same bytes are first sent to a
process that reads and forgets them: what is noticed beyond that is the gateway's doing."""

import time

from harness.http2 import assault
from harness.http2.attacks import ATTACKS, Attack
from harness.http2.prober import Prober, probing
from harness.http2.sink import sink
from harness.limits import BUILD, IS_RELEASE
from harness.rows import row

SECONDS = 2.0
SLOWER_MAX = 2.0
# How many frames or streams a connection sends at most before the next one is made.
OF_A_CONNECTION = 20_000


@row("S06 neighbours", "the 99th percentile of another client's answers during each flood: at most twice as long")
def neighbours() -> str:
    figures, slower = [], []
    for attack in ATTACKS:
        with assault.target() as gateway, sink() as forgets, probing(gateway.address) as prober:
            quiet = during(lambda: time.sleep(SECONDS))
            without = during(lambda: repeat(forgets, attack))
            under = during(lambda: repeat(gateway.address, attack))
            prober.stop()
            idle, base, p99 = (percentile(prober, *span) for span in (quiet, without, under))
        figure = f"{attack}: {p99 * 1000:.1f} ms, {p99 / base:.1f} times"
        figures.append(f"{figure} ({base * 1000:.1f} ms without the gateway attacked, {idle * 1000:.1f} ms idle)")
        if p99 > SLOWER_MAX * base:
            slower.append(figure)
    assert not (slower and IS_RELEASE), f"{'; '.join(slower)}. All: {'; '.join(figures)}"
    return "; ".join(figures) + BUILD


def during(act) -> tuple[float, float]:
    began = time.monotonic()
    act()
    return began, time.monotonic()


def repeat(address: tuple[str, int], attack: Attack) -> None:
    """One connection after the other, as fast as can be."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        assault.attack(address, attack, min(attack.count, OF_A_CONNECTION), patience=0.0)


def percentile(prober: Prober, begin: float, end: float) -> float:
    samples = prober.between(begin, end)
    assert len(samples) >= 100, f"only {len(samples)} answers within {end - begin:.1f} s"
    return samples[int(len(samples) * 0.99)]
