"""RFC 7541: header compression. An error in it is a connection error (§4.3 of RFC 9113), since all streams share its state."""

from harness.http2 import frames as f

from .case import Case, Peer, answers, case, ends

BROKEN = ends(f.COMPRESSION_ERROR)
FIRST = 62
RESIZE = 0x20


def behind(block: bytes):
    """A request whose header block ends so."""
    return lambda p: f.headers(1, p.head() + block)


def before(block: bytes):
    """A request whose header block begins so."""
    return lambda p: f.headers(1, block + p.head())


def coded(coded: bytes) -> bytes:
    """A field whose value is this Huffman code."""
    return b"\0" + f.string(b"x") + f.integer(len(coded), 7, 0x80) + coded


def entry(name: bytes, value: bytes) -> bytes:
    return f.literal(name, value, 0x40)


def in_table(peer: Peer) -> bytes:
    """Two requests: the second one has its path from the table only."""
    pseudo = [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", peer.authority)]
    first = f.block(pseudo[:2]) + entry(b":path", b"/nowhere") + f.block(pseudo[2:])
    second = f.block(pseudo[:2]) + f.indexed(FIRST) + f.block(pseudo[2:])
    return f.headers(1, first) + f.headers(3, second)


def after_malformed(peer: Peer) -> bytes:
    """§4.3 of RFC 9113: the block of a request that is refused is still part of the state."""
    return f.headers(1, peer.head() + entry(b"connection", b"y") + entry(b"x-kept", b"z")) + f.headers(
        3, peer.head() + f.indexed(FIRST)
    )


def evicted(peer: Peer) -> bytes:
    """§4.4: an entry as large as the table pushes all others out."""
    return f.headers(1, peer.head() + entry(b"x", b"y") + entry(b"z", b"z" * (4096 - 33)) + f.indexed(FIRST + 1))


def too_large_for_table(peer: Peer) -> bytes:
    """§4.4: one that is larger than the table empties it."""
    return f.headers(1, peer.head() + entry(b"x", b"y") + entry(b"z", b"z" * 4096) + f.indexed(FIRST))


def resized_twice(peer: Peer) -> bytes:
    return f.headers(
        1, f.integer(0, 5, RESIZE) + f.integer(4096, 5, RESIZE) + peer.head() + entry(b"x", b"y") + f.indexed(FIRST)
    )


def cut_anywhere(peer: Peer) -> None:
    """§4.3 of RFC 9113: the frames of a block are put together before it is read."""
    block = peer.head() + f.integer(19, 6, 0x40) + f.string(b"y" * 200, huffman=True) + f.indexed(FIRST)
    for number, at in enumerate(range(len(block) + 1)):
        stream = 2 * number + 1
        peer.send(
            f.headers(stream, block[:at], f.END_STREAM) + f.frame(f.CONTINUATION, f.END_HEADERS, stream, block[at:])
        )
        answers(stream)(peer)


CASES = [
    case("7541 2.3.3", "an index beyond both tables", behind(f.indexed(FIRST)), BROKEN),
    case("7541 2.3.3", "an index far beyond both tables", behind(f.indexed(5000)), BROKEN),
    case("7541 2.3.3", "a name's index beyond both tables", behind(f.integer(70, 6, 0x40) + f.string(b"x")), BROKEN),
    case("7541 6.1", "index 0", behind(b"\x80"), BROKEN),
    case("7541 6.1", "an entry of the static table", behind(f.indexed(16)), answers(1)),
    case(
        "7541 6.2.1", "a name of the static table", behind(f.integer(19, 6, 0x40) + f.string(b"text/html")), answers(1)
    ),
    case("7541 6.2.2", "a field that is not indexed", behind(f.literal(b"x", b"y", 0x00)), answers(1)),
    case("7541 6.2.3", "a field that is never indexed", behind(f.literal(b"x", b"y", 0x10)), answers(1)),
    case("7541 2.3.2", "an entry that an earlier request made", in_table, answers(1, 3)),
    case("7541 2.3.2", "an entry of the same block", behind(entry(b"x", b"y") + f.indexed(FIRST)), answers(1)),
    case("7541 2.3.2", "an entry that a malformed request made", after_malformed, answers(3)),
    case("7541 4.4", "an entry that was evicted", evicted, BROKEN),
    case("7541 4.4", "an entry too large for the table", too_large_for_table, BROKEN),
    case("7541 4.2", "a table size of 0", before(f.integer(0, 5, RESIZE)), answers(1)),
    case(
        "7541 4.2",
        "a table size of 0 evicts",
        lambda p: (
            f.headers(1, p.head() + entry(b"x", b"y"))
            + f.headers(3, f.integer(0, 5, RESIZE) + p.head() + f.indexed(FIRST))
        ),
        BROKEN,
    ),
    case("7541 4.2", "two table sizes", resized_twice, answers(1)),
    case("7541 4.2", "a table size in the middle of a block", behind(f.integer(0, 5, RESIZE)), BROKEN),
    case("7541 6.3", "a table size above the one allowed", before(f.integer(4097, 5, RESIZE)), BROKEN),
    case("7541 6.3", "a table size far above the one allowed", before(f.integer(1 << 30, 5, RESIZE)), BROKEN),
    case("7541 5.1", "an integer that overflows", behind(b"\xff" + b"\xff" * 9 + b"\x7f"), BROKEN),
    case("7541 5.1", "an integer that does not end", behind(b"\xff\x80\x80"), BROKEN),
    case("7541 5.1", "an integer with zeros behind", behind(b"\x7f\x80\x80\x00" + f.string(b"x")), BROKEN),
    case("7541 5.2", "a string longer than the block", behind(b"\0" + f.integer(100, 7) + b"short"), BROKEN),
    case("7541 5.2", "a string of 2 GiB", behind(b"\0" + f.integer((1 << 31) - 1, 7) + b"short"), BROKEN),
    case("7541 5.2", "a block that ends after a name", behind(b"\0" + f.string(b"x")), BROKEN),
    case("7541 5.2", "a field in Huffman code", behind(f.literal(b"x-test", b"Value 1", huffman=True)), answers(1)),
    case("7541 5.2", "Huffman padding of more than 7 bits", behind(coded(b"\x1f\xff")), BROKEN),
    case("7541 5.2", "Huffman padding of zeros", behind(coded(b"\x18")), BROKEN),
    case("7541 5.2", "Huffman code with EOS", behind(coded(b"\xff\xff\xff\xff")), BROKEN),
    case("7541 5.2", "an empty string in Huffman code", behind(coded(b"")), answers(1)),
    Case("7541 2.1", "a block cut into two frames, anywhere", cut_anywhere),
]
