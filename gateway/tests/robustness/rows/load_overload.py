"""R13: five times what an API can take leaves it as fast as it is, and tells the rest at once to come back."""

import asyncio
import collections

from harness import load, loop
from harness.exchange import post
from harness.faults import Request, Upstream, Wire, answer
from harness.gateway import Gateway, config
from harness.limits import BUILD, IS_RELEASE
from harness.rows import Skipped, row

SECONDS = 60
PLACES, LASTS, QUEUE = 10, 0.05, 10
LIMITS = f"limits: {{ max_requests: {PLACES}, max_queue: {QUEUE}, queue_timeout: 200ms }}"


class Busy:
    """Takes a twentieth of a second for each request, and knows how many it had at once."""

    def __init__(self):
        self.now = self.most = 0

    async def __call__(self, wire: Wire, _: Request) -> bool:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(LASTS)
        self.now -= 1
        await wire.send(answer(b"done"))
        return True


@row("R13", "under five times its capacity for a minute an API goes on at its peak")
def overload() -> str:
    busy = Busy()
    with Upstream(busy) as upstream, Gateway(config(upstream.url(), api=f"upstream: {{ {LIMITS} }}")) as gateway:
        request = post(gateway.authority)
        # One more than there are places, so that none is idle.
        before = loop.run(load.in_turn(gateway.address, request, PLACES + 1, 2.0))
        peak = load.count(before, 200) / 2
        samples = load.measure(gateway.address, request, 5 * peak, SECONDS)
        after = loop.run(load.in_turn(gateway.address, request, 1, 2.0))
        assert gateway.is_alive(), "the gateway has ended"
    lasted = max(each.at for each in samples) - min(each.at - each.seconds for each in samples)
    if load.is_behind(samples):
        raise Skipped(f"this machine is too busy to send {5 * peak:.0f} requests a second")
    statuses = collections.Counter(each.status for each in samples)
    assert set(statuses) == {200, 503}, f"{dict(statuses)} with {busy.most} at once"
    excess = [each for each in samples if each.status == 503]
    share, refused = statuses[200] / lasted / peak, load.percentile(excess, 0.5) * 1000
    back = next((each.at - samples[-1].at for each in after if each.status == 200), None)
    figure = (
        f"{share:.0%} of {peak:.0f} a second at {len(samples) / lasted:.0f}, {busy.most} at once; excess 503 after"
        f" {refused:.1f} ms (median), {load.percentile(excess, 0.99) * 1000:.0f} ms (p99){BUILD}"
    )
    told = [b"\r\nretry-after: " in each.head.lower() and each.says("upstream_overloaded") for each in excess]
    assert all(told), f"{told.count(False)} were not told when to come back; {figure}"
    assert share >= 0.8 and busy.most <= PLACES, figure
    assert refused <= 10 or not IS_RELEASE, figure
    assert load.count(after, 200) == len(after) and back is not None and back <= 5, f"not back to normal; {figure}"
    return figure
