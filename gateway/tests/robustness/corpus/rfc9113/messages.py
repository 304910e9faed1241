"""§8: requests and answers. The malformed ones are few here; S03 tries hundreds of them."""

from harness.http2 import frames as f

from .case import ANSWERED, Case, Miss, Peer, answers, case, ends, refuses

CONNECTION_FIELDS = (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade")


def fields(*fields: tuple[bytes, bytes]):
    """A request of these fields alone."""
    return lambda p: f.headers(1, f.block([(name, value.replace(b"@HOST", p.authority)) for name, value in fields]))


def plain(*left_out: bytes, more=(), first=()):
    pseudo = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", ANSWERED), (b":authority", b"@HOST")]
    return fields(*first, *(field for field in pseudo if field[0] not in left_out), *more)


def with_field(name: bytes, value: bytes):
    return plain(more=[(name, value)])


def content(length: bytes, *pieces: bytes):
    def send(peer: Peer) -> bytes:
        sent = f.headers(1, peer.head(b"POST", ANSWERED, (b"content-length", length)), f.END_HEADERS)
        return sent + b"".join(f.data(1, piece, 0) for piece in pieces[:-1]) + f.data(1, pieces[-1])

    return send


def trailed(block: bytes, flags: int = f.END_STREAM | f.END_HEADERS):
    return lambda p: p.opening(1) + f.data(1, b"x", 0) + f.headers(1, block, flags)


def head_has_no_content(peer: Peer) -> None:
    peer.send(f.headers(1, peer.head(b"HEAD")))
    answers(1)(peer)
    if any(frame.kind == f.DATA and frame.payload for frame in peer.received):
        raise Miss("an answer to HEAD with content")


def answer_is_well_formed(peer: Peer) -> None:
    peer.send(peer.request(1))
    names = [name for name, _ in peer.field_list(peer.next(lambda frame: frame.kind == f.HEADERS, "no answer"))]
    if names[0] != b":status" or names.count(b":status") != 1 or any(name.startswith(b":") for name in names[1:]):
        raise Miss(f"pseudo-header fields of an answer: {names}")
    if wrong := [name for name in names if name != name.lower() or name in CONNECTION_FIELDS]:
        raise Miss(f"fields of an answer: {wrong}")


def nothing_is_pushed(peer: Peer) -> None:
    peer.send(peer.request(1))
    answers(1)(peer)
    if any(frame.kind == f.PUSH_PROMISE for frame in peer.received):
        raise Miss("PUSH_PROMISE to a client that takes none")


CASES = [
    Case("8.1", "an answer is well-formed", answer_is_well_formed),
    Case("8.1", "an answer to HEAD has no content", head_has_no_content),
    Case("8.4", "nothing is pushed unasked", nothing_is_pushed, ((f.ENABLE_PUSH, 0),)),
    case(
        "8.1",
        "a second HEADERS that does not end the stream",
        trailed(f.block([(b"x", b"y")]), f.END_HEADERS),
        refuses(1),
    ),
    case("8.1", "a pseudo-header field in trailers", trailed(f.block([(b":method", b"POST")])), refuses(1)),
    case("8.1", "an unknown pseudo-header field in trailers", trailed(f.block([(b":x", b"y")])), refuses(1)),
    case("8.1.1", "content shorter than content-length", content(b"5", b"x"), refuses(1)),
    case("8.1.1", "content longer than content-length", content(b"1", b"hello"), refuses(1)),
    case("8.1.1", "several DATA that exceed content-length", content(b"3", b"he", b"llo"), refuses(1)),
    case("8.1.1", "content-length and no DATA", with_field(b"content-length", b"5"), refuses(1)),
    case("8.1.1", "content as long as content-length", content(b"5", b"he", b"llo"), answers(1)),
    case("8.2", "a name in capitals", with_field(b"X-Test", b"y"), refuses(1)),
    case("8.2.1", "a name with a space", with_field(b"x test", b"y"), refuses(1)),
    case("8.2.1", "a name with a control character", with_field(b"x\x01", b"y"), refuses(1)),
    case("8.2.1", "a name with a byte above 0x7f", with_field(b"x\x80", b"y"), refuses(1)),
    case("8.2.1", "a name with a colon", with_field(b"x:y", b"z"), refuses(1)),
    case("8.2.1", "an empty name", with_field(b"", b"z"), refuses(1)),
    case("8.2.1", "a value with NUL", with_field(b"x", b"\0"), refuses(1)),
    case("8.2.1", "a value with LF", with_field(b"x", b"a\nb"), refuses(1)),
    case("8.2.1", "a value with CR", with_field(b"x", b"a\rb"), refuses(1)),
    case("8.2.1", "a value that begins with a space", with_field(b"x", b" y"), refuses(1)),
    case("8.2.1", "a value that ends with a tab", with_field(b"x", b"y\t"), refuses(1)),
    *(case("8.2.2", name.decode(), with_field(name, b"x"), refuses(1)) for name in CONNECTION_FIELDS),
    case("8.2.2", "te of another value", with_field(b"te", b"trailers, deflate;q=0.5"), refuses(1)),
    case("8.2.2", "te: trailers", with_field(b"te", b"trailers"), answers(1)),
    case("8.2.3", "cookie crumbs", plain(more=[(b"cookie", b"a=b"), (b"cookie", b"c=d")]), answers(1)),
    case("8.3", "an unknown pseudo-header field", plain(first=[(b":test", b"x")]), refuses(1)),
    case("8.3", "the pseudo-header field of answers", plain(first=[(b":status", b"200")]), refuses(1)),
    case(
        "8.3",
        "a pseudo-header field after another field",
        plain(b":path", more=[(b"x", b"y"), (b":path", ANSWERED)]),
        refuses(1),
    ),
    case("8.3.1", "no :method", plain(b":method"), refuses(1)),
    case("8.3.1", "no :scheme", plain(b":scheme"), refuses(1)),
    case("8.3.1", "no :path", plain(b":path"), refuses(1)),
    case("8.3.1", "an empty :path", plain(b":path", first=[(b":path", b"")]), refuses(1)),
    case("8.3.1", "a :path without a slash", plain(b":path", first=[(b":path", b"nowhere")]), refuses(1)),
    case("8.3.1", "two :method", plain(first=[(b":method", b"GET")]), refuses(1)),
    case("8.3.1", "two :scheme", plain(first=[(b":scheme", b"http")]), refuses(1)),
    case("8.3.1", "two :path", plain(first=[(b":path", ANSWERED)]), refuses(1)),
    case("8.3.1", "two :authority", plain(first=[(b":authority", b"@HOST")]), refuses(1)),
    case("8.3.1", "user in :authority", plain(b":authority", first=[(b":authority", b"user@@HOST")]), refuses(1)),
    case("8.3.1", "Host that differs", plain(more=[(b"host", b"elsewhere.example")]), refuses(1)),
    case("8.3.1", "Host in place of :authority", plain(b":authority", more=[(b"host", b"@HOST")]), answers(1)),
    case("8.5", "CONNECT with a path", plain(b":method", first=[(b":method", b"CONNECT")]), refuses(1)),
    case("8.5", "CONNECT without :authority", fields((b":method", b"CONNECT")), refuses(1)),
    case(
        "8441 4",
        ":protocol that the server has not allowed",
        plain(b":method", first=[(b":method", b"CONNECT"), (b":protocol", b"websocket")]),
        refuses(1),
    ),
    case(
        "8.1.1",
        "a malformed request does not end the connection",
        lambda p: with_field(b"te", b"gzip")(p) + p.request(3),
        answers(3),
    ),
    case("8.2", "no fields at all", lambda p: f.headers(1, b""), refuses(1)),
]
