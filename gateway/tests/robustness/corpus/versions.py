"""RFC 9112 §2.3: HTTP-version is "HTTP/" DIGIT "." DIGIT, with case. RFC 9110 §2.5: a higher minor version is read as
the highest that is known; §15.6.6: another major version may be refused with 505. RFC 9112 §6.1: Transfer-Encoding in
a message of HTTP/1.0 means that its framing is faulty."""

from .case import clean, get, reject, serve

NAME = "versions"


def version(text: bytes, fields: bytes = b"") -> bytes:
    return b"GET @PATH %s\r\nHost: @HOST\r\n%s\r\n" % (text, fields)


def post_1_0(fields: bytes, body: bytes) -> bytes:
    return b"POST @PATH HTTP/1.0\r\nHost: @HOST\r\n%s\r\n%s" % (fields, body)


CASES = [
    serve("1.1", get()),
    clean("1.0-get", version(b"HTTP/1.0"), ends=True),
    clean("1.0-post", post_1_0(b"Content-Length: 5\r\n", b"hello"), body=b"hello", ends=True),
    clean("1.0-keep-alive", version(b"HTTP/1.0", b"Connection: keep-alive\r\n")),
    clean("1.0-without-host", b"GET @PATH HTTP/1.0\r\n\r\n", ends=True),
    # RFC 9112 §6.3, rule 7: without a length there is no body, whatever follows until the connection ends.
    clean("1.0-post-until-close", post_1_0(b"", b"@HIDDEN"), ends=True),
    clean("1.0-keep-alive-hides", post_1_0(b"Connection: keep-alive\r\n", b"@HIDDEN"), messages=2),
    reject("1.0-coding", post_1_0(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n@HIDDEN")),
    reject(
        "1.0-coding-and-length", post_1_0(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n@HIDDEN")
    ),
    reject(
        "1.0-coding-kept-alive",
        post_1_0(b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n@HIDDEN"),
    ),
    reject("0.9", b"GET @PATH\r\n"),
    reject("0.9-fields", b"GET @PATH\r\nHost: @HOST\r\n\r\n"),
    reject("0.9-named", version(b"HTTP/0.9")),
    clean("2.0", version(b"HTTP/2.0")),
    clean("3.0", version(b"HTTP/3.0")),
    clean("preface-of-2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n@HIDDEN"),
    reject("lower-case", version(b"http/1.1")),
    reject("no-minor", version(b"HTTP/1")),
    reject("no-minor-with-dot", version(b"HTTP/1.")),
    reject("no-major", version(b"HTTP/.1")),
    reject("two-digits", version(b"HTTP/1.10")),
    reject("leading-zero", version(b"HTTP/01.1")),
    reject("third-number", version(b"HTTP/1.1.1")),
    reject("comma", version(b"HTTP/1,1")),
    reject("negative", version(b"HTTP/-1.1")),
    reject("space-inside", version(b"HTTP /1.1")),
    reject("letters-after", version(b"HTTP/1.1x")),
    reject("other-protocol", version(b"RTSP/1.0")),
    reject("misspelt", version(b"HTPP/1.1")),
    clean("1.2", version(b"HTTP/1.2")),
    clean("1.9", version(b"HTTP/1.9")),
]
