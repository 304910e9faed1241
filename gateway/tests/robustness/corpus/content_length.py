"""RFC 9110 §8.6: the value is 1*DIGIT. RFC 9112 §6.3, rule 5: without Transfer-Encoding, a value that is none, or
several that differ, cannot be recovered from: 400, and the connection ends. A list of equal values may be refused or
made one."""

from .case import clean, get, post, reject, serve

NAME = "content-length"


def length(value: bytes, body: bytes = b"hello") -> bytes:
    return post(b"Content-Length: %s\r\n" % value, body)


CASES = [
    serve("plain", length(b"5"), body=b"hello"),
    serve("zero", length(b"0", b"")),
    serve("no-space", post(b"Content-Length:5\r\n", b"hello"), body=b"hello"),
    serve("space-around", post(b"Content-Length: \t 5 \t\r\n", b"hello"), body=b"hello"),
    serve("zero-on-get", get(b"Content-Length: 0\r\n")),
    clean("leading-zero", length(b"05"), body=b"hello"),
    clean("octal-or-decimal", length(b"010", b"0123456789"), body=b"0123456789"),
    clean("on-get", get(b"Content-Length: 5\r\n") + b"hello", body=b"hello"),
    clean("on-get-hides", get(b"Content-Length: @LENGTH\r\n") + b"@HIDDEN", body=b"@HIDDEN"),
    reject("plus", length(b"+5")),
    reject("minus", length(b"-5")),
    reject("minus-zero", length(b"-0", b"")),
    reject("decimal-point", length(b"5.0")),
    reject("exponent", length(b"5e0")),
    reject("hexadecimal", length(b"0x5")),
    reject("space-inside", length(b"0 5")),
    reject("tab-inside", length(b"0\t5")),
    reject("letters-after", length(b"5abc")),
    reject("letters", length(b"five")),
    reject("empty", length(b"", b"")),
    reject("empty-with-body", length(b"", b"@HIDDEN")),
    reject("semicolon", length(b"5;")),
    reject("quoted", length(b'"5"')),
    reject("underscore", length(b"0_5")),
    reject("vertical-tab", length(b"5\v")),
    reject("vertical-tab-before", length(b"\v5")),
    reject("form-feed", length(b"5\f")),
    reject("no-break-space", length(b"5\xa0")),
    reject("full-width-digit", length("５".encode())),
    reject("superscript-digit", length("⁵".encode())),
    # RFC 9110 §8.6: numerals too large for an integer are to be expected. Whoever finds an end has lost bits.
    reject("over-64-bits", length(b"18446744073709551621")),
    reject("over-32-bits", length(b"4294967301")),
    reject("over-63-bits", length(b"9223372036854775813")),
    reject("list-that-differs", length(b"5, 6", b"hello!")),
    reject("list-that-differs-later", length(b"5, 5, 6", b"hello!")),
    clean("list-of-equals", length(b"5, 5"), body=b"hello"),
    clean("list-without-space", length(b"5,5"), body=b"hello"),
    clean("list-with-empty", length(b"5,"), body=b"hello"),
    clean("twice-equal", post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"), body=b"hello"),
    reject("twice-different", post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello!")),
    reject("twice-zero-first", post(b"Content-Length: 0\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN")),
    reject("twice-zero-last", post(b"Content-Length: @LENGTH\r\nContent-Length: 0\r\n", b"@HIDDEN")),
    reject("twice-one-invalid", post(b"Content-Length: 5\r\nContent-Length: x\r\n", b"hello")),
    reject("twice-one-empty", post(b"Content-Length: 5\r\nContent-Length:\r\n", b"hello")),
    # RFC 9112 §8: a body that ends before its length is incomplete.
    reject("more-than-sent", length(b"10")),
    clean("underscored-name", post(b"Content_Length: @LENGTH\r\nContent-Length: 5\r\n", b"hello"), body=b"hello"),
]
