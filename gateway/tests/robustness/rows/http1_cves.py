"""Faults that other proxies had, where the corpus already holds the bytes: the cases by name, before the same
upstreams."""

from corpus import transfer_encoding, versions
from corpus.case import Case
from harness import oracle
from harness.rows import row
from rows.http1_corpus import bench, faults

OLD_AND_CODED = ["1.0-coding", "1.0-coding-and-length", "1.0-coding-kept-alive", "1.0-post-until-close"]


def named(module, ids: list[str]) -> list[Case]:
    found = [case for case in module.CASES if case.id in ids]
    assert len(found) == len(ids), f"{module.NAME} lacks one of {ids}"
    return found


@row("CVE-2026-2835", "HTTP/1.0 with a transfer coding, several codings, and a coding listed twice", fast=True)
def http_1_0_and_several_codings() -> str:
    cases = [
        *named(versions, OLD_AND_CODED),
        *(
            case
            for case in transfer_encoding.CASES
            if "chunked-" in case.id or "-chunked" in case.id or "twice" in case.id
        ),
    ]
    trials = bench().attempt(cases)
    failures = faults(trials)
    assert not failures, "\n".join(failures.values())
    served = {trial.case.id for trial in trials if oracle.was_accepted(trial)}
    told = ", ".join(served) or "none"
    return f"{len(cases)} cases: {len(cases) - len(served)} refused, and served without their tail: {told}"
