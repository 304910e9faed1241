"""Where a line of the head ends. RFC 9112 §5.2: a folded line is answered with 400, or the fold becomes a space.
§2.2: a bare LF may be taken for the end of a line; a bare CR makes its element invalid, or becomes a space. NUL is in
no rule of the grammar outside of values."""

from .case import clean, get, post, reject

NAME = "lines"

CHUNKS = b"0\r\n\r\n@HIDDEN"

CASES = [
    clean("fold", get(b"X: a\r\n b\r\n")),
    clean("fold-with-tab", get(b"X: a\r\n\tb\r\n")),
    clean("fold-of-nothing", get(b"X:\r\n \r\n")),
    clean("fold-holds-field", get(b"X: a\r\n Content-Length: 5\r\n")),
    clean("fold-of-length", post(b"Content-Length:\r\n 5\r\n", b"hello"), body=b"hello"),
    reject("fold-inside-length", post(b"Content-Length: 1\r\n 0\r\n", b"0123456789")),
    clean("fold-of-coding", post(b"Transfer-Encoding:\r\n chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"), body=b"hello"),
    reject("fold-inside-coding", post(b"Transfer-Encoding: chun\r\n ked\r\n", CHUNKS)),
    clean("fold-of-host", b"GET @PATH HTTP/1.1\r\nHost:\r\n @HOST\r\n\r\n"),
    reject("fold-of-request-line", b"GET @PATH\r\n HTTP/1.1\r\nHost: @HOST\r\n\r\n"),
    clean("bare-lf-everywhere", b"GET @PATH HTTP/1.1\nHost: @HOST\n\n"),
    clean("bare-lf-after-request-line", b"GET @PATH HTTP/1.1\nHost: @HOST\r\n\r\n"),
    clean("bare-lf-after-field", get(b"X: y\n")),
    clean("bare-lf-ends-head", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\n\n"),
    clean("bare-lf-lf-ends-head", b"GET @PATH HTTP/1.1\r\nHost: @HOST\n\n"),
    clean("bare-lf-before-crlf-ends-head", b"GET @PATH HTTP/1.1\r\nHost: @HOST\n\r\n"),
    clean("bare-lf-hides-length", post(b"X: a\nContent-Length: 5\r\n", b"hello"), body=b"hello"),
    clean("bare-lf-hides-coding", post(b"Content-Length: 5\nTransfer-Encoding: chunked\r\n", CHUNKS), ends=True),
    clean("lf-cr-in-value", get(b"X: a\n\rContent-Length: 5\r\n")),
    clean("cr-cr-lf-after-field", get(b"X: a\r\r\n")),
    clean("cr-cr-ends-head", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\r@HIDDEN", messages=2),
    clean("bare-cr-after-field", get(b"X: a\rContent-Length: 5\r\n")),
    clean("bare-cr-hides-coding", post(b"Content-Length: 5\rTransfer-Encoding: chunked\r\n", b"hello"), body=b"hello"),
    reject("bare-cr-in-name", get(b"X\rY: z\r\n")),
    reject("bare-cr-after-request-line", b"GET @PATH HTTP/1.1\rHost: @HOST\r\n\r\n"),
    reject("bare-cr-everywhere", b"GET @PATH HTTP/1.1\rHost: @HOST\r\r"),
    reject("bare-cr-before-name", get(b"\rX: y\r\n")),
    reject("nul-before-request", b"\0" + get()),
    reject("nul-as-line", get(b"\0\r\n")),
    reject("nul-before-line-end", b"GET @PATH HTTP/1.1\0\r\nHost: @HOST\r\n\r\n"),
    reject("nul-ends-head", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\n\0\r\n\r\n"),
    reject("head-never-ends", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\n"),
    reject("head-ends-in-cr", b"GET @PATH HTTP/1.1\r\nHost: @HOST\r\n\r"),
]
