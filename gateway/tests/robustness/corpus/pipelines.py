"""RFC 9112 §9.3.2: requests may follow each other without waiting, and are answered in order; §9.3: a server that
does not read the rest of a message ends the connection. What is answered early leaves nothing behind."""

from .case import clean, get, post, reject, serve

NAME = "pipelines"

NOWHERE = b"/nowhere"

CASES = [
    serve("two-gets", get() + get(target=b"@PATH/second"), messages=2),
    serve("get-then-post", get() + post(b"Content-Length: 5\r\n", b"hello", b"@PATH/second"), messages=2),
    serve(
        "post-then-get",
        post(b"Content-Length: 5\r\n", b"hello") + get(target=b"@PATH/second"),
        body=b"hello",
        messages=2,
    ),
    serve(
        "chunked-then-get",
        post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n") + get(target=b"@PATH/second"),
        body=b"hello",
        messages=2,
    ),
    serve("in-two-pieces", b"GET @PATH HTTP/1.1\r\nHo", b"st: @HOST\r\n\r\n"),
    serve("body-in-two-pieces", post(b"Content-Length: 5\r\n", b"he"), b"llo", body=b"hello"),
    serve(
        "chunk-in-two-pieces", post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhe"), b"llo\r\n0\r\n\r\n", body=b"hello"
    ),
    serve(
        "chunk-line-in-two-pieces",
        post(b"Transfer-Encoding: chunked\r\n", b"5\r"),
        b"\nhello\r\n0\r\n\r\n",
        body=b"hello",
    ),
    clean("nine-gets", get() * 9, messages=9),
    clean("get-then-junk", get() + b"\0\x01junk\r\n\r\n", messages=2),
    clean("get-then-two-hosts", get() + get(b"Host: evil.example\r\n", b"@PATH/second"), messages=2),
    clean("post-then-body-too-long", post(b"Content-Length: 3\r\n", b"hello"), body=b"hel", messages=2),
    clean("head-then-get", b"HEAD @PATH HTTP/1.1\r\nHost: @HOST\r\n\r\n" + get(target=b"@PATH/second"), messages=2),
    clean("close-then-hidden", get(b"Connection: close\r\n") + b"@HIDDEN", ends=True),
    clean("early-length", post(b"Content-Length: @LENGTH\r\n", b"@HIDDEN", NOWHERE)),
    clean("early-length-waits", post(b"Content-Length: @LENGTH\r\n", b"", NOWHERE), b"@HIDDEN"),
    clean("early-length-half", post(b"Content-Length: 9999\r\n", b"@HIDDEN", NOWHERE)),
    clean("early-chunked", post(b"Transfer-Encoding: chunked\r\n", b"@HEX\r\n@HIDDEN\r\n0\r\n\r\n", NOWHERE)),
    clean("early-chunked-open", post(b"Transfer-Encoding: chunked\r\n", b"@HEX\r\n@HIDDEN", NOWHERE)),
    clean(
        "early-options",
        b"OPTIONS @PATH HTTP/1.1\r\nHost: @HOST\r\nOrigin: http://@HOST\r\n"
        b"Access-Control-Request-Method: POST\r\nContent-Length: @LENGTH\r\n\r\n@HIDDEN",
        body=b"@HIDDEN",
    ),
    clean("early-head", b"HEAD /nowhere HTTP/1.1\r\nHost: @HOST\r\nContent-Length: @LENGTH\r\n\r\n@HIDDEN"),
    reject("refused-hides", post(b"Content-Length: @LENGTH\r\nHost: evil.example\r\n", b"@HIDDEN")),
]
