"""Hostile HTTP/2 requests: the fields and frames of one stream, and what may become of them behind a proxy that speaks
HTTP/1.1 to its upstream.

The rules are those of the HTTP/1 corpus. `reject`: RFC 9113 calls it malformed or an error, so no complete request may
arrive, and the stream or connection ends or gets a 4xx or 5xx. `clean`: it may be refused, and if it is served then as
one well-formed request that says the same. `serve`: it has to be served. `cut`: it is malformed by what comes after all
that its content-length announced, which a proxy that does not wait may have passed on; nothing more may arrive. In the bytes `@HOST` is the proxy's own
authority and `@PATH` a path that leads to the upstream."""

import dataclasses

from harness.http2 import frames

from ..case import CLEAN, REJECT, SERVE

CUT = "cut"

Fields = list[tuple[bytes, bytes]]

# How a field is written in a header block: RFC 7541 §6.2 and §5.2.
LITERAL, HUFFMAN, INDEXED, NEVER = "literal", "huffman", "indexed", "never indexed"


@dataclasses.dataclass(frozen=True)
class Case:
    id: str
    rule: str
    fields: tuple[tuple[bytes, bytes], ...]
    body: tuple[bytes, ...] = ()
    """A DATA frame for each."""
    trailers: tuple[tuple[bytes, bytes], ...] | None = None
    ends: bool = True
    """The last frame has END_STREAM."""
    coding: str = LITERAL
    padding: int = 0
    """Bytes that each DATA frame is padded with."""
    more: tuple[tuple[int, int, bytes], ...] = ()
    """Frames of the stream that follow: type, flags and payload."""

    def filled(self, authority: bytes, path: bytes) -> "Case":
        """The case with its names of host and path filled in."""
        fill = lambda text: text.replace(b"@HOST", authority).replace(b"@PATH", path)
        fields = tuple((fill(name), fill(value)) for name, value in self.fields)
        return dataclasses.replace(self, fields=fields)

    def value(self, name: bytes) -> bytes:
        return next((value for field, value in self.fields if field == name), b"")

    def content(self) -> bytes:
        """What an upstream may read; of what is to be cut, the length that was announced."""
        whole = b"".join(self.body)
        return whole[: int(self.value(b"content-length"))] if self.rule == CUT else whole

    def is_withdrawn(self) -> bool:
        """The client resets it, so nothing answers it."""
        return any(kind == frames.RST_STREAM for kind, _, _ in self.more)

    def cookie(self) -> bytes:
        """Its crumbs joined, as RFC 9113 §8.2.3 says."""
        return b"; ".join(value for name, value in self.fields if name == b"cookie")

    def bytes(self, stream: int) -> bytes:
        """Its frames on this stream."""
        last = "trailers" if self.trailers is not None else "body" if self.body else "head"
        end = lambda part: frames.END_STREAM if self.ends and part == last else 0
        sent = frames.in_pieces(stream, _block(self.fields, self.coding), end("head"))
        for number, content in enumerate(self.body, 1):
            sent += self._data(stream, content, end("body") if number == len(self.body) else 0)
        if self.trailers is not None:
            sent += frames.in_pieces(stream, _block(self.trailers, self.coding), end("trailers"))
        return sent + b"".join(frames.frame(kind, flags, stream, payload) for kind, flags, payload in self.more)

    def _data(self, stream: int, content: bytes, flags: int) -> bytes:
        if self.padding:
            content, flags = bytes((self.padding,)) + content + bytes(self.padding), flags | frames.PADDED
        return frames.data(stream, content, flags)


def _block(fields: tuple[tuple[bytes, bytes], ...], coding: str) -> bytes:
    if coding == INDEXED:
        return b"".join(frames.literal(name, value, 0x40) for name, value in fields)
    if coding == NEVER:
        return b"".join(frames.literal(name, value, 0x10) for name, value in fields)
    return b"".join(frames.literal(name, value, huffman=coding == HUFFMAN) for name, value in fields)


def _maker(rule: str):
    def make(id: str, fields: Fields, *body: bytes, **more) -> Case:
        if more.get("trailers") is not None:
            more["trailers"] = tuple(more["trailers"])
        return Case(id, rule, tuple(fields), body, **more)

    return make


reject, clean, serve, cut = _maker(REJECT), _maker(CLEAN), _maker(SERVE), _maker(CUT)


def head(
    method: bytes = b"GET", path: bytes = b"@PATH", scheme: bytes = b"http", authority: bytes = b"@HOST"
) -> Fields:
    return [(b":method", method), (b":scheme", scheme), (b":path", path), (b":authority", authority)]


def get(*fields: tuple[bytes, bytes]) -> Fields:
    """A GET request with these further fields."""
    return head() + list(fields)


def post(*fields: tuple[bytes, bytes]) -> Fields:
    """A POST request with these further fields."""
    return head(b"POST") + list(fields)
