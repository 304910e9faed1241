"""RFC 9110 §10.1.1: an expectation other than 100-continue may be answered with 417; 100-continue of HTTP/1.0 is
ignored; a client may send its body without waiting. A server that answers without reading the body ends the
connection or reads it all the same, so no body is ever taken for a request. 0.CL: a front end that reads no body
beside one that does."""

from .case import clean, get, post, reject, serve

NAME = "expectations"

LENGTH = b"Content-Length: 5\r\n"

CASES = [
    serve("at-once", post(b"Expect: 100-continue\r\n" + LENGTH, b"hello"), body=b"hello"),
    serve("waits", post(b"Expect: 100-continue\r\n" + LENGTH), b"hello", body=b"hello"),
    serve("case", post(b"eXPECT: 100-CONTINUE\r\n" + LENGTH), b"hello", body=b"hello"),
    clean(
        "chunked",
        post(b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"),
        b"5\r\nhello\r\n0\r\n\r\n",
        body=b"hello",
    ),
    clean("no-body", post(b"Expect: 100-continue\r\nContent-Length: 0\r\n")),
    clean("on-get", get(b"Expect: 100-continue\r\n")),
    clean("on-get-hides", get(b"Expect: 100-continue\r\nContent-Length: @LENGTH\r\n"), b"@HIDDEN", body=b"@HIDDEN"),
    clean(
        "on-head-hides",
        b"HEAD @PATH HTTP/1.1\r\nHost: @HOST\r\nExpect: 100-continue\r\nContent-Length: @LENGTH\r\n\r\n",
        b"@HIDDEN",
        body=b"@HIDDEN",
    ),
    clean("hides-at-once", post(b"Expect: 100-continue\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"), body=b"@HIDDEN"),
    clean("unknown", post(b"Expect: junk\r\n" + LENGTH, b"hello"), body=b"hello"),
    clean("unknown-hides", post(b"Expect: junk\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"), body=b"@HIDDEN"),
    clean("junk-before", post(b"Expect: y 100-continue\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"), body=b"@HIDDEN"),
    clean("junk-after", post(b"Expect: 100-continue y\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"), body=b"@HIDDEN"),
    clean("list", post(b"Expect: 100-continue, junk\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"), body=b"@HIDDEN"),
    clean("twice", post(b"Expect: 100-continue\r\nExpect: 100-continue\r\n" + LENGTH, b"hello"), body=b"hello"),
    clean("vertical-tab", post(b"Expect: \v100-continue\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"), body=b"@HIDDEN"),
    clean("empty", post(b"Expect:\r\n" + LENGTH, b"hello"), body=b"hello"),
    clean(
        "of-1.0",
        b"POST @PATH HTTP/1.0\r\nHost: @HOST\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        b"hello",
        body=b"hello",
        ends=True,
    ),
    clean("nowhere", post(b"Expect: 100-continue\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN", b"/nowhere")),
    clean(
        "length-and-coding",
        post(b"Expect: 100-continue\r\nContent-Length: @LENGTH\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n@HIDDEN"),
        ends=True,
    ),
    reject(
        "length-twice", post(b"Expect: 100-continue\r\nContent-Length: 0\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN")
    ),
    reject("never-sends", post(b"Expect: 100-continue\r\n" + LENGTH)),
]
