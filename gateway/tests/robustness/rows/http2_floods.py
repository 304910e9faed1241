"""S06: floods of frames, streams and resets on one connection. It is ended, or what it costs is bounded; either way memory
and processor are free again at once."""

import functools
import time

from harness.gateway import Gateway
from harness.http2 import frames
from harness.http2.assault import Course, attack, seconds_until_quiet, target
from harness.http2.attacks import ATTACKS, Attack
from harness.http2.connection import Connection, Quiet
from harness.http2.footprint import Footprint
from harness.http2.neighbour import is_served
from harness.limits import BUILD
from harness.rows import row

GROWTH_MAX = 32 << 20
BACK_WITHIN = 2.0
# Where a client does not read, this is how long it may do so.
LISTENER = "http2: true, limits: { min_rate_grace: 1s }"


def flood(of: Attack, count: int) -> str:
    with target(LISTENER) as gateway:
        return flood_on(gateway, of, count)


def flood_on(gateway: Gateway, of: Attack, count: int, patience: float = 2.0) -> str:
    assert is_served(gateway)
    footprint, cpu = Footprint(gateway), gateway.cpu_seconds()
    course = attack(gateway.address, of, count, patience)
    back, peak = seconds_until_quiet(gateway), footprint.peak()
    cpu = gateway.cpu_seconds() - cpu
    assert gateway.is_alive(), "the gateway has ended"
    assert is_served(gateway), "another client was not served"
    figure = f"{shown(course)}, memory +{peak / 1e6:.1f} MB, {cpu:.2f} s of processor, back after {back:.1f} s{BUILD}"
    assert peak <= GROWTH_MAX and back <= BACK_WITHIN, figure
    return figure


def shown(course: Course) -> str:
    sent = f"{course.sent / 1000:,.0f} kB" + ("" if course.was_all else " taken")
    if course.closed_after is None:
        return f"{sent}, the connection stays open"
    return f"{sent}, ended with {course.end} {course.closed_after:.1f} s after the last"


@row("S06", f"{len(ATTACKS)} floods of HTTP/2, a little of each: ended, or below 32 MiB and over within 2 s", fast=True)
def a_little_of_each() -> str:
    with target(LISTENER) as gateway:
        for of in ATTACKS:
            flood_on(gateway, of, of.few, patience=0.2)
    return "another client is served after each of them"


@row("S06 stall", "answers that a client holds back with a window of 0 are cut after `min_rate_grace`", fast=True)
def stall() -> str:
    """The same where the client gives a byte from time to time, below the rate that is asked for."""
    with target(LISTENER) as gateway:
        return f"window of 0: {cut_after(gateway, 0.0)}; a byte every 0.2 s: {cut_after(gateway, 0.2)}"


def cut_after(gateway: Gateway, drip: float) -> str:
    with Connection(gateway.address, (frames.INITIAL_WINDOW_SIZE, 0), patience=drip or 5.0) as connection:
        fields = [
            (b":method", b"GET"),
            (b":scheme", b"http"),
            (b":path", b"/nowhere"),
            (b":authority", gateway.authority.encode()),
        ]
        streams = set(range(1, 2 * connection.settings[frames.MAX_CONCURRENT_STREAMS], 2))
        connection.send(b"".join(frames.headers(stream, frames.block(fields)) for stream in sorted(streams)))
        began, many = time.monotonic(), len(streams)
        while streams:
            assert time.monotonic() - began < 15, f"{len(streams)} of {many} streams are held after 15 s"
            try:
                frame = connection.frame()
                if frame.kind == frames.RST_STREAM:
                    streams.discard(frame.stream)
            except Quiet:
                connection.send(b"".join(frames.window_update(stream, 1) for stream in streams))
        return f"{many} streams cut after {time.monotonic() - began:.1f} s"


def _register() -> None:
    for of in ATTACKS:
        what = f"{of}, {of.count:,} {of.unit}: ended or bounded, below 32 MiB, processor back within 2 s"
        row(f"S06 {of.name}", what)(functools.partial(flood, of, of.count))


_register()
