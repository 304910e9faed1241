"""R20 and CVE-2026-1642: what an upstream sends ahead of its TLS handshake is never an answer."""

import contextlib
import ssl

from harness import certificates
from harness.fault_cases import BAD, LATE, TIMEOUTS, WHOLE, Case, verdict
from harness.faults import Request, Wire, answer
from harness.rows import row

FORGED = answer(b'{"forged":true}', "200 OK", "X-Injected: 1")


def plaintext_then(then: str):
    """Sends an answer in clear text as soon as it is connected to, and then closes, waits, or takes the handshake."""

    async def first(wire: Wire) -> None:
        await wire.send(FORGED)
        match then:
            case "close":
                wire.writer.close()
            case "wait":
                await wire.gone()
            case "handshake":
                # The gateway may be gone, or has taken the text for a broken handshake.
                with contextlib.suppress(OSError, ssl.SSLError):
                    await wire.writer.start_tls(certificates.made().server())

    return first


async def silent(wire: Wire) -> None:
    await wire.gone()


async def hangs_up(wire: Wire) -> None:
    await wire.reader.read(1)
    wire.reset()


async def speaks_tls(wire: Wire) -> None:
    await wire.writer.start_tls(certificates.made().server())


async def answers(wire: Wire, _: Request) -> bool:
    await wire.send(answer(b"secured"))
    return True


@row("CVE-1642", "clear text ahead of an upstream's TLS handshake is a 502", fast=True)
def plaintext() -> str:
    ca = certificates.made().ca
    case = lambda name, first, ends, **keys: Case(name, ends, first=first, tls=True, next_works=False, **keys)
    return verdict(
        [
            case("an answer, then the end", plaintext_then("close"), (BAD,)),
            case("an answer, then silence", plaintext_then("wait"), (BAD,)),
            case("an answer, then a handshake", plaintext_then("handshake"), (BAD,)),
            case("a reset within the handshake", hangs_up, (BAD,)),
            case("no handshake", silent, (LATE,), within=1.5),
            case("a handshake as it should be", speaks_tls, (WHOLE,), behave=answers, body=b"secured"),
        ],
        upstream_keys=f"{TIMEOUTS.replace('{', '{ tls_handshake: 1500ms,', 1)}, tls: {{ ca: {ca} }}",
    )
