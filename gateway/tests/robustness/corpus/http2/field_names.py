"""RFC 9113 §8.2.1: a field name holds nothing of 0x00-0x20, 0x41-0x5a and 0x7f-0xff, and no colon but the first one of a
pseudo-header field; RFC 9110 §5.1: it is a token, and so not empty. All else is malformed."""

from .case import HUFFMAN, INDEXED, NEVER, Case, clean, get, reject, serve

NAME = "field names"

_FORBIDDEN = {
    "nul": b"\0", "control": b"\x01", "tab": b"\t", "lf": b"\n", "cr": b"\r", "space": b" ", "delete": b"\x7f",
    "high-byte": b"\x80", "last-byte": b"\xff", "colon": b":", "quote": b'"', "parenthesis": b"(", "comma": b",",
    "slash": b"/", "semicolon": b";", "angle": b"<", "equals": b"=", "at": b"@", "bracket": b"[", "brace": b"{",
}  # fmt: skip


def named(name: bytes) -> list:
    return get((name, b"z"))


def _everywhere(place: str, name) -> list[Case]:
    return [reject(f"{what}-{place}", named(name(byte))) for what, byte in _FORBIDDEN.items()]


CASES = [
    serve("plain", named(b"x-y")),
    serve("every-token-character", named(b"!#$%&'*+-^`|~0az")),
    clean("underscore", named(b"x_y")),
    clean("dot", named(b"x.y")),
    reject("empty", named(b"")),
    reject("capital-first", named(b"X-y")),
    reject("capital-last", named(b"x-Y")),
    reject("capitals", named(b"CONTENT-LENGTH")),
    *_everywhere("within", lambda byte: b"x%sy" % byte),
    *_everywhere("last", lambda byte: b"x%s" % byte),
    *(case for case in _everywhere("first", lambda byte: b"%sx" % byte) if not case.id.startswith("colon")),
    reject("whole-line", named(b"x: y\r\nx-injected")),
    reject("whole-request", named(b"x: y\r\n\r\nGET /evil HTTP/1.1\r\nhost: @HOST\r\nx")),
    reject("length-colon", named(b"content-length:")),
    reject("length-space", get((b"content-length ", b"5"))),
    reject("coding-tab", get((b"transfer-encoding\t", b"chunked"))),
    reject("coding-nul", get((b"transfer-encoding\0", b"chunked"))),
    *(reject(f"capital-{coding}", named(b"X"), coding=coding) for coding in (HUFFMAN, INDEXED, NEVER)),
    *(reject(f"lf-{coding}", named(b"x\nx"), coding=coding) for coding in (HUFFMAN, INDEXED, NEVER)),
    clean("long", named(b"x" * 10_000)),
]
