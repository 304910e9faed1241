"""Content-Length beside Transfer-Encoding. RFC 9112 §6.1: a server may refuse it or go by the coding alone, and ends
the connection in both cases; an intermediary removes the length. §6.3, rule 4: a coding that does not end in chunked
leaves the length unknown: 400, and the connection ends."""

from .case import Case, clean, post, reject

NAME = "length and coding"

_LENGTHS = {"zero": b"0", "exact": b"@LENGTH", "short": b"3", "long": b"9999"}
# RFC 9112 §6.3, rule 4. Names of codings have no case; all else is another coding than chunked.
_NOT_CHUNKED = {
    "identity": b"identity",
    "chunked-first": b"chunked, identity",
    "misspelt": b"xchunked",
    "vertical-tab": b"\vchunked",
    "quoted": b'"chunked"',
    "empty": b"",
}


def both(length: bytes, coding: bytes, length_first: bool) -> bytes:
    lines = [b"Content-Length: %s\r\n" % length, b"Transfer-Encoding: %s\r\n" % coding]
    return post(b"".join(lines if length_first else reversed(lines)), b"0\r\n\r\n@HIDDEN")


def _matrix() -> list[Case]:
    cases = []
    for length_first in (True, False):
        order = "length-first" if length_first else "coding-first"
        for name, length in _LENGTHS.items():
            cases.append(clean(f"{order}-{name}", both(length, b"chunked", length_first), ends=True))
        cases.append(clean(f"{order}-case", both(b"@LENGTH", b"cHuNkEd", length_first), ends=True))
        for name, coding in _NOT_CHUNKED.items():
            cases.append(reject(f"{order}-{name}", both(b"@LENGTH", coding, length_first), ends=True))
    return cases


CASES = _matrix() + [
    reject("invalid-length", both(b"x", b"identity", True), ends=True),
    clean("invalid-length-chunked", both(b"x", b"chunked", True), ends=True),
    clean(
        "length-twice",
        post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n", b"0\r\n\r\n@HIDDEN"),
        ends=True,
    ),
    clean(
        "coding-twice",
        post(
            b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n@HIDDEN"
        ),
        ends=True,
    ),
    reject(
        "space-before-colon",
        post(b"Content-Length: @LENGTH\r\nTransfer-Encoding : chunked\r\n", b"0\r\n\r\n@HIDDEN"),
        ends=True,
    ),
    reject(
        "fold-hides-coding",
        post(b"Content-Length: 5\r\nTransfer-Encoding:\r\n xchunked\r\n", b"0\r\n\r\n@HIDDEN"),
        ends=True,
    ),
    clean(
        "underscored-coding",
        post(b"Content-Length: 5\r\nTransfer_Encoding: chunked\r\n", b"0\r\n\r\n"),
        body=b"0\r\n\r\n",
    ),
    # RFC 9110 §7.6.1: what frames a message cannot be nominated away.
    clean(
        "nominated-length",
        post(b"Connection: Content-Length\r\nContent-Length: @LENGTH\r\n", b"@HIDDEN"),
        body=b"@HIDDEN",
    ),
    clean(
        "nominated-coding",
        post(b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n", b"@HEX\r\n@HIDDEN\r\n0\r\n\r\n"),
        body=b"@HIDDEN",
    ),
]
