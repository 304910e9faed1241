"""S11: bodies pass as they came. The gateway has no use for what is in them, so there is nothing to inflate or to
nest."""

import gzip
import json
import zlib

from harness.client import Client
from harness.gateway import Gateway, config
from harness.pair import PATH, pair
from harness.rows import row
from harness.upstreams.scripted import ok, scripted
from harness.upstreams.server import Server

MIB = 1 << 20
RESOURCE_METADATA = b"/.well-known/oauth-protected-resource/a/mcp"


@row("S11", "compressed bodies pass untouched and are never inflated; ranges are left to the upstream", fast=True)
def bodies_pass_untouched() -> str:
    bomb = gzip.compress(b"\0" * (64 * MIB))
    nested = gzip.compress(gzip.compress(bomb))
    bodies = {
        b"gzip": bomb,
        b"gzip, gzip, gzip": nested,
        b"deflate": zlib.compress(b"\0" * MIB),
        b"br": b"\xcf\xff\x7f",
        b"zstd": b"\x28\xb5\x2f\xfd",
        b"x-unknown": b"junk",
    }
    with pair() as of:
        before = of.gateway.memory()
        for coding, body in bodies.items():
            fields = b"Content-Encoding: %s\r\nContent-Length: %d\r\n" % (coding, len(body))
            answer, arrived = of.ask(of.get(fields).replace(b"GET", b"POST", 1) + body)
            assert answer and answer.status == 200, f"{coding}: {answer}"
            assert [(request.body, request.all(b"content-encoding")) for request in arrived] == [(body, [coding])]
        grown = of.gateway.memory() - before
        assert grown < 16 * MIB, f"{grown / MIB:.1f} MiB more after bodies that inflate to 64 MiB"
        answer, arrived = of.ask(of.get(ranges(1_000)))
        assert answer and answer.status == 200 and len(arrived[0].all(b"range")[0].split(b",")) == 1_000, f"{answer}"
        answer, arrived = of.ask(of.get(ranges(10_000)))
        assert answer and answer.status == 431 and not arrived, f"10,000 ranges: {answer}"
        answer, arrived = of.ask(of.get(ranges(1_000), target=b"/nowhere"))
        assert answer and answer.status == 404 and not arrived, f"the gateway's own answers have no ranges: {answer}"
    return (
        f"{len(bodies)} codings arrived as they were sent, {max(0, grown) / MIB:.1f} MiB more memory; "
        "1,000 ranges passed on, 10,000 refused with 431"
    )


def ranges(count: int) -> bytes:
    return b"Range: bytes=%s\r\n" % b",".join(b"%d-%d" % (at, at) for at in range(count))


@row(
    "CVE-2026-48042", "JSON nested a million deep passes in a body and is refused in an upstream's metadata", fast=True
)
def nested_json() -> str:
    with pair() as of:
        body = b"[" * MIB
        fields = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        answer, arrived = of.ask(of.get(fields).replace(b"GET", b"POST", 1) + body)
        assert answer and answer.status == 200 and arrived[0].body == body, f"{answer}"
    told = [f"{depth}: {metadata_nested(depth)}" for depth in (10, 20_000, MIB // 4)]
    return "a body of 1 MiB of [ passed; metadata by depth, " + ", ".join(told)


def metadata_nested(depth: int) -> int:
    """What a client gets for the metadata of an upstream whose document is as deep as this."""
    nested = b',"x":%s%s}' % (b"[" * depth, b"]" * depth)
    with pair(scripted(lambda head: json_answer(document(head)[:-1] + nested))) as of:
        answer, _ = of.ask(of.get(target=RESOURCE_METADATA))
        assert answer and answer.status == (200 if depth == 10 else 502), f"{answer}"
        after, _ = of.ask(of.get())
        assert after and after.status == 200, f"{after}"
    return answer.status


@row("CVE-2026-2836", "the same path on two hosts never shares a cached document", fast=True)
def metadata_by_host() -> str:
    hosts = (b"one.example", b"two.example")
    with pair(
        scripted(lambda head: json_answer(document(head))),
        more="public_urls: [http://one.example, http://two.example]\n",
    ) as of:
        for _ in range(3):
            resources = []
            for host in hosts:
                answer, _ = of.ask(of.get(target=RESOURCE_METADATA, host=host))
                assert answer and answer.status == 200, f"{host!r}: {answer}"
                resources.append(json.loads(answer.body)["resource"].encode())
            assert resources == [b"http://%s%s" % (host, PATH) for host in hosts], f"{resources}"
    return "3 times in turn, each host got its own resource"


def document(head: bytes) -> bytes:
    """The metadata of the resource that this head asks about."""
    host = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))[5:].strip()
    resource = f"http://{host.decode()}{PATH.decode()}"
    return json.dumps({"resource": resource, "authorization_servers": ["https://as.example"]}).encode()


def json_answer(body: bytes) -> bytes:
    return ok(body, b"Content-Type: application/json\r\n")


@row("CVE-2026-1642", "an answer in clear text before the TLS handshake is no answer", fast=True)
def clear_text_before_tls() -> str:
    with Server(lambda connection: (connection.send(ok(b"injected")), connection.receive())) as early:
        with Gateway(config(early.url("/mcp", "https"))) as gateway, Client(gateway.address, 15.0) as client:
            client.send(b"GET /a/mcp HTTP/1.1\r\nHost: %s\r\n\r\n" % gateway.authority.encode())
            answer = client.response()
    assert answer and answer.status == 502 and b"injected" not in answer.body, f"{answer}"
    return "502"
