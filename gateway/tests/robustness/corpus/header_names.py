"""RFC 9110 §5.1: a field name is a token. RFC 9112 §5.1: whitespace between name and colon is answered with 400.
§2.2: whitespace between the start line and the first field is refused, or the lines that begin so are left out."""

from .case import Case, clean, get, post, reject, serve

NAME = "header names"

_DELIMITERS = {
    "parenthesis": b"(",
    "bracket": b"[",
    "brace": b"{",
    "angle": b"<",
    "at": b"@",
    "comma": b",",
    "semicolon": b";",
    "backslash": b"\\",
    "quote": b'"',
    "slash": b"/",
    "question-mark": b"?",
    "equals": b"=",
}


def _delimiters() -> list[Case]:
    return [reject(f"{name}-in-name", get(b"X%sY: z\r\n" % byte)) for name, byte in _DELIMITERS.items()]


CASES = [
    serve("plain", get(b"X-Y: z\r\n")),
    serve("mixed-case", get(b"x-Y: z\r\nX-y: z\r\n")),
    serve("every-token-character", get(b"!#$%&'*+-^`|~0aZ: z\r\n")),
    serve("length-in-capitals", post(b"CONTENT-LENGTH: 5\r\n", b"hello"), body=b"hello"),
    clean("underscore", get(b"X_Y: z\r\n")),
    clean("dot", get(b"X.Y: z\r\n")),
    *_delimiters(),
    reject("space-before-colon", get(b"X : z\r\n")),
    reject("tab-before-colon", get(b"X\t: z\r\n")),
    reject("length-space-colon", post(b"Content-Length : 5\r\n", b"hello")),
    reject("length-space-colon-hides", post(b"Content-Length : @LENGTH\r\n", b"@HIDDEN")),
    reject("coding-space-colon", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n@HIDDEN")),
    reject("host-space-colon", b"GET @PATH HTTP/1.1\r\nHost : @HOST\r\n\r\n"),
    reject("vertical-tab-before-colon", get(b"X\v: z\r\n")),
    reject("space-in-name", get(b"X Y: z\r\n")),
    reject("no-name", get(b": z\r\n")),
    reject("no-colon", get(b"XY\r\n")),
    reject("colon-alone", get(b":\r\n")),
    reject("nul", get(b"X\0Y: z\r\n")),
    reject("control", get(b"X\x01Y: z\r\n")),
    reject("delete", get(b"X\x7fY: z\r\n")),
    reject("high-byte", get(b"X\xe9Y: z\r\n")),
    reject("utf-8", get("X\u00e9Y: z\r\n".encode())),
    reject("byte-order-mark", get(b"\xef\xbb\xbfX: z\r\n")),
    reject("nul-before-length", post(b"\0Content-Length: 5\r\n", b"hello")),
    reject("nul-in-coding", post(b"Transfer-Encoding\0: chunked\r\n", b"0\r\n\r\n")),
    clean("space-before-first", b"GET @PATH HTTP/1.1\r\n X: y\r\nHost: @HOST\r\n\r\n"),
    clean("tab-before-first", b"GET @PATH HTTP/1.1\r\n\tX: y\r\nHost: @HOST\r\n\r\n"),
    # Whoever takes the line as the field it looks like gets a second Host, a length, a coding.
    clean("space-before-first-host", b"GET @PATH HTTP/1.1\r\n Host: evil.example\r\nHost: @HOST\r\n\r\n"),
    clean(
        "space-before-first-length",
        b"POST @PATH HTTP/1.1\r\n Content-Length: @LENGTH\r\nHost: @HOST\r\nContent-Length: 0\r\n\r\n@HIDDEN",
        messages=2,
    ),
]
