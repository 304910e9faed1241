"""Hostile cases: bytes a client sends, and what may become of them.

Three rules. `reject`: RFC 9110 or RFC 9112 says that a recipient must refuse it, or the bytes are not what the grammar
allows and no tolerance that the RFCs name covers them (RFC 9112 §2.2: answer 400 and close). `clean`: the RFCs leave a
choice, so it may be refused, and if it is served then as one well-formed request that means the same. `serve`: a
correct request that has to be served, so that a proxy that refuses everything fails.

In the bytes, `@HOST` is the proxy's own authority, `@PATH` a path that leads to the upstream, `@HIDDEN` a whole GET
request nobody should ever see, `@LENGTH` and `@HEX` the length of that."""

import dataclasses

REJECT, CLEAN, SERVE = "reject", "clean", "serve"


@dataclasses.dataclass(frozen=True)
class Case:
    id: str
    rule: str
    pieces: tuple[bytes, ...]
    """Sent one after the other; between two of them an answer is waited for, shortly."""
    body: bytes = b""
    """The content an upstream must read, if it is served."""
    ends: bool = False
    """The connection has to end after the first answer."""
    messages: int = 1
    """How many requests the client means to send; more answers than that are about left-over bytes."""

    def filled(self, piece: bytes, authority: bytes, path: bytes) -> bytes:
        hidden = hidden_request(authority, path)
        for name, value in (
            (b"@HIDDEN", hidden),
            (b"@LENGTH", b"%d" % len(hidden)),
            (b"@HEX", b"%x" % len(hidden)),
            (b"@HOST", authority),
            (b"@PATH", path),
        ):
            piece = piece.replace(name, value)
        return piece


def hidden_request(authority: bytes, path: bytes) -> bytes:
    return b"GET %s/hidden HTTP/1.1\r\nHost: %s\r\n\r\n" % (path, authority)


def _maker(rule: str):
    def make(id: str, *pieces: bytes, **more) -> Case:
        return Case(id, rule, pieces, **more)

    return make


reject, clean, serve = _maker(REJECT), _maker(CLEAN), _maker(SERVE)


def get(fields: bytes = b"", target: bytes = b"@PATH") -> bytes:
    """A GET request with these further field lines."""
    return b"GET %s HTTP/1.1\r\nHost: @HOST\r\n%s\r\n" % (target, fields)


def post(fields: bytes, body: bytes = b"", target: bytes = b"@PATH") -> bytes:
    """A POST request with these further field lines, and whatever follows its head."""
    return b"POST %s HTTP/1.1\r\nHost: @HOST\r\n%s\r\n%s" % (target, fields, body)


def chunked(body: bytes) -> bytes:
    """A POST request whose body is these bytes, said to be chunks."""
    return post(b"Transfer-Encoding: chunked\r\n", body)
