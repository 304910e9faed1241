"""Faults that HTTP/2 servers and proxies had, each tried here. What they are is in their records; what is tried, in the rows."""

from corpus.case import REJECT
from corpus.http2 import authorities, field_names, field_values, methods, targets, trailers
from harness.http2 import assault, attacks, frames
from harness.http2.assault import Course, attack, seconds_until_quiet
from harness.http2.attacks import Attack
from harness.http2.connection import Connection
from harness.http2.downgrade import faults
from harness.http2.exchange import outcome
from harness.http2.footprint import Footprint
from harness.http2.neighbour import is_served
from harness.limits import BUILD
from harness.pair import PATH, Pair, pair
from harness.rows import row
from harness.upstreams.readers import reading
from rows.http2_downgrade import lane

MEGABYTE = 1_000_000
INJECTED = {"cr", "lf", "nul", "colon", "line", "request"}


def of_name(name: str) -> Attack:
    return next(attack for attack in attacks.ATTACKS if attack.name == name)


def ended(name: str, growth_max: int) -> tuple[Course, int]:
    """The course of an attack that has to end its connection, and the bytes it took at most."""
    with assault.target() as gateway:
        assert is_served(gateway)
        footprint = Footprint(gateway)
        course = attack(gateway.address, of_name(name), of_name(name).count)
        peak = footprint.peak()
        assert course.closed_after is not None, f"{name}: the connection stays open"
        assert peak < growth_max, f"{name}: {peak / MEGABYTE:.1f} MB"
        assert is_served(gateway), f"{name}: another client was not served"
    return course, peak


@row("CVE-2023-44487", "rapid reset of 100,000 streams: GOAWAY ENHANCE_YOUR_CALM, below 20 MiB", fast=True)
def rapid_reset() -> str:
    course, peak = ended("rapid reset", 20 << 20)
    assert course.end == "ENHANCE_YOUR_CALM", course.end
    return f"{course.end} after {course.sent / 1000:.0f} kB, {peak / MEGABYTE:.1f} MB"


@row("CVE-2025-8671", "MadeYouReset, 20,000 resets made in four ways: the connection is ended, below 20 MiB", fast=True)
def made_you_reset() -> str:
    figures = []
    for name in (attack.name for attack in attacks.ATTACKS if attack.name.startswith("MadeYouReset")):
        course, peak = ended(name, 20 << 20)
        way = name.removeprefix("MadeYouReset ")
        figures.append(f"{way}: {course.end} after {course.sent / 1000:.0f} kB, {peak / MEGABYTE:.1f} MB")
    return "; ".join(figures)


@row("RUSTSEC-2026-0258", "1,000,000 empty DATA on a stalled stream: the connection is ended, below 20 MiB", fast=True)
def empty_data() -> str:
    course, peak = ended("empty DATA", 20 << 20)
    return f"{course.end} after {course.sent / 1000:,.0f} kB, {peak / MEGABYTE:.1f} MB"


@row(
    "CVE-2024-28182", "10 MiB of CONTINUATION, and 100,000 empty ones: the connection is ended, below 20 MiB", fast=True
)
def continuations() -> str:
    figures = []
    for name in ("CONTINUATION flood", "CONTINUATION flood, empty"):
        course, peak = ended(name, 20 << 20)
        figures.append(f"{course.end}, {peak / MEGABYTE:.1f} MB")
    return "; ".join(figures)


@row("CVE-2026-110353", "100,000 PINGs as fast as can be: at most 1 s of processor, and it is free at once", fast=True)
def pings() -> str:
    figures = []
    for name in ("PING flood", "PING flood, unread"):
        with assault.target("http2: true, limits: { min_rate_grace: 1s }") as gateway:
            footprint, before = Footprint(gateway), gateway.cpu_seconds()
            course = attack(gateway.address, of_name(name), of_name(name).count, patience=1.0)
            back, cpu, peak = seconds_until_quiet(gateway), gateway.cpu_seconds() - before, footprint.peak()
            assert is_served(gateway), "another client was not served"
        end = course.end or "the connection stays open"
        figure = f"{name}: {cpu:.2f} s of processor, free after {back:.1f} s, {peak / MEGABYTE:.1f} MB, {end}"
        assert peak < 20 << 20 and back <= 1.0 and cpu <= 1.0, figure
        figures.append(figure)
    return "; ".join(figures) + BUILD


@row(
    "CVE-2026-26311",
    "HEADERS, RST_STREAM and DATA in a segment, 10,000 of them: no request arrives whole, nothing breaks",
    fast=True,
)
def reset_in_a_segment() -> str:
    """A connection that is ended for it is made again."""
    with pair(reading("recording"), "http2: true, limits: { misuse_pause: 0s }") as of:
        authority, sent, connections = of.gateway.authority.encode(), 0, 0
        while sent < 10_000:
            connections += 1
            with Connection(of.gateway.address) as connection:
                for segment in attacks.reset_with_data(authority, 100):
                    sent += 1
                    if not connection.send(segment):
                        break
        seconds_until_quiet(of.gateway)
        assert of.gateway.is_alive() and is_served(of.gateway)
        whole, begun = len(of.upstream.requests), len(of.upstream.connections)
        left_open = sum(not connection.ended.wait(2.0) for connection in list(of.upstream.connections))
    figure = f"{sent:,} on {connections} connections: {begun} reached the upstream, {whole} of them whole, {left_open} left open"
    assert not whole and not left_open, figure
    return figure


@row("CVE-2026-42926", "what would be another line or another request over HTTP/1.1 does not get there", fast=True)
def injection() -> str:
    modules = (authorities, field_names, field_values, methods, targets, trailers)
    cases = [case for module in modules for case in module.CASES if case.rule == REJECT and names_injection(case.id)]
    found = [f"{trial.case.id}: {'; '.join(wrong)}" for trial in lane().attempt(cases) if (wrong := faults(trial))]
    assert not found, f"{len(found)} of {len(cases)}: " + "; ".join(found)
    return f"{len(cases)} cases, each twice: none arrived"


def names_injection(id: str) -> bool:
    return not INJECTED.isdisjoint(id.split("-"))


@row(
    "CVE-2026-90678",
    "content shorter than it was said to be: the upstream's connection is closed, and never used again",
    fast=True,
)
def cut_short() -> str:
    """Each is followed by another client's request, for which a connection that is kept would be used."""
    with pair(reading("recording"), "http2: true") as of:
        seen = [cut_off(of, has_begun=bool(number % 2)) for number in range(50)]
        reached = [connection for connection in list(of.upstream.connections) if b"POST " in connection.bytes]
        left_open = sum(not connection.ended.wait(2.0) for connection in reached)
        used_again = sum(b"GET " in connection.bytes.partition(b"POST ")[2] for connection in reached)
        whole = sum(request.method == b"POST" for request in of.upstream.requests)
    figure = (
        f"{len(seen)} sent, {len(reached)} reached the upstream in part: {left_open} connections left open, {used_again} used "
        f"again; {whole} read as whole, {seen.count('')} answered"
    )
    assert not left_open and not used_again and not whole and not seen.count(""), figure
    return figure


def cut_off(of: Pair, has_begun: bool) -> str:
    """The error that it ends with. `has_begun`: the gateway has read the head before the content comes."""
    fields = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", PATH),
        (b":authority", of.gateway.authority.encode()),
    ]
    with Connection(of.gateway.address) as connection:
        connection.send(frames.headers(1, frames.block([*fields, (b"content-length", b"100")]), frames.END_HEADERS))
        if has_begun:
            connection.settled()
        connection.send(frames.data(1, b"ten bytes!"))
        seen = outcome(connection, 1)
    answer, arrived = of.ask(of.get())
    assert answer and answer.status == 200 and len(arrived) >= 1, f"the next request was answered {answer}"
    return seen.error
