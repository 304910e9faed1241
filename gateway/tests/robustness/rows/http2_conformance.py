"""S05: conformance to RFC 9113 and RFC 7541."""

import dataclasses
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import corpus.rfc9113 as corpus
from corpus.rfc9113.case import Case, Miss, Peer
from harness import certificates
from harness.gateway import Gateway, config
from harness.http2.connection import Ended
from harness.http2.controls import refusing
from harness.rows import row

LEAST = 0.95
AT_ONCE = 8
# Most cases end their connection, and the next begins at once.
NO_PAUSE = "limits: { misuse_pause: 0s }"


@dataclasses.dataclass(frozen=True)
class Seen:
    miss: str | None
    """What was seen in place of what should be."""
    other_code: str = ""


@row(
    "S05",
    f"conformance to RFC 9113 and RFC 7541 by prior knowledge: {LEAST:.0%} of {len(corpus.CASES)} cases",
    fast=True,
)
def clear_text() -> str:
    return conformance(corpus.CASES, f"http2: true, {NO_PAUSE}")


@row("S05 TLS", "the same over TLS, where ALPN has chosen HTTP/2")
def tls() -> str:
    made = certificates.made()
    context = made.client()
    context.set_alpn_protocols(["h2"])
    cases = [case for case in corpus.CASES if not case.clear_text_only]
    return conformance(cases, f"{certificates.TLS}, {NO_PAUSE}", made.files(), context)


@row("S05 control", "a server that ends every connection does not conform", fast=True)
def control() -> str:
    with refusing() as server:
        tried = try_all(corpus.CASES, ("127.0.0.1", server.port))
    passed = sum(seen.miss is None for _, seen in tried)
    assert passed < LEAST * len(tried), f"{passed} of {len(tried)}"
    return f"{passed} of {len(tried)} ({passed / len(tried):.1%}): those in which a connection has to end"


def conformance(
    cases: list[Case],
    listener: str,
    files: dict[str, bytes] | None = None,
    tls: ssl.SSLContext | None = None,
) -> str:
    # Nobody accepts, so what is relayed is not answered.
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as silent:
        with Gateway(config(f"http://127.0.0.1:{silent.getsockname()[1]}/mcp", listener), files) as gateway:
            return figure(try_all(cases, gateway.address, tls))


def try_all(cases: list[Case], address: tuple[str, int], tls: ssl.SSLContext | None = None) -> list[tuple[Case, Seen]]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda case: (case, attempt(case, address, tls)), cases))


def figure(tried: list[tuple[Case, Seen]]) -> str:
    misses = [f"§{case.section} {case.what}: {seen.miss}" for case, seen in tried if seen.miss]
    others = [f"§{case.section} {case.what}" for case, seen in tried if not seen.miss and seen.other_code]
    passed, total = len(tried) - len(misses), len(tried)
    figure = (
        f"{passed} of {total} ({passed / total:.1%}), {passed - len(others)} with the error code that the RFC names"
    )
    figure += f"; missed: {'; '.join(misses) or 'none'}; ended with another code: {'; '.join(others) or 'none'}"
    assert passed >= LEAST * total, figure
    return figure


def attempt(case: Case, address: tuple[str, int], tls: ssl.SSLContext | None) -> Seen:
    try:
        with Peer(address, *case.settings, begin=case.begins, tls=tls) as peer:
            case.run(peer)
            return Seen(None, peer.other_code)
    except Miss as miss:
        return Seen(str(miss))
    except Ended:
        return Seen("the connection was ended")
