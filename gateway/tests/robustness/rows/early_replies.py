"""S02: what is answered early leaves no body behind that could be taken for a request."""

import dataclasses
import itertools

from harness import message
from harness.client import Client, Quiet, Response
from harness.gateway import Gateway
from harness.message import Malformed
from harness.rows import row
from harness.upstreams.readers import reading
from harness.upstreams.server import Connection, Server

HIDDEN = b"/b/mcp/hidden"
# How often each size of a body is tried in each cell of the matrix.
TRIES = {1: 18, 100: 18, 4096: 18, 65_536: 6, 1 << 20: 2, 10 << 20: 1}


@dataclasses.dataclass(frozen=True)
class Reply:
    """A request that is answered before its body is read."""

    status: int
    method: bytes
    target: bytes
    fields: bytes = b""


OWN = [
    Reply(403, b"POST", b"/b/mcp", b"Origin: http://evil.example\r\n"),
    Reply(404, b"POST", b"/nowhere"),
    Reply(405, b"POST", b"/.well-known/oauth-protected-resource/b/mcp"),
    Reply(421, b"POST", b"/b/mcp", b"Host: other.example\r\n"),
    Reply(429, b"GET", b"/.well-known/oauth-protected-resource/b/mcp"),
    Reply(501, b"BREW", b"/b/mcp"),
]
RELAYED = [Reply(401, b"POST", b"/a/mcp"), Reply(413, b"POST", b"/a/mcp", b"X-Answer: 413\r\n")]


def early_upstream() -> Server:
    """Answers each head at once, and then reads the body it did not wait for."""

    def serve(connection: Connection) -> None:
        buffer, answered = b"", False
        while data := connection.receive():
            buffer += data
            while b"\r\n\r\n" in buffer:
                if not answered:
                    connection.send(early_answer(buffer))
                    answered = True
                try:
                    found = message.read(buffer)
                except Malformed as why:
                    connection.fault = str(why)
                    return
                if found is None:
                    break
                connection.note(found[0])
                buffer, answered = buffer[found[1] :], False

    return Server(serve)


def early_answer(head: bytes) -> bytes:
    status = b"413 Content Too Large" if b"x-answer: 413" in head.lower() else b"401 Unauthorized"
    return b"HTTP/1.1 %s\r\nX-Seen-By: early\r\nContent-Length: 0\r\n\r\n" % status


@row(
    "S02",
    "early replies of 8 statuses, by length and chunked, with bodies of 1 byte to 10 MiB full of requests",
    fast=True,
)
def early_replies() -> str:
    return tried(OWN + RELAYED, TRIES)


@row("CVE-2025-4366", "the body of a request that was answered early is never read as the next request", fast=True)
def unread_body() -> str:
    return tried([reply for reply in OWN + RELAYED if reply.status in (401, 403, 429)], {500: 20})


def tried(replies: list[Reply], sizes: dict[int, int]) -> str:
    with reading("strict") as real, early_upstream() as early, Gateway(config(real, early)) as gateway:
        exhaust_metadata_rate(gateway)
        answered, numbers = [], itertools.count()
        for reply, is_chunked, (size, times) in itertools.product(replies, (False, True), sizes.items()):
            for _ in range(times):
                answered.append(len(attempt(gateway, reply, is_chunked, size, next(numbers))))
        arrived = {request.target for request in real.requests + early.requests}
        faults = [connection.fault for connection in real.connections + early.connections if connection.fault]
    assert HIDDEN not in arrived and not faults, f"{arrived} {faults}"
    both = answered.count(2)
    return (
        f"{len(answered)} tries, 0 mis-parsed: the next request was answered in {both}, "
        f"and the connection ended without in {len(answered) - both}"
    )


def config(real: Server, early: Server) -> str:
    return (
        'listeners:\n  - { name: main, address: "127.0.0.1:0" }\n'
        f'apis:\n  - {{ name: a, path: /a/mcp, endpoints: ["{early.url("/a/mcp")}"], plans: [keyless] }}\n'
        f'  - {{ name: b, path: /b/mcp, endpoints: ["{real.url("/b/mcp")}"], plans: [keyless] }}\n'
    )


def exhaust_metadata_rate(gateway: Gateway) -> None:
    for _ in range(1000):
        with Client(gateway.address) as client:
            client.send(head(gateway, Reply(429, b"GET", b"/.well-known/oauth-protected-resource/b/mcp"), b""))
            if client.response().status == 429:
                return
    raise AssertionError("a thousand requests for metadata were all answered")


def head(gateway: Gateway, reply: Reply, framing: bytes) -> bytes:
    host = b"" if b"Host:" in reply.fields else b"Host: %s\r\n" % gateway.authority.encode()
    return b"%s %s HTTP/1.1\r\n%s%s%s\r\n" % (reply.method, reply.target, host, reply.fields, framing)


def attempt(gateway: Gateway, reply: Reply, is_chunked: bool, size: int, number: int) -> list[Response]:
    """Sends a body of hidden requests, then a real one, and checks what is answered."""
    authority = gateway.authority.encode()
    hidden = b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (HIDDEN, authority)
    body = (hidden * (size // len(hidden) + 1))[:size]
    framing = b"Content-Length: %d\r\n" % size
    if is_chunked:
        framing, body = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
    target = b"/b/mcp/real/%d" % number
    answers = []
    with Client(gateway.address) as client:
        client.send(head(gateway, reply, framing) + body + b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, authority))
        try:
            while answer := client.response(reply.method if not answers else b"GET"):
                answers.append(answer)
        except Quiet:
            assert len(answers) == 2, f"the connection is open and silent after {answers} to {reply}"
    # The rate allows a request now and then; what it is told is an early answer too.
    expected = {429, 502} if reply.status == 429 else {reply.status}
    assert not answers or answers[0].status in expected, f"{answers} to {reply}"
    for answer in answers[1:]:
        assert answer.body == b"GET %s seen" % target, f"{answer} after {reply}, {size} bytes"
    assert len(answers) <= 2, f"{answers} to {reply}"
    return answers
