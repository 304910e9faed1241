"""S03: hostile HTTP/2 requests before an HTTP/1.1 upstream. A row for each class of the corpus."""

import atexit
import contextlib
import functools

import corpus.http2 as corpus
from corpus.case import CLEAN, REJECT, SERVE
from corpus.http2 import field_values
from corpus.http2.case import CUT, Case
from harness.http2.controls import before, believing, refusing
from harness.http2.downgrade import Lane, Trial, faults
from harness.pair import pair
from harness.rows import row
from harness.upstreams.readers import reading
from harness.upstreams.server import Server


@functools.cache
def lane() -> Lane:
    """One gateway for all classes, so that what one case leaves behind would show in another."""
    until_the_end = contextlib.ExitStack()
    atexit.register(until_the_end.close)
    return Lane(until_the_end.enter_context(pair(reading("recording"), "http2: true, limits: { misuse_pause: 0s }")))


def try_class(module) -> str:
    trials = lane().attempt(module.CASES)
    found = [f"{trial.case.id}: {'; '.join(wrong)}" for trial in trials if (wrong := faults(trial))]
    assert not found, f"{len(found)} of {len(trials)}\n" + "\n".join(found)
    return figure(trials)


def figure(trials: list[Trial]) -> str:
    def of(rule: str) -> list[Trial]:
        return [trial for trial in trials if trial.case.rule == rule]

    clean = of(CLEAN)
    served = sum(all(outcome.is_relayed for outcome in trial.outcomes) for trial in clean)
    return (
        f"{len(of(REJECT) + of(CUT))} refused that must be, {len(of(SERVE))} served that must be; of {len(clean)} others {served} "
        f"served as they were meant and {len(clean) - served} refused"
    )


@row(
    "S03 controls",
    "the oracle notices a proxy that refuses everything, and one that writes fields into lines as they are",
    fast=True,
)
def controls() -> str:
    served = [case for module in corpus.CLASSES for case in module.CASES if case.rule == SERVE]
    missed = caught_behind(refusing(), reading("recording"), served)
    assert missed == len(served), f"{missed} of {len(served)}"
    hostile = [case for case in field_values.CASES if case.rule == REJECT and "cr-lf" in case.id or "line" in case.id]
    upstream = reading("recording")
    caught = caught_behind(believing(upstream.port), upstream, hostile)
    assert caught == len(hostile), f"{caught} of {len(hostile)}"
    return f"{missed} of {len(served)} must-serve cases fail behind the first, {caught} of {len(hostile)} others behind the second"


def caught_behind(proxy: Server, upstream: Server, cases: list[Case]) -> int:
    """How many cases do not end well."""
    with proxy, upstream:
        return sum(bool(faults(trial)) for trial in Lane(before(proxy, upstream)).attempt(cases))


def _register() -> None:
    for module, least in corpus.CLASSES.items():
        assert len(module.CASES) >= least, f"{module.NAME} has {len(module.CASES)} cases"
        what = f"hostile HTTP/2 requests, {module.NAME}: {len(module.CASES)} cases, each twice"
        row(f"S03 {module.NAME}", what, fast=True)(functools.partial(try_class, module))


_register()
