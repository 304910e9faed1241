"""RFC 9113 §8.5: CONNECT has :method and :authority and no :scheme or :path. RFC 8441 §4: :protocol belongs to CONNECT, and to a
connection whose server has said that it takes it. A gateway for APIs opens no tunnel."""

from .case import get, head, reject, serve

NAME = "tunnels"

CASES = [
    reject("connect", [(b":method", b"CONNECT"), (b":authority", b"@HOST")]),
    reject("connect-elsewhere", [(b":method", b"CONNECT"), (b":authority", b"127.0.0.1:22")]),
    reject("connect-without-port", [(b":method", b"CONNECT"), (b":authority", b"localhost")]),
    reject("connect-with-path", head(b"CONNECT")),
    reject("connect-without-authority", [(b":method", b"CONNECT")]),
    reject(
        "connect-with-content", [(b":method", b"CONNECT"), (b":authority", b"@HOST")], b"GET /evil HTTP/1.1\r\n\r\n"
    ),
    reject("extended-websocket", head(b"CONNECT") + [(b":protocol", b"websocket")]),
    reject("extended-websocket-secure", head(b"CONNECT", scheme=b"https") + [(b":protocol", b"websocket")]),
    reject("extended-empty", head(b"CONNECT") + [(b":protocol", b"")]),
    reject("extended-cr-lf", head(b"CONNECT") + [(b":protocol", b"websocket\r\nX: y")]),
    reject(
        "extended-without-path", [(b":method", b"CONNECT"), (b":authority", b"@HOST"), (b":protocol", b"websocket")]
    ),
    reject("protocol-on-get", get((b":protocol", b"websocket"))),
    reject("lower-case-connect", [(b":method", b"connect"), (b":authority", b"@HOST")]),
    serve("after-them-all", get()),
]
