"""RFC 9112 §3: method, target and version with one space between. A recipient may split on other whitespace; an
invalid request line is answered with 400 and not corrected. §3.2: a target holds no whitespace and is in one of four
forms: origin (a path), absolute, authority (CONNECT alone), asterisk (OPTIONS alone). RFC 3986 §2: what a URI may
hold."""

from .case import clean, get, reject, serve

NAME = "request line"


def line(text: bytes) -> bytes:
    return b"%s\r\nHost: @HOST\r\n\r\n" % text


CASES = [
    serve("plain", get()),
    serve("query", get(target=b"@PATH?a=1&b=%20")),
    serve("head", line(b"HEAD @PATH HTTP/1.1")),
    serve("delete", line(b"DELETE @PATH HTTP/1.1")),
    serve("encoded-utf-8", get(target=b"@PATH/caf%C3%A9")),
    clean("blank-line-before", b"\r\n" + get()),
    clean("two-blank-lines-before", b"\r\n\r\n" + get()),
    clean("bare-lf-before", b"\n" + get()),
    clean("two-spaces-after-method", line(b"GET  @PATH HTTP/1.1")),
    clean("two-spaces-before-version", line(b"GET @PATH  HTTP/1.1")),
    clean("space-at-the-end", line(b"GET @PATH HTTP/1.1 ")),
    clean("tabs", line(b"GET\t@PATH\tHTTP/1.1")),
    clean("vertical-tabs", line(b"GET\v@PATH\vHTTP/1.1")),
    clean("form-feeds", line(b"GET\f@PATH\fHTTP/1.1")),
    clean("space-before-method", line(b" GET @PATH HTTP/1.1")),
    clean("lower-case-method", line(b"get @PATH HTTP/1.1")),
    clean("unknown-method", line(b"BREW @PATH HTTP/1.1")),
    clean("strange-method", line(b"!#$%&'*+-.^_`|~ @PATH HTTP/1.1")),
    clean("absolute-form", line(b"GET http://@HOST@PATH HTTP/1.1")),
    clean("absolute-form-other-host", line(b"GET http://evil.example@PATH HTTP/1.1")),
    clean("absolute-form-https", line(b"GET https://@HOST@PATH HTTP/1.1")),
    clean("absolute-form-user", line(b"GET http://user:pw@@HOST@PATH HTTP/1.1")),
    clean("absolute-form-other-scheme", line(b"GET file://@HOST@PATH HTTP/1.1")),
    clean("network-path", line(b"GET //@HOST@PATH HTTP/1.1")),
    clean("options-asterisk", line(b"OPTIONS * HTTP/1.1")),
    reject("space-in-target", line(b"GET @PATH/a b HTTP/1.1")),
    reject("space-hides-version", line(b"GET @PATH HTTP/1.1 HTTP/1.1")),
    reject("no-target", line(b"GET HTTP/1.1")),
    reject("no-method", line(b"@PATH HTTP/1.1")),
    reject("empty-method", line(b"\t@PATH HTTP/1.1")),
    reject("method-alone", line(b"GET")),
    reject("parenthesis-in-method", line(b"GE(T @PATH HTTP/1.1")),
    reject("colon-in-method", line(b"GET: @PATH HTTP/1.1")),
    reject("nul-in-method", line(b"GE\0T @PATH HTTP/1.1")),
    reject("high-byte-in-method", line(b"G\xc9T @PATH HTTP/1.1")),
    reject("control-in-target", line(b"GET @PATH/\x01 HTTP/1.1")),
    reject("escape-in-target", line(b"GET @PATH/\x1b[31m HTTP/1.1")),
    reject("nul-in-target", line(b"GET @PATH/\0 HTTP/1.1")),
    reject("delete-in-target", line(b"GET @PATH/\x7f HTTP/1.1")),
    reject("tab-in-target", line(b"GET @PATH/a\tb HTTP/1.1")),
    reject("bare-cr-in-target", line(b"GET @PATH/a\rb HTTP/1.1")),
    reject("bare-lf-in-target", line(b"GET @PATH/a\nb HTTP/1.1")),
    reject("high-byte-in-target", line(b"GET @PATH/\xe9 HTTP/1.1")),
    reject("utf-8-in-target", line("GET @PATH/é HTTP/1.1".encode())),
    reject("backslash-in-target", line(b"GET @PATH\\x HTTP/1.1")),
    reject("quote-in-target", line(b'GET @PATH/" HTTP/1.1')),
    reject("fragment", line(b"GET @PATH#part HTTP/1.1")),
    reject("fragment-after-query", line(b"GET @PATH?a#part HTTP/1.1")),
    reject("half-an-escape", line(b"GET @PATH/%2 HTTP/1.1")),
    reject("no-escape", line(b"GET @PATH/%zz HTTP/1.1")),
    reject("no-slash", line(b"GET x@PATH HTTP/1.1")),
    reject("query-alone", line(b"GET ?@PATH HTTP/1.1")),
    reject("asterisk-on-get", line(b"GET * HTTP/1.1")),
    reject("authority-on-get", line(b"GET @HOST HTTP/1.1")),
    reject("absolute-form-without-host", line(b"GET http://@PATH HTTP/1.1")),
]
