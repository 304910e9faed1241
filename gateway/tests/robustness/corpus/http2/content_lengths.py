"""RFC 9113 §8.1.1: a request is malformed whose content-length is not the sum of its DATA frames. RFC 9110 §8.6: the value is
digits; what repeats the same number may be taken for it, anything else is invalid."""

from harness.http2 import frames

from .case import clean, cut, get, head, post, reject, serve

NAME = "content lengths"
_REQUEST = b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"


def stating(*values: bytes) -> list:
    return post(*((b"content-length", value) for value in values))


CASES = [
    serve("none", post(), b"hello"),
    serve("none-and-empty", post(), b""),
    serve("none-then-empty", post(), b"hello", b""),
    serve("none-padded", post(), b"he", b"llo", padding=10),
    serve("none-get-and-empty", get(), b""),
    serve("none-delete", head(b"DELETE"), b"hello", b""),
    serve("equal", stating(b"5"), b"hello"),
    serve("equal-in-pieces", stating(b"5"), b"he", b"", b"llo"),
    serve("equal-then-empty", stating(b"5"), b"hello", b""),
    serve("equal-padded", stating(b"5"), b"he", b"llo", padding=100),
    serve("zero", stating(b"0")),
    serve("zero-and-empty", stating(b"0"), b""),
    serve("zero-get", get((b"content-length", b"0"))),
    clean("get-with-content", get((b"content-length", b"5")), b"hello"),
    reject("head-alone", stating(b"5")),
    reject("head-alone-get", get((b"content-length", b"5"))),
    reject("head-alone-head", head(b"HEAD") + [(b"content-length", b"5")]),
    reject("less", stating(b"3"), b"hello"),
    reject("less-hides", stating(b"5"), b"hello" + _REQUEST),
    cut("less-in-pieces", stating(b"5"), b"hello", _REQUEST),
    cut("less-by-one-piece", stating(b"5"), b"hell", b"o", b"!"),
    cut("zero-hides", stating(b"0"), _REQUEST),
    reject("more", stating(b"10"), b"hello"),
    reject("more-in-pieces", stating(b"10"), b"he", b"llo"),
    reject("more-empty", stating(b"5"), b""),
    reject("more-by-padding", stating(b"105"), b"hello", padding=99),
    reject("more-then-trailers", stating(b"10"), b"hello", trailers=[(b"x-sum", b"1")]),
    reject("less-then-trailers", stating(b"3"), b"hello", trailers=[(b"x-sum", b"1")]),
    reject("head-then-trailers", stating(b"5"), trailers=[(b"x-sum", b"1")]),
    reject("more-then-reset", stating(b"10"), b"hello", ends=False, more=((frames.RST_STREAM, 0, b"\0\0\0\x08"),)),
    clean("two-equal", stating(b"5", b"5"), b"hello"),
    reject("two-different", stating(b"5", b"3"), b"hello"),
    reject("two-different-last", stating(b"3", b"5"), b"hello"),
    reject("two-one-empty", stating(b"5", b""), b"hello"),
    clean("list-equal", stating(b"5, 5"), b"hello"),
    clean("list-and-field", stating(b"5, 5", b"5"), b"hello"),
    reject("list-different", stating(b"5, 3"), b"hello"),
    reject("list-with-empty", stating(b"5,"), b"hello"),
    clean("leading-zeros", stating(b"0005"), b"hello"),
    *(
        reject(f"junk-{number}", stating(value), b"hello")
        for number, value in enumerate(
            (
                b"",
                b"+5",
                b"-5",
                b"0x5",
                b"5 ",
                b" 5",
                b"5\t",
                b"5.0",
                b"5e0",
                b"five",
                b"5;",
                b"5 5",
                b"5\0",
                b"\xd9\xa5",
                b"5_",
            )
        )
    ),
    reject("over-64-bits", stating(b"18446744073709551621"), b"hello"),
    reject("over-63-bits", stating(b"9223372036854775813"), b"hello"),
    reject("zeros-and-more", stating(b"0" * 5000 + b"9"), b"hello"),
    clean("in-trailers", post(), b"hello", trailers=[(b"content-length", b"3")]),
]
