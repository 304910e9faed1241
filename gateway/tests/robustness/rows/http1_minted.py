"""S20 and S22: what the gateway says about a request, no client can say in its place, under no spelling, and no client
can make it unsaid by naming it in Connection."""

import itertools

from harness.pair import Pair, pair
from harness.rows import row

# What the gateway writes, and what an upstream may take for it.
FORWARDING = [
    b"Forwarded", b"X-Forwarded-For", b"X-Forwarded-Host", b"X-Forwarded-Proto", b"X-Forwarded-Port",
    b"X-Forwarded-Prefix", b"X-Forwarded-Server", b"X-Real-IP",
]  # fmt: skip
# What it goes by, and an upstream must not read differently.
HEEDED = [b"Content-Length", b"Content-Type", b"Transfer-Encoding", b"Mcp-Session-Id", b"Mcp-Protocol-Version"]
FORGED = b"192.0.2.66"
CLAIMED = b"192.0.2.7"
PRESERVE = "upstream: { host: preserve }"
TRUSTED = "trusted_proxies: [127.0.0.1]"


def spellings(name: bytes) -> list[bytes]:
    """The name in several mixtures of letter cases."""
    mixed = bytes(ord(chr(byte).upper()) if at % 2 else ord(chr(byte).lower()) for at, byte in enumerate(name))
    return [name, name.lower(), name.upper(), mixed, mixed.swapcase()]


def aliases(name: bytes) -> list[bytes]:
    """The name with each of its hyphens as it is, as an underscore and as a dot."""
    parts = name.split(b"-")
    for separators in itertools.product((b"-", b"_", b"."), repeat=len(parts) - 1):
        alias = b"".join(itertools.chain.from_iterable(zip(parts, (*separators, b""))))
        if alias != name:
            yield alias


def expected(of: Pair, is_trusted: bool) -> dict[bytes, list[bytes]]:
    """What the upstream is told: the client, and the proxy that vouches for it; host and scheme as dialled."""
    client, proxy = (CLAIMED, b", 127.0.0.1") if is_trusted else (b"127.0.0.1", b"")
    nodes = b"for=%s, for=127.0.0.1" % client if is_trusted else b"for=127.0.0.1"
    authority = of.gateway.authority.encode()
    return {
        b"forwarded": [b'%s;host="%s";proto=http' % (nodes, authority)],
        b"x-forwarded-for": [client + proxy],
        b"x-forwarded-host": [authority],
        b"x-forwarded-proto": [b"http"],
    }


def told(request) -> dict[bytes, list[bytes]]:
    """What a request says about how it came, under whatever name."""
    said: dict[bytes, list[bytes]] = {}
    for name, value in request.fields:
        folded = name.lower().replace(b"_", b"-").replace(b".", b"-")
        if folded.startswith(b"x-forwarded-") or folded in (b"forwarded", b"x-real-ip"):
            said.setdefault(name, []).append(value)
    return said


@row("S20", "an upstream is told of the client by the gateway alone, with and without trusted proxies", fast=True)
def forged_fields() -> str:
    forged = 0
    for is_trusted in (False, True):
        with pair(listener=TRUSTED if is_trusted else "", api=PRESERVE) as of:
            vouched = b"X-Forwarded-For: %s\r\n" % CLAIMED if is_trusted else b""
            for name in FORWARDING:
                if is_trusted and name in (b"Forwarded", b"X-Forwarded-For"):
                    continue
                for spelling in spellings(name):
                    fields = b"%s: %s\r\n" % (spelling, FORGED)
                    answer, arrived = of.ask(of.get(vouched + fields + fields))
                    assert answer and answer.status == 200, f"{spelling}: {answer}"
                    assert told(arrived[0]) == expected(of, is_trusted), f"{spelling}: {told(arrived[0])}"
                    forged += 1
    return f"{forged} forged fields replaced or dropped"


@row(
    "S20 unlisted",
    "any other X-Forwarded field of a client is not passed on as if the gateway had written it",
    fast=True,
)
def unlisted_fields() -> str:
    names = [b"Scheme", b"Ssl", b"Protocol", b"Uri", b"Method", b"By", b"Path", b"User", b"Client-Cert", b"Anything"]
    passed = []
    with pair(api=PRESERVE) as of:
        for name in names:
            answer, arrived = of.ask(of.get(b"X-Forwarded-%s: forged\r\n" % name))
            if arrived and told(arrived[0]) != expected(of, False):
                passed.append(name.decode())
    assert not passed, f"passed on from an untrusted client: X-Forwarded-{passed}"
    return f"{len(names)} refused or dropped"


def aliases_refused(names: list[bytes], listener: str = "") -> int:
    tried = 0
    with pair(listener=listener) as of:
        for alias in itertools.chain.from_iterable(map(aliases, names)):
            for spelling in (alias, alias.lower(), alias.upper()):
                answer, arrived = of.ask(of.get(b"%s: %s\r\n" % (spelling, FORGED)))
                assert answer and answer.status == 400 and not arrived, f"{spelling}: {answer}"
                tried += 1
    return tried


@row(
    "CVE-2026-54763",
    "aliases with underscores and dots (X_Forwarded_For, X.Real.IP) are refused; also CVE-2026-88011",
    fast=True,
)
def alias_names() -> str:
    plain, trusting = aliases_refused(FORWARDING + HEEDED), aliases_refused(FORWARDING, TRUSTED)
    return f"{plain} aliases refused with 400, {trusting} of them behind a trusted proxy too"


@row("CVE-2026-35051", "a client's X-Forwarded-Prefix is not honoured, nor passed on", fast=True)
def forged_prefix() -> str:
    with pair(listener=TRUSTED) as of:
        for spelling in spellings(b"X-Forwarded-Prefix"):
            answer, arrived = of.ask(of.get(b"%s: /evil\r\n" % spelling))
            assert answer and answer.status == 200 and not arrived[0].all(b"x-forwarded-prefix"), f"{arrived}"
            assert arrived[0].target == b"/a/mcp", f"{arrived}"
    return "5 spellings dropped"


def nominations(name: bytes) -> list[bytes]:
    """Fields that name it as an option of the connection."""
    lists = [
        b"%s", b"close, %s", b"%s, close", b"keep-alive, %s, close", b",%s", b"%s,", b", ,%s, ,", b"\t%s\t", b"%s , %s",
        b"close,%s", b"x-other, %s",
    ]  # fmt: skip
    for spelling in spellings(name):
        for text in lists:
            yield b"Connection: %s\r\n" % text.replace(b"%s", spelling)
        yield b"Connection: close\r\nConnection: %s\r\n" % spelling
        yield b"Connection: %s\r\nConnection: %s\r\n" % (spelling, spelling)
        yield b"cOnNeCtIoN: %s\r\n" % spelling
        yield b"Proxy-Connection: %s\r\n" % spelling
        yield b"Connection: keep-alive\r\nKeep-Alive: %s\r\n" % spelling


def survive_nomination(names: list[bytes], listener: str = "", vouched: bytes = b"") -> tuple[int, int]:
    """How many nominations were refused, and after how many all that the gateway says still arrived."""
    refused = arrived_whole = 0
    carried = b"Authorization: Bearer t\r\nMcp-Session-Id: s\r\nMcp-Protocol-Version: 2025-06-18\r\n"
    with pair(listener=listener, api=PRESERVE) as of:
        for fields in itertools.chain.from_iterable(map(nominations, names)):
            answer, arrived = of.ask(of.get(vouched + carried + fields))
            assert answer and answer.status in (200, 400), f"{fields}: {answer}"
            if answer.status == 400:
                assert not arrived, f"{fields}: {arrived}"
                refused += 1
                continue
            said = told(arrived[0])
            assert said == expected(of, bool(listener)), f"{fields}: {said}"
            for line in carried.splitlines():
                name, _, value = line.partition(b": ")
                assert arrived[0].all(name.lower()) == [value], f"{fields}: {name} did not arrive"
            options = b",".join(arrived[0].all(b"connection")).lower()
            assert not any(name.lower() in options for name in names), f"{fields}: {options}"
            arrived_whole += 1
    return refused, arrived_whole


@row("S22", "what is nominated in Connection still arrives, or the request is refused", fast=True)
def nominated() -> str:
    names = [*FORWARDING, b"Authorization", b"Host", b"Mcp-Session-Id", b"Mcp-Protocol-Version"]
    refused, whole = survive_nomination(names)
    return f"{refused + whole} nominations: {refused} refused with 400, {whole} without effect"


@row("CVE-2026-105299", "Connection cannot take away what the gateway adds, behind a trusted proxy or not", fast=True)
def nominated_added() -> str:
    names = [b"Forwarded", b"X-Forwarded-For", b"X-Forwarded-Host", b"X-Forwarded-Proto"]
    counts = [
        survive_nomination(names),
        survive_nomination(names, TRUSTED, b"X-Forwarded-For: %s\r\n" % CLAIMED),
    ]
    return "; ".join(f"{refused} refused, {whole} without effect" for refused, whole in counts)


@row("CVE-2026-29054", "a lower-case connection field cannot take X-Real-IP away, nor put one in", fast=True)
def lower_case_connection() -> str:
    tried = 0
    with pair(api=PRESERVE) as of:
        for field, option in itertools.product(spellings(b"Connection"), spellings(b"X-Real-IP")):
            answer, arrived = of.ask(of.get(b"X-Real-IP: %s\r\n%s: %s\r\n" % (FORGED, field, option)))
            assert answer and answer.status in (200, 400), f"{field}: {option}: {answer}"
            assert all(told(request) == expected(of, False) for request in arrived), f"{arrived}"
            tried += 1
    return f"{tried} spellings without effect"
