"""Spellings of a path that another reader may take for another path, and what such readers make of one."""

import itertools
import re

# Between two segments, where one slash belongs.
_SEPARATORS = [
    b"/", b"//", b"/./", b"/%2e/", b"/x/../", b"/x/%2e%2e/", b"/x/..;/", b"/.;/", b"/;v=1/", b";v=1/", b"\\", b"/\\",
    b"%5c", b"%2f", b"%2F", b"%252f", b"%c0%af", b"%e0%80%af", b"%u002f", b"%00/", b"/%00/", b"%0a/", b"%09/",
    b"/%20/",
]  # fmt: skip
# The last segment, in the place of `inner`.
_SEGMENTS = [
    b"inner", b"%69nner", b"%69%6e%6e%65%72", b"%2569nner", b"%252569nner", b"%u0069nner", b"%c1%a9nner", b"inne%72",
    b"inner;v=1", b"inner;", b"inner%3bv=1", b"inner%253b", b"inner%00", b"inner%00.css", b"inner%2500", b"inner/",
    b"inner//", b"inner/.", b"inner/x/..", b"inner?x", b"inner%3fx", b"inner#x", b"inner%23x", b"inner%0d%0a",
    b"inner%0a", b"inner\\", b"inner%5c", b"inner%2f", b"inner/%2e%2e/inner",
]  # fmt: skip
_PARENTS = [
    b"..", b"%2e%2e", b"%2E%2E", b".%2e", b"%2e.", b"%252e%252e", b"%25252e%25252e", b"..;", b"..;x=1", b"..%3b",
    b"..%253bx", b"..%00", b"%00..", b"..%0d", b"..%09", b"%c0%ae%c0%ae", b"%e0%80%ae%e0%80%ae", b"%uff0e%uff0e",
    b"....", b"...", b".%00.",
]  # fmt: skip
_ELSEWHERE = [b"/", b"\\", b"%2f", b"%5c", b"//", b"%252f", b"%c0%af"]
_OTHERS = [
    b"*", b"", b"?", b"open/mcp", b"http://@HOST/admin", b"http://@HOST/open/mcp/../../admin", b"//@HOST/admin",
    b"///admin", b"/open/mcp/http://@HOST/admin", b"/open/mcp?/../../admin", b"/open/mcp?x=/../admin",
    b"/open/mcp;/../../admin", b"/open;/mcp/../admin", b"/open/mcp#/../../admin", b"/open/mcp%3f/../../admin",
    b"/open/mcp%23/../../admin", b"/OPEN/MCP", b"/open/MCP/inner", b"/open%2fmcp", b"/open/mcp%2finner",
    b"/open/mcpx", b"/open/mcp%", b"/open/mcp%2", b"/open/mcp%zz", b"/open/mcp/.well-known/../../../admin", b"/admin",
    b"/admin/", b"/%61dmin", b"/./admin", b"//admin", b"/open/../admin", b"\\admin", b"/open/mcp/\\..\\..\\admin",
    b"/open/mcp/~/../../../admin", b"/x/../open/mcp/../../admin",
]  # fmt: skip


def spellings() -> list[bytes]:
    """More than two hundred targets, each sent as it is; `@HOST` is the proxy's authority."""
    nested = [b"/open/mcp" + separator + segment for separator, segment in _cross(_SEPARATORS, _SEGMENTS)]
    outside = [
        b"/open/mcp/" + (parent + elsewhere) * 2 + b"admin"
        for parent, elsewhere in itertools.product(_PARENTS, _ELSEWHERE)
    ]
    return [*dict.fromkeys(nested + outside + _OTHERS)]


def _cross(separators: list[bytes], segments: list[bytes]):
    """Each separator before the plain segment and two others, each segment after a slash."""
    for at, separator in enumerate(separators):
        yield separator, b"inner"
        yield separator, segments[1 + at % (len(segments) - 1)]
        yield separator, segments[1 + at * 7 % (len(segments) - 1)]
    for segment in segments:
        yield b"/", segment


def meanings(path: bytes) -> set[bytes]:
    """The paths that servers may take this one for: decoded up to three times, with backslashes as slashes or not, with
    parameters of segments or without, cut at NUL, `?` and `#` or not; without empty and dot segments. Letters keep
    their case and segments their ends: a server that folds those has paths with two names of its own."""
    found = set()
    for _ in range(4):
        for text in {path, _long_forms(path)}:
            for slashes, parameters, cut in itertools.product((False, True), repeat=3):
                found.add(_normal(_changed(text, slashes, parameters, cut)))
        path = _decoded(path)
    return found


def _decoded(text: bytes) -> bytes:
    return re.sub(rb"%([0-9a-fA-F]{2})", lambda escape: bytes([int(escape[1], 16)]), text)


def _long_forms(text: bytes) -> bytes:
    """Overlong UTF-8 and %u escapes as the characters they were once taken for."""
    for long, short in (
        (rb"%c0%af|\xc0\xaf|%e0%80%af|\xe0\x80\xaf|%u002f", b"/"),
        (rb"%c0%ae|\xc0\xae|%e0%80%ae|\xe0\x80\xae|%uff0e", b"."),
        (rb"%c1%a9|\xc1\xa9|%u0069", b"i"),
    ):
        text = re.sub(long, short, text, flags=re.IGNORECASE)
    return text


def _changed(text: bytes, slashes: bool, parameters: bool, cut: bool) -> bytes:
    if cut:
        text = re.split(rb"[\0?#]", text)[0]
    if slashes:
        text = text.replace(b"\\", b"/")
    return re.sub(rb";[^/]*", b"", text) if parameters else text


def _normal(path: bytes) -> bytes:
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            kept = kept[:-1]
        elif segment not in (b"", b"."):
            kept.append(segment)
    return b"/" + b"/".join(kept)
