"""RFC 9112 §7.1: chunk-size is 1*HEXDIG, and recipients guard against numbers too large for an integer. What is no
chunk is not what the grammar allows (§2.2), and a body that ends before its last chunk is incomplete (§8)."""

from .case import chunked, clean, reject, serve

NAME = "chunk size"

END = b"0\r\n\r\n"


def size(text: bytes, data: bytes = b"hello") -> bytes:
    return chunked(b"%s\r\n%s\r\n%s" % (text, data, END))


CASES = [
    serve("digit", size(b"5"), body=b"hello"),
    serve("upper-case", size(b"A", b"0123456789"), body=b"0123456789"),
    serve("lower-case", size(b"a", b"0123456789"), body=b"0123456789"),
    serve("leading-zeros", size(b"0005"), body=b"hello"),
    serve("several", chunked(b"2\r\nhe\r\n3\r\nllo\r\n" + END), body=b"hello"),
    serve("empty-body", chunked(END)),
    serve("zeros-as-last", chunked(b"5\r\nhello\r\n000\r\n\r\n"), body=b"hello"),
    reject("plus", size(b"+5")),
    reject("minus", size(b"-5")),
    reject("minus-zero", chunked(b"-0\r\n\r\n")),
    reject("prefix-0x", size(b"0x5")),
    reject("prefix-0x-zero", chunked(b"0x0\r\n\r\n")),
    reject("letters", size(b"xyz")),
    reject("letter-after", size(b"5g")),
    reject("empty", size(b"")),
    reject("empty-as-last", chunked(b"5\r\nhello\r\n\r\n\r\n")),
    reject("space-before", size(b" 5")),
    reject("tab-before", size(b"\t5")),
    reject("space-after", size(b"5 ")),
    reject("tab-after", size(b"5\t")),
    reject("space-inside", size(b"0 5")),
    reject("underscore", size(b"0_5")),
    reject("comma", size(b"5,5")),
    reject("decimal-point", size(b"5.0")),
    reject("quoted", size(b'"5"')),
    reject("nul-after", size(b"5\0")),
    reject("nul-before", size(b"\x005")),
    reject("vertical-tab-after", size(b"5\v")),
    reject("high-byte", size(b"5\xa0")),
    reject("full-width-digit", size("５".encode())),
    # Each wraps to 5 in an integer of so many bits.
    reject("wraps-at-32-bits", size(b"100000005")),
    reject("wraps-at-64-bits", size(b"10000000000000005")),
    reject("wraps-at-128-bits", size(b"1" + b"0" * 31 + b"5")),
    reject("negative-in-64-bits", size(b"fffffffffffffffb")),
    reject("largest-of-64-bits", size(b"ffffffffffffffff")),
    reject("sign-bit", size(b"8000000000000005")),
    reject("shorter-than-data", size(b"3")),
    reject("longer-than-data", size(b"6")),
    reject("longer-hides", chunked(b"1\r\n@HIDDEN\r\n0\r\n\r\n")),
    # RFC 9112 §8.
    reject("no-last-chunk", chunked(b"5\r\nhello\r\n")),
    reject("ends-in-chunk", chunked(b"5\r\nhel")),
    reject("no-chunk", chunked(b"hello")),
    clean("thousand-zeros", size(b"0" * 1000 + b"5"), body=b"hello"),
]
