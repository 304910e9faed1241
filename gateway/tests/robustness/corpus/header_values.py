"""RFC 9110 §5.5: CR, LF and NUL in a value are refused, or each becomes a space; other control characters are invalid
too and may be kept. All else is opaque and arrives as it was sent. §7.6.1: what Connection names ends here, and what
every recipient needs cannot be named."""

from .case import clean, get, post, serve

NAME = "header values"

CASES = [
    serve("empty", get(b"X:\r\n")),
    serve("spaces-alone", get(b"X:   \r\n")),
    serve("tab-inside", get(b"X: a\tb\r\n")),
    serve("colons", get(b"X: : a: b\r\n")),
    serve("looks-encoded", get(b"X: a%0d%0aHost: evil.example\r\n")),
    serve("looks-escaped", get(b"X: a\\r\\nHost: evil.example\r\n")),
    serve("commas", get(b"X: , a,, b ,\r\n")),
    serve("open-quote", get(b'X: "a\r\n')),
    serve("of-8-kib", get(b"X: %s\r\n" % (b"y" * 8000))),
    serve("cookie-crumbs", get(b"Cookie: a=1\r\nCookie: b=2\r\n")),
    clean("high-byte", get(b"X: caf\xe9\r\n")),
    # The low bytes of U+560D and U+560A are those of CR and LF, for whoever cuts characters down to bytes.
    clean("low-bytes-of-crlf", get("X: a\u560d\u560aHost: evil.example\r\n".encode())),
    clean("line-separator", get("X: a\u2028b\u0085c\r\n".encode())),
    clean("nul", get(b"X: a\0b\r\n")),
    clean("nul-at-the-end", get(b"X: a\0\r\n")),
    clean("nul-then-field", get(b"X: a\0\r\nContent-Length: 5\r\n") + b"hello", body=b"hello"),
    clean("bare-cr", get(b"X: a\rb\r\n")),
    clean("bare-cr-at-the-end", get(b"X: a\r\r\n")),
    clean("bare-cr-hides-length", post(b"X: a\rContent-Length: @LENGTH\r\n", b"@HIDDEN"), messages=2),
    clean("escape", get(b"X: \x1b[31mred\r\n")),
    clean("vertical-tab", get(b"X: a\vb\r\n")),
    clean("form-feed", get(b"X: a\fb\r\n")),
    clean("delete", get(b"X: a\x7fb\r\n")),
    clean("control", get(b"X: a\x01b\r\n")),
    clean("backspace-in-authorization", get(b"Authorization: Bearer a\x08b\r\n")),
    clean("connection-close", get(b"Connection: close\r\n"), ends=True),
    clean("connection-names-host", get(b"Connection: Host\r\n")),
    clean("connection-names-itself", get(b"Connection: connection\r\n")),
    clean("connection-of-junk", get(b'Connection: a b, ;, "c"\r\n')),
    clean("keep-alive-junk", get(b"Connection: keep-alive\r\nKeep-Alive: timeout=-1, max=0\r\n")),
    clean("proxy-connection", get(b"Proxy-Connection: keep-alive\r\n")),
    clean("two-authorizations", get(b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n")),
]
