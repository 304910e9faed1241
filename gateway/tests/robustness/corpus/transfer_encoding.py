"""RFC 9112 §6.1 and §7: names of codings have no case; a coding that is not understood is answered with 501. §6.3,
rule 4: a request whose last coding is not chunked has no length: 400, and the connection ends. §6.1: chunked is not
applied twice."""

from .case import clean, post, reject, serve

NAME = "transfer-encoding"

CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"


def coded(value: bytes, body: bytes = CHUNKS) -> bytes:
    return post(b"Transfer-Encoding: %s\r\n" % value, body)


CASES = [
    serve("chunked", coded(b"chunked"), body=b"hello"),
    serve("case", coded(b"CHUNKED"), body=b"hello"),
    serve("mixed-case", coded(b"Chunked"), body=b"hello"),
    serve("no-space", post(b"Transfer-Encoding:chunked\r\n", CHUNKS), body=b"hello"),
    serve("tabs-around", coded(b"\t chunked\t "), body=b"hello"),
    serve("name-in-upper-case", post(b"TRANSFER-ENCODING: chunked\r\n", CHUNKS), body=b"hello"),
    reject("identity", coded(b"identity", b"@HIDDEN")),
    reject("gzip", coded(b"gzip", b"@HIDDEN")),
    reject("chunked-identity", coded(b"chunked, identity")),
    reject("chunked-gzip", coded(b"chunked, gzip")),
    reject("misspelt", coded(b"xchunked")),
    reject("misspelt-after", coded(b"chunkedx")),
    reject("prefix", coded(b"chunk")),
    reject("quoted", coded(b'"chunked"')),
    reject("single-quoted", coded(b"'chunked'")),
    reject("space-inside", coded(b"chun ked")),
    reject("semicolon-before", coded(b";chunked")),
    reject("no-comma", coded(b"identity chunked")),
    reject("colon-again", coded(b": chunked")),
    reject("vertical-tab-before", coded(b"\vchunked")),
    reject("vertical-tab-after", coded(b"chunked\v")),
    reject("form-feed-before", coded(b"\fchunked")),
    reject("no-break-space", coded(b"\xa0chunked")),
    reject("soft-hyphen", coded(b"chun\xadked")),
    reject("byte-order-mark", coded(b"\xef\xbb\xbfchunked")),
    # U+212A is a k to whoever folds case by Unicode.
    reject("kelvin-sign", coded("chun\u212aed".encode())),
    reject("backspace", coded(b"chunked\x08")),
    reject("empty", coded(b"", b"@HIDDEN")),
    reject("comma-alone", coded(b",", b"@HIDDEN")),
    clean("chunked-twice", coded(b"chunked, chunked"), body=b"hello"),
    clean("identity-chunked", coded(b"identity, chunked"), body=b"hello"),
    clean("gzip-chunked", coded(b"gzip, chunked"), body=b"hello"),
    clean("unknown-chunked", coded(b"x-nobody-knows, chunked"), body=b"hello"),
    clean("comma-before", coded(b", chunked"), body=b"hello"),
    clean("comma-after", coded(b"chunked,"), body=b"hello"),
    # RFC 9112 §7.1: chunked has no parameters; theirs should be treated as an error.
    clean("parameter", coded(b"chunked;q=1"), body=b"hello"),
    clean("field-twice", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKS), body=b"hello"),
    reject("fields-chunked-identity", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKS)),
    clean(
        "fields-identity-chunked",
        post(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", CHUNKS),
        body=b"hello",
    ),
    clean("on-get", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, body=b"hello"),
    clean("te-is-another-field", post(b"TE: trailers, chunked\r\nContent-Length: 5\r\n", b"hello"), body=b"hello"),
    clean(
        "content-encoding-is-another",
        post(b"Content-Encoding: chunked\r\nContent-Length: 5\r\n", b"hello"),
        body=b"hello",
    ),
    clean("dotted-name", post(b"Transfer.Encoding: chunked\r\nContent-Length: 5\r\n", b"hello"), body=b"hello"),
]
