"""S23: the path that is authorised is the path that is forwarded, and no server takes it for another API's."""

import itertools

from corpus.paths import meanings, spellings
from harness.client import Client, Response
from harness.gateway import Gateway
from harness.rows import row
from harness.upstreams.readers import reading
from harness.upstreams.server import Server

OPEN, INNER = b"/open/mcp", b"/open/mcp/inner"


def config(open_url: str, inner_url: str, apis: int, hosts: str = "") -> str:
    """An API at /open/mcp, one below it that is another's, and as many more as it takes."""
    api = '  - {{ name: {}, path: {}, endpoints: ["{}"], plans: [keyless]{} }}\n'
    written = [api.format("open", OPEN.decode(), open_url, hosts)]
    if apis > 1:
        written.append(api.format("inner", INNER.decode(), inner_url, hosts))
    written += (api.format(f"t{n}", f"/t{n}/mcp", "http://127.0.0.1:9/mcp", "") for n in range(apis - len(written)))
    return f'listeners:\n  - {{ name: main, address: "127.0.0.1:0" }}\napis:\n{"".join(written)}'


def ask(gateway: Gateway, target: bytes, host: bytes | None = None) -> Response | None:
    authority = gateway.authority.encode()
    target = target.replace(b"@HOST", authority)
    with Client(gateway.address) as client:
        client.send(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host or authority))
        return client.response()


def belongs(path: bytes, api: bytes) -> bool:
    return path == api or path.startswith(api + b"/")


def tried(apis: int, mount: bytes = OPEN) -> tuple[int, int]:
    """How many spellings were refused and how many forwarded; none of these escapes its API. `mount` is the path of the
    outer API at its upstream."""
    with reading("recording") as outer, reading("recording") as inner:
        with Gateway(config(outer.url(mount.decode()), inner.url(INNER.decode()), apis)) as gateway:
            plain = [ask(gateway, path) for path in (OPEN, OPEN + b"/x", INNER)]
            assert all(answer and answer.status == 200 for answer in plain), f"{plain}"
            targets = spellings()
            refused = forwarded = 0
            faults: list[str] = []
            for target in targets:
                before = len(outer.requests), len(inner.requests)
                answer = ask(gateway, target)
                assert answer and answer.status in (200, 400, 404, 414), f"{target!r}: {answer}"
                here, there = outer.requests[before[0] :], inner.requests[before[1] :]
                assert len(here) + len(there) == (answer.status == 200), f"{target!r}: {answer.status} {here} {there}"
                for request in here:
                    faults += outer_faults(target, request.target, mount, nested=apis > 1)
                for request in there:
                    faults += inner_faults(target, request.target)
                forwarded += answer.status == 200
                refused += answer.status != 200
    assert not faults, f"{len(faults)} of {len(targets)}: " + "; ".join(faults)
    return refused, forwarded


def rest(sent: bytes, api: bytes) -> bytes:
    """What has to be appended to the endpoint's path. A slash alone is not: both are the API's own path."""
    path, mark, query = sent[len(api) :].partition(b"?")
    return (b"" if path == b"/" else path) + mark + query


def outer_faults(sent: bytes, arrived: bytes, mount: bytes, nested: bool) -> list[str]:
    if not sent.startswith(OPEN) or arrived != mount + rest(sent, OPEN):
        return [f"{sent!r} was forwarded as {arrived!r}"]
    for meaning in meanings(arrived.split(b"?")[0]):
        if not belongs(meaning, mount):
            return [f"{sent!r} can be taken for {meaning!r}, outside of the API"]
        if nested and belongs(OPEN + meaning[len(mount) :], INNER):
            return [f"{sent!r} can be taken for {meaning!r}, which is another API's"]
    return []


def inner_faults(sent: bytes, arrived: bytes) -> list[str]:
    if arrived != INNER + rest(sent, INNER):
        return [f"{sent!r} was forwarded as {arrived!r}"]
    outside = [meaning for meaning in meanings(arrived.split(b"?")[0]) if not belongs(meaning, INNER)]
    return [f"{sent!r} can be taken for {outside}, outside of the API"] if outside else []


def told(counts: tuple[int, int]) -> str:
    return f"{sum(counts)} spellings, {counts[0]} refused, {counts[1]} forwarded byte for byte, 0 escapes"


@row("S23", "spellings of a path never escape their API: 1 and 100 APIs", fast=True)
def few_apis() -> str:
    return "; ".join(f"{apis} APIs: {told(tried(apis))}" for apis in (1, 100))


@row("S23 10,000", "spellings of a path never escape their API: 10,000 APIs")
def many_apis() -> str:
    return told(tried(10_000))


@row("CVE-2026-40912", "a prefix that is taken off leaves no dot segment behind; also CVE-2026-48020", fast=True)
def prefix_taken_off() -> str:
    return told(tried(2, b"/up/there"))


@row("CVE-2026-27587", "hosts and paths match alike with 1, 99, 101 and 1,000 of them; also -27588, -27585, -92700")
def many_hosts() -> str:
    figures = []
    for count in (1, 99, 101, 1_000):
        figures.append(f"{count} hosts: {hosts_tried(count)}")
    return "; ".join(figures)


def hosts_tried(count: int) -> str:
    with reading("recording") as upstream, Gateway(config_of_hosts(upstream, count)) as gateway:
        answers = {}
        for number in {0, count // 2, count - 1}:
            name = b"h%d" % number
            for host in (name + b".example", name.upper() + b".EXAMPLE", name.upper() + b".example"):
                answer = ask(gateway, b"/p/mcp", host)
                assert answer and answer.body == b"GET /of/%s seen" % name, f"{host!r}: {answer}"
            for host, path in itertools.product(
                (name + b".example", name.upper() + b".EXAMPLE"),
                (b"/P/mcp", b"/%70/mcp", b"/p%2fmcp", b"/p/*", b"/?/mcp"),
            ):
                answer = ask(gateway, path, host)
                assert answer and answer.status in (400, 404), f"{host!r} {path!r}: {answer}"
                answers[path] = answer.status
        for host in (
            b"h*.example",
            b"*.example",
            b"h?.example",
            b"h%d.example" % count,
            b"[h0].example",
            b"h0.exampl%65",
        ):
            answer = ask(gateway, b"/p/mcp", host)
            assert answer and answer.status in (400, 421), f"{host!r}: {answer}"
    return "no case of a host matters, each of a path does"


def config_of_hosts(upstream: Server, count: int) -> str:
    urls = ", ".join(f"http://h{n}.example" for n in range(count))
    api = '  - {{ name: a{0}, path: /p/mcp, hosts: [h{0}.example], endpoints: ["{1}"], plans: [keyless] }}\n'
    apis = "".join(api.format(n, upstream.url(f"/of/h{n}")) for n in range(count))
    return f'public_urls: [{urls}]\nlisteners:\n  - {{ name: main, address: "127.0.0.1:0" }}\napis:\n{apis}'
