"""S09: whom a request is for. The grammar of Host is a class of the corpus; here it selects between two APIs."""

from harness.client import Client, Response
from harness.gateway import Gateway
from harness.rows import row
from harness.upstreams.readers import reading
from harness.upstreams.server import Server

# What a client may write for a.example, and what for nobody.
OF_A = [b"a.example", b"A.EXAMPLE", b"a.Example", b"a.example:80"]
OF_NOBODY = [
    b"", b"a", b"a.example.evil.example", b"evil.example", b"xa.example", b"a.example:81", b"127.0.0.1:1", b"[::1]:1",
    b"a.example.", b"a.example.:80", b"a.example:", b"a.example:080", b"a.example:443", b"a.example:99999",
    b"a.example, b.example", b"a.example b.example", b"a.example,a.example", b"user@a.example", b"a.example/b",
    b"a.example/?c=", b"a.example?c=", b"a.example#b.example", b"a.example\\b.example", b"a.example:80:80",
    b"a.example:8O", b"a.example:-80", b"a.example:+80", b"http://a.example", b"//a.example", b"*.example", b"*",
    b"a.exampl\xe9", b"xn--", b"\xef\xbd\x81.example", b"%61.example", b"a%2eexample", b"a..example", b".a.example",
    b"a.example\t", b"[a.example]", b"\"a.example\"", b"a.example;b", b"(a.example)", b"a_example", b"localhost",
]  # fmt: skip
MISMATCHES = [
    (b"http://b.example/mcp", b"a.example"),
    (b"http://a.example/mcp", b"b.example"),
    (b"http://a.example/mcp", b"evil.example"),
    (b"http://evil.example/mcp", b"a.example"),
    (b"http://user@b.example/mcp", b"a.example"),
    (b"http://b.example:80/mcp", b"a.example"),
    (b"HTTP://B.EXAMPLE/mcp", b"a.example"),
    (b"//b.example/mcp", b"a.example"),
]


@row("S09", "a request goes to the API of its host, or nowhere, however the host is written", fast=True)
def hosts() -> str:
    with reading("strict") as a, reading("strict") as b, Gateway(config(a, b)) as gateway:
        for host in OF_A:
            answer = ask(gateway, b"/mcp", host)
            assert answer and answer.status == 200, f"{host!r}: {answer}"
        assert (len(a.requests), len(b.requests)) == (len(OF_A), 0)
        statuses: dict[int, int] = {}
        for target, host in [*((b"/mcp", host) for host in OF_NOBODY), *MISMATCHES]:
            answer = ask(gateway, target, host)
            # RFC 9112 §5: whitespace around a value is no part of it.
            expected = {200} if host.strip() in OF_A and target == b"/mcp" else {400, 404, 421}
            assert answer and answer.status in expected, f"{target!r} on {host!r}: {answer}"
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
        assert not b.requests, f"the API of another host was reached: {b.requests}"
        assert len(a.requests) == len(OF_A) + statuses.get(200, 0), f"{a.requests}"
    told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    return f"{len(OF_A)} spellings of a host reached its API; {len(OF_NOBODY) + len(MISMATCHES)} others: {told}"


@row("CVE-2026-48710", "no URL is built from a hostile Host", fast=True)
def hostile_host() -> str:
    with reading("strict") as a, reading("strict") as b, Gateway(config(a, b)) as gateway:
        hosts = [b"a.example/b?c=", b"a.example?", b"a.example#", b"evil.example/", b"a.example@evil.example", b"a\\b"]
        for host in hosts:
            answer = ask(gateway, b"/.well-known/oauth-protected-resource/mcp", host)
            assert answer and answer.status in (400, 421), f"{host!r}: {answer}"
            assert host not in answer.body, f"{host!r} is in {answer.body!r}"
    return f"{len(hosts)} refused at the metadata URL, none repeated in an answer"


def config(a: Server, b: Server) -> str:
    api = "  - {{ name: {0}, path: /mcp, hosts: [{0}.example], endpoints: ['{1}'], plans: [keyless] }}\n"
    return (
        "public_urls: [http://a.example, http://b.example]\n"
        'listeners:\n  - { name: main, address: "127.0.0.1:0" }\n'
        f"apis:\n{api.format('a', a.url('/mcp'))}{api.format('b', b.url('/mcp'))}"
    )


def ask(gateway: Gateway, target: bytes, host: bytes) -> Response | None:
    with Client(gateway.address) as client:
        client.send(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host))
        return client.response()
