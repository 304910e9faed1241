"""RFC 9113 §8.1, §8.3.1: malformed, and must not be forwarded; but by the time anything but the library of HTTP/2 sees them,
they are gone: known pseudo-header fields in trailers, and what follows a # in :path. What is left is what is routed and
what is sent, so nothing is confused."""

from .case import head, post, reject
from .targets import path

NAME = "what the library of HTTP/2 lets pass"

CASES = [
    *(
        reject(f"trailer{name.decode()}", post(), b"hello", trailers=[(name, value)])
        for name, value in [*head(b"POST"), (b":status", b"200")]
    ),
    reject("fragment", path(b"@PATH#x")),
    reject("fragment-in-query", path(b"@PATH?a#b")),
]
