"""S01: hostile HTTP/1 requests before three upstreams at once. A row for each class of the corpus."""

import atexit
import functools

import corpus
from corpus import length_and_coding
from corpus.case import REJECT, SERVE
from harness import controls as controls_of
from harness import oracle
from harness.bench import Bench
from harness.gateway import Gateway
from harness.rows import row
from harness.trial import Trial


@functools.cache
def bench() -> Bench:
    """One gateway for all classes, so that what one case leaves behind would show in another."""
    bench = Bench()
    gateway = Gateway(config(bench.upstreams))
    bench.aim(gateway.address)
    atexit.register(bench.stop)
    atexit.register(gateway.stop)
    return bench


def config(upstreams: dict[str, int]) -> str:
    apis = "".join(
        f'  - {{ name: {path[1:].replace("/", "-")}, path: {path}, endpoints: ["http://127.0.0.1:{port}{path}"], '
        "plans: [keyless] }\n"
        for path, port in upstreams.items()
    )
    return f'listeners:\n  - {{ name: main, address: "127.0.0.1:0" }}\napis:\n{apis}'


def try_class(module) -> str:
    trials = bench().attempt(module.CASES)
    failures = faults(trials)
    assert not failures, "\n".join(failures.values())
    return figure(trials)


def faults(trials: list[Trial]) -> dict[str, str]:
    """The cases that did not end well: their bytes and what went wrong, before which upstreams."""
    found: dict[str, tuple[Trial, dict[str, list[str]]]] = {}
    for trial in trials:
        for fault in oracle.faults(trial):
            _, by_fault = found.setdefault(trial.case.id, (trial, {}))
            by_fault.setdefault(fault.replace(f"/{trial.upstream}/", "/…/"), []).append(trial.upstream)
    return {
        id: f"{id}: {shown(trial.sent)}: " + "; ".join(f"{fault} ({', '.join(by)})" for fault, by in by_fault.items())
        for id, (trial, by_fault) in found.items()
    }


def shown(sent: bytes) -> str:
    return repr(sent) if len(sent) <= 400 else f"{sent[:300]!r}… ({len(sent)} bytes)"


def figure(trials: list[Trial]) -> str:
    """Counts cases; what is said of one holds before all three upstreams."""
    rules = {trial.case.id: trial.case.rule for trial in trials}
    accepted = {trial.case.id for trial in trials if oracle.was_accepted(trial)}
    reached = {trial.case.id for trial in trials if oracle.reached_upstream(trial)}
    told = []
    if must_reject := {id for id, rule in rules.items() if rule == REJECT}:
        refused = len(must_reject - accepted)
        told.append(f"{refused} of {len(must_reject)} refused, {len(must_reject & reached)} reached an upstream")
    if must_serve := {id for id, rule in rules.items() if rule == SERVE}:
        told.append(f"{len(must_serve & accepted)} of {len(must_serve)} served that must be")
    if others := rules.keys() - must_reject - must_serve:
        served = len(others & accepted)
        told.append(f"of {len(others)} that may be either, {served} served as meant and {len(others) - served} refused")
    return "; ".join(told)


@row("S01 controls", "the oracle notices a proxy that refuses everything, and one that believes Content-Length alone")
def controls() -> str:
    must_serve = [[case for case in module.CASES if case.rule == SERVE] for module in corpus.CLASSES]
    bench = Bench()
    with controls_of.refusing() as refusing:
        bench.aim(("127.0.0.1", refusing.port))
        missed = sum(len(faults(bench.attempt(cases))) for cases in must_serve)
    total = sum(map(len, must_serve))
    assert missed == total, f"{missed} of {total}"
    with controls_of.naive(bench.upstreams) as naive:
        bench.aim(("127.0.0.1", naive.port))
        # The long ones it waits for, as it should.
        hostile = [case for case in length_and_coding.CASES[:11] if not case.id.endswith("long")]
        caught = len(faults(bench.attempt(hostile)))
    bench.stop()
    assert caught == len(hostile), f"{caught} of {len(hostile)}"
    return f"{missed} of {total} cases fail behind the first, {caught} of {len(hostile)} others behind the second"


def _register() -> None:
    for module, least in corpus.CLASSES.items():
        assert len(module.CASES) >= least, f"{module.NAME} has {len(module.CASES)} cases"
        what = f"hostile requests, {module.NAME}: {len(module.CASES)} cases before 3 upstreams"
        row(f"S01 {module.NAME}", what, fast=True)(functools.partial(try_class, module))


_register()
