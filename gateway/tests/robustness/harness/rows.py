"""Rows: one criterion each, with the function that tries it."""

import dataclasses
import time
from collections.abc import Callable


class Skipped(Exception):
    """The row cannot run here; the text says what is missing."""


@dataclasses.dataclass(frozen=True)
class Row:
    id: str
    what: str
    fast: bool
    run: Callable[[], str]


@dataclasses.dataclass(frozen=True)
class Outcome:
    id: str
    what: str
    figure: str
    verdict: str
    seconds: float


ALL: list[Row] = []


def row(id: str, what: str, fast: bool = False):
    """Registers a function as a row. `fast`: it also runs in `make test`, within a few seconds."""

    def register(run: Callable[[], str]) -> Callable[[], str]:
        ALL.append(Row(id, what, fast, run))
        return run

    return register


def attempt(row: Row) -> Outcome:
    began = time.monotonic()
    try:
        figure, verdict = row.run(), "pass"
    except Skipped as why:
        figure, verdict = str(why), "skip"
    except Exception as failure:  # Whatever breaks a row fails it; the table goes on.
        figure, verdict = f"{type(failure).__name__}: {failure}", "FAIL"
    return Outcome(row.id, row.what, figure, verdict, time.monotonic() - began)
