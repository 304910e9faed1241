"""R24: while everything behind the gateway fails, it sends hardly more requests than it gets, and no message twice."""

import collections

from harness import load
from harness.apis import NO_EJECTION, api, fleet
from harness.exchange import head, post
from harness.faults import Request, Upstream, Wire, answer
from harness.gateway import Gateway
from harness.rows import row

RATE = 1000
SECONDS = 3.0


async def breaks_off(wire: Wire, _: Request) -> bool:
    wire.reset()
    return False


async def breaks_off_in_the_head(wire: Wire, _: Request) -> bool:
    await wire.send(b"HTTP/1.1 2")
    return False


async def unwell(wire: Wire, _: Request) -> bool:
    await wire.send(answer(b"{}", "503 Service Unavailable"))
    return True


def storm(method: str, failure, ejects: bool = False) -> tuple[int, int, float]:
    """Requests that were sent to two endpoints that only fail, those that arrived there, and the rate."""
    seen: collections.Counter = collections.Counter()

    async def counted(wire: Wire, request: Request) -> bool:
        seen[wire.number] += 1
        return await failure(wire, request)

    with Upstream(counted) as one, Upstream(counted) as two:
        yaml = fleet(api("a", [one.url(), two.url()], "" if ejects else NO_EJECTION))
        with Gateway(yaml) as gateway:
            request = post(gateway.authority) if method == "POST" else head(gateway.authority, "GET")
            samples = load.measure(gateway.address, request, RATE, SECONDS)
    took = max(sample.at for sample in samples) - min(sample.at for sample in samples)
    assert load.count(samples, 502, 503) == len(samples), "a request got no answer, or another"
    return len(samples), seen.total(), len(samples) / took


@row("R24", "requests that may be repeated are sent again within a fifth of all")
def repeatable() -> str:
    sent, arrived, rate = storm("GET", breaks_off)
    figure = f"{arrived / sent:.3f} for each of {sent} requests at {rate:.0f} a second"
    # And the ten of one second that may be ahead of their share.
    assert sent <= arrived <= 1.2 * sent + 10, figure
    return figure


@row("R24", "messages are sent once and never again, wherever the answer breaks off")
def messages() -> str:
    figures = []
    for failure in (breaks_off, breaks_off_in_the_head, unwell):
        sent, arrived, rate = storm("POST", failure)
        figures.append(f"{arrived} for {sent} at {rate:.0f} a second ({failure.__name__})")
        assert arrived == sent, figures[-1]
    return ", ".join(figures)


@row("R24", "endpoints that only fail are left in peace")
def peace() -> str:
    sent, arrived, rate = storm("POST", breaks_off, ejects=True)
    figure = f"{arrived} of {sent} requests at {rate:.0f} a second reached two endpoints"
    # Five failures each, those under way meanwhile, and the few that try them again.
    assert arrived <= 100, figure
    return figure
