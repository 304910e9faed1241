"""RFC 9113 §8.2.2: a request with Connection, Proxy-Connection, Keep-Alive, Transfer-Encoding or Upgrade is malformed, and so
is one with TE of any value but `trailers`."""

from .case import HUFFMAN, INDEXED, clean, get, post, reject, serve

NAME = "connection-specific fields"

CASES = [
    *(
        reject(f"connection-{value.decode() or 'empty'}", get((b"connection", value)))
        for value in (b"", b"close", b"keep-alive", b"upgrade", b"te", b"x-forwarded-for", b"authorization")
    ),
    reject("proxy-connection", get((b"proxy-connection", b"keep-alive"))),
    reject("keep-alive", get((b"keep-alive", b"timeout=5"))),
    reject("upgrade-h2c", get((b"upgrade", b"h2c"))),
    reject("upgrade-websocket", get((b"upgrade", b"websocket"), (b"connection", b"upgrade"))),
    *(
        reject(f"coding-{value.decode() or 'empty'}", post((b"transfer-encoding", value)), b"0\r\n\r\n")
        for value in (b"", b"chunked", b"identity", b"gzip, chunked", b"Chunked", b"xchunked")
    ),
    reject("coding-hides", post((b"transfer-encoding", b"chunked")), b"0\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n"),
    reject("coding-and-length", post((b"content-length", b"5"), (b"transfer-encoding", b"chunked")), b"hello"),
    reject("coding-huffman", post((b"transfer-encoding", b"chunked")), b"0\r\n\r\n", coding=HUFFMAN),
    reject("coding-indexed", post((b"transfer-encoding", b"chunked")), b"0\r\n\r\n", coding=INDEXED),
    clean("coding-by-another-name", post((b"transfer_encoding", b"chunked")), b"0\r\n\r\n"),
    serve("te-trailers", get((b"te", b"trailers"))),
    clean("te-trailers-in-capitals", get((b"te", b"Trailers"))),
    *(
        reject(f"te-{number}", get((b"te", value)))
        for number, value in enumerate((b"", b"gzip", b"trailers, gzip", b"trailers;q=0.5", b"chunked", b"trailersx"))
    ),
    reject("te-two", get((b"te", b"trailers"), (b"te", b"gzip"))),
    *(
        reject(f"trailer-{name.decode()}", post(), b"hello", trailers=[(name, b"x")])
        for name in (b"connection", b"transfer-encoding", b"upgrade", b"keep-alive", b"proxy-connection")
    ),
    clean("http2-settings", get((b"http2-settings", b"AAMAAABkAARAAAAAAAIAAAAA"))),
    clean("trailer", post((b"trailer", b"x-sum")), b"hello", trailers=[(b"x-sum", b"1")]),
]
