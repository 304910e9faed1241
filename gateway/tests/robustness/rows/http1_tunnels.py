"""S10: nothing becomes a tunnel. Whatever follows a request that asks for one is a request, or is not forwarded."""

from corpus.tunnels import H2C, WEBSOCKET
from harness.client import Client, Quiet
from harness.pair import PATH, Pair, pair
from harness.rows import row
from harness.upstreams.scripted import ok, scripted
from harness.upstreams.server import Server

ADMIN = b"GET /admin HTTP/1.1\r\nHost: upstream\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
UPGRADES = [
    WEBSOCKET,
    H2C,
    b"Connection: Upgrade\r\nUpgrade: foo\r\n",
    b"Connection: upgrade\r\nUpgrade: foo, websocket\r\n",
    b"Upgrade: websocket\r\n",
    b"Connection: keep-alive, Upgrade\r\nUpgrade: TLS/1.3\r\n",
]


@row("S10", "CONNECT, TRACE and Upgrade are refused or ignored; no such field reaches the upstream", fast=True)
def tunnels_refused() -> str:
    with pair() as of:
        for method in (b"CONNECT", b"TRACE", b"TRACK", b"connect", b"trace"):
            for target in (PATH, of.gateway.authority.encode(), b"/", b"*"):
                answer, arrived = of.ask(of.get(target=target).replace(b"GET", method, 1))
                assert answer and answer.status in (400, 405, 501) and not arrived, f"{method} {target}: {answer}"
        for fields in UPGRADES:
            answer, arrived = of.ask(of.get(fields))
            assert answer and answer.status == 200, f"{fields}: {answer}"
            names = {name for request in arrived for name, _ in request.fields}
            assert not names & {b"upgrade", b"http2-settings"}, f"{fields}: {names}"
    return f"20 of CONNECT and TRACE refused; {len(UPGRADES)} upgrades relayed as requests without it"


@row("CVE-2026-2833", "bytes after a request with Upgrade are not tunnelled before a 101, nor after one", fast=True)
def bytes_after_upgrade() -> str:
    for upstream in (scripted(lambda _: ok(b"no")), scripted(lambda _: SWITCHING)):
        with pair(upstream) as of:
            for fields in UPGRADES:
                never_tunnelled(of, fields)
    return (
        f"{len(UPGRADES)} upgrades before an upstream that answers 200 and one that answers 101: nothing more arrived"
    )


@row("CVE-2024-23326", "an upstream's 200 to an upgrade is an ordinary answer", fast=True)
def upgrade_answered_200() -> str:
    with pair(scripted(lambda _: ok(b"ordinary", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"))) as of:
        answer, _ = of.ask(of.get(WEBSOCKET))
        assert answer and (answer.status, answer.body) == (200, b"ordinary"), f"{answer}"
        assert not answer.first(b"upgrade"), f"{answer.fields}"
    return "200, its body whole, without Upgrade"


@row("nghttpx 1.69", "Upgrade beside a body does not leave the body behind on the upstream's connection", fast=True)
def upgrade_with_body() -> str:
    with pair() as of:
        for fields in UPGRADES:
            body = of.get(target=PATH + b"/hidden")
            post = of.get(fields + b"Content-Length: %d\r\n" % len(body)).replace(b"GET", b"POST", 1)
            answer, arrived = of.ask(post + body)
            assert answer and answer.status == 200, f"{fields}: {answer}"
            assert [request.body for request in arrived] == [body], f"{arrived}"
            answer, arrived = of.ask(of.get(target=PATH + b"/next"))
            assert answer and answer.body == b"GET /a/mcp/next seen", f"{fields}: {answer}"
        connections = len(of.upstream.connections)
    assert connections < 2 * len(UPGRADES), "the upstream's connections were not kept alive"
    return f"{len(UPGRADES)} bodies arrived whole; {connections} shared connections were left clean"


def never_tunnelled(of: Pair, fields: bytes) -> None:
    with Client(of.gateway.address) as client:
        client.send(of.get(fields) + ADMIN)
        try:
            answer = client.response(patience=2.0)
            # Endpoints that fail too often are not asked for a while.
            assert answer is None or answer.status in (200, 502, 503), f"{fields}: {answer}"
            client.send(ADMIN)
            client.rest(patience=1.0)
        except Quiet:
            pass
    sent_on = received(of.upstream)
    assert b"/admin" not in sent_on, f"{fields}: {sent_on[-300:]!r}"


def received(upstream: Server) -> bytes:
    return b"".join(connection.bytes for connection in list(upstream.connections))
