"""RFC 9110 §7.8: Upgrade concerns one connection; nothing changes until a 101 says so, and bytes after a request that
asks are a request. §9.3.6 and RFC 9112 §3.2.3: CONNECT has a target of host and port, and may be refused. RFC 9110
§9.3.8: TRACE carries no content, and a proxy may refuse to pass it on."""

from .case import clean, get, post, reject

NAME = "tunnels"

WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"

CASES = [
    clean("websocket", get(WEBSOCKET)),
    clean("websocket-hides", get(WEBSOCKET) + b"@HIDDEN", messages=2),
    clean("websocket-with-length-hides", get(WEBSOCKET + b"Content-Length: @LENGTH\r\n") + b"@HIDDEN", body=b"@HIDDEN"),
    clean("websocket-wrong-version", get(WEBSOCKET.replace(b"13", b"777")) + b"@HIDDEN", messages=2),
    clean("h2c", get(H2C)),
    clean("h2c-hides", get(H2C) + b"@HIDDEN", messages=2),
    clean("h2c-not-nominated", get(b"Upgrade: h2c\r\n") + b"@HIDDEN", messages=2),
    clean("h2c-on-post", post(H2C + b"Content-Length: @LENGTH\r\n", b"@HIDDEN"), body=b"@HIDDEN"),
    clean("unknown", get(b"Connection: upgrade\r\nUpgrade: nobody/1\r\n") + b"@HIDDEN", messages=2),
    clean(
        "unknown-with-length",
        post(b"Connection: Upgrade\r\nUpgrade: nobody\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"),
        body=b"@HIDDEN",
    ),
    clean(
        "unknown-chunked",
        post(
            b"Connection: Upgrade\r\nUpgrade: nobody\r\nTransfer-Encoding: chunked\r\n", b"@HEX\r\n@HIDDEN\r\n0\r\n\r\n"
        ),
        body=b"@HIDDEN",
    ),
    clean("tls", get(b"Connection: Upgrade\r\nUpgrade: TLS/1.3\r\n")),
    clean("of-1.0", b"GET @PATH HTTP/1.0\r\nHost: @HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n@HIDDEN"),
    clean("connect", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"),
    clean("connect-self-hides", b"CONNECT @HOST HTTP/1.1\r\nHost: @HOST\r\n\r\n@HIDDEN", messages=2),
    reject("connect-path", b"CONNECT @PATH HTTP/1.1\r\nHost: @HOST\r\n\r\n@HIDDEN"),
    reject("connect-without-port", b"CONNECT evil.example HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
    reject("connect-absolute", b"CONNECT http://@HOST@PATH HTTP/1.1\r\nHost: @HOST\r\n\r\n@HIDDEN"),
    clean("trace", b"TRACE @PATH HTTP/1.1\r\nHost: @HOST\r\n\r\n"),
    clean(
        "trace-with-content",
        b"TRACE @PATH HTTP/1.1\r\nHost: @HOST\r\nContent-Length: @LENGTH\r\n\r\n@HIDDEN",
        body=b"@HIDDEN",
    ),
]
