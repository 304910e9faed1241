"""The corpus against a proxy: three upstreams behind it, and a lane of cases for each at the same time."""

from concurrent.futures import ThreadPoolExecutor

from corpus.case import Case

from .trial import Lane, Trial
from .upstreams.readers import READERS


class Bench:
    """Start it, put a proxy in front of `upstreams`, and `aim` at that. `quiet` is how many seconds the answer to
    a bad request is waited for before the client says that it has sent all there is."""

    def __init__(self, quiet: float = 0.25) -> None:
        self._lanes = [Lane(name, quiet) for name in READERS]

    @property
    def upstreams(self) -> dict[str, int]:
        """Ports of the upstreams by the path that must lead to each; it is forwarded as it came."""
        return {lane.path.decode(): lane.upstream.port for lane in self._lanes}

    def aim(self, address: tuple[str, int]) -> None:
        for lane in self._lanes:
            lane.begin(address)

    def attempt(self, cases: list[Case]) -> list[Trial]:
        with ThreadPoolExecutor(len(self._lanes)) as pool:
            by_lane = pool.map(lambda lane: [lane.attempt(case) for case in cases], self._lanes)
            return [trial for trials in by_lane for trial in trials]

    def stop(self) -> None:
        for lane in self._lanes:
            lane.end()
