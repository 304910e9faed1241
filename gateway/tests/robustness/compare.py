"""Sends the corpus to other proxies too and puts the table into docs/robustness.md: compare.py [--only NAME]"""

import argparse
import dataclasses
import datetime
import os
import subprocess
import sys
import time

import corpus
from corpus.case import REJECT, SERVE
from harness import oracle, page
from harness.bench import Bench
from harness.gateway import Gateway
from harness.trial import Trial
from proxies.caddy import CADDY_PROXY
from proxies.envoy import ENVOY_PROXY
from proxies.haproxy import HAPROXY_PROXY
from proxies.nginx import NGINX_PROXY
from proxies.proxy import Missing, Running
from proxies.traefik import TRAEFIK_PROXY
from rows.http1_corpus import config

PROXIES = [NGINX_PROXY, HAPROXY_PROXY, ENVOY_PROXY, CADDY_PROXY, TRAEFIK_PROXY]
# Some proxies wait a second for a body before they send what they have.
QUIET = 1.5


@dataclasses.dataclass
class Tally:
    """Numbers of cases, each counted once if it happened before any of the three upstreams."""

    cases: int = 0
    must_reject: int = 0
    accepted: int = 0
    reached: int = 0
    out_of_step: int = 0
    malformed: int = 0
    outlived: int = 0
    must_serve: int = 0
    not_served: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other))
        return Tally(*(one + two for one, two in pairs))


def tally(trials: list[Trial]) -> Tally:
    by_case: dict[str, list[Trial]] = {}
    for trial in trials:
        by_case.setdefault(trial.case.id, []).append(trial)
    total = Tally()
    for of_case in by_case.values():
        rule = of_case[0].case.rule
        must_reject, must_serve = rule == REJECT, rule == SERVE
        total += Tally(
            cases=1,
            must_reject=must_reject,
            accepted=must_reject and any(map(oracle.was_accepted, of_case)),
            reached=must_reject and any(map(oracle.reached_upstream, of_case)),
            out_of_step=any(map(oracle.is_out_of_step, of_case)),
            malformed=any(map(oracle.is_malformed_upstream, of_case)),
            outlived=any(map(oracle.outlives_its_end, of_case)),
            must_serve=must_serve,
            not_served=must_serve and not all(map(oracle.was_accepted, of_case)),
        )
    return total


def measured(bench: Bench, address: tuple[str, int]) -> dict[str, Tally]:
    """By class."""
    bench.aim(address)
    return {module.NAME: tally(bench.attempt(module.CASES)) for module in corpus.CLASSES}


def main() -> int:
    arguments = argparse.ArgumentParser(description="Compares what proxies make of the corpus.")
    arguments.add_argument("--only", metavar="NAME", help="only this proxy, and the page is left as it is")
    options = arguments.parse_args()
    results: dict[str, dict[str, Tally]] = {}
    skipped = []
    if not options.only:
        bench = Bench(QUIET)
        with Gateway(config(bench.upstreams)) as gateway:
            results[f"Tollgate {own_version()}"] = measured(bench, gateway.address)
        bench.stop()
    for proxy in PROXIES:
        if options.only and proxy.name.lower() != options.only.lower():
            continue
        began = time.monotonic()
        bench = Bench(QUIET)
        try:
            with Running(proxy, bench.upstreams) as running:
                results[f"{proxy.name} {running.version}"] = measured(bench, running.address)
                print(f"{proxy.name} {running.version}: {time.monotonic() - began:.0f} s", flush=True)
        except Missing as why:
            skipped.append(f"{proxy.name} was left out: {why}")
            print(f"SKIPPED: {skipped[-1]}", flush=True)
        bench.stop()
    text = table(results, skipped)
    print(text)
    if not options.only:
        page.write("comparison", f"As of {datetime.date.today()}.\n\n{text}")
    return 0


def own_version() -> str:
    program = os.environ.get("TOLLGATE_BIN") or "target/release/tollgate"
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


def table(results: dict[str, dict[str, Tally]], skipped: list[str]) -> str:
    names = list(results)
    totals = {name: sum(classes.values(), Tally()) for name, classes in results.items()}
    any_total = next(iter(totals.values()))
    lines = [
        f"| of {any_total.cases} requests | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
        line(f"must be refused ({any_total.must_reject}): answered 2xx", names, totals, lambda of: of.accepted),
        line("… reached an upstream whole", names, totals, lambda of: of.reached),
        line(
            "requests and answers out of step, or another client's disturbed", names, totals, lambda of: of.out_of_step
        ),
        line("arrived in a form that not every server reads alike", names, totals, lambda of: of.malformed),
        line("connection kept where it must end", names, totals, lambda of: of.outlived),
        line(f"must be served ({any_total.must_serve}): not served", names, totals, lambda of: of.not_served),
        "",
        f"Answered 2xx that must be refused, by class:\n\n| class | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for module in corpus.CLASSES:
        of_class = {name: results[name][module.NAME] for name in names}
        count = next(iter(of_class.values())).must_reject
        if count:
            lines.append(line(f"{module.NAME} ({count})", names, of_class, lambda of: of.accepted))
    return "\n".join([*lines, *(f"\n{why}." for why in skipped)])


def line(title: str, names: list[str], tallies: dict[str, Tally], figure) -> str:
    return f"| {title} | {' | '.join(str(figure(tallies[name])) for name in names)} |"


if __name__ == "__main__":
    sys.exit(main())
