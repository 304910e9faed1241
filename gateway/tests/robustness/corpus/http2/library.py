"""RFC 9113 §8.1, §8.3.1: malformed, and to be refused; but by the time anything but the library of HTTP/2 sees them, they
are gone: known pseudo-header fields in trailers, and what follows a # in :path. What is left is what is routed and what is
sent, so nothing is confused. These may therefore be served, as the criterion has it: refused, or clean. None of what was
dropped may arrive."""

from .case import clean, head, post
from .targets import path

NAME = "what the library of HTTP/2 drops"

CASES = [
    *(
        clean(f"trailer{name.decode()}", post(), b"hello", trailers=[(name, value)])
        for name, value in [*head(b"POST"), (b":status", b"200")]
    ),
    clean("fragment", path(b"@PATH#x")),
    clean("fragment-in-query", path(b"@PATH?a#b")),
]
