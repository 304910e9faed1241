"""The table of a run, and its closing line."""

import shutil
import textwrap

from .rows import Outcome


def line(outcome: Outcome) -> str:
    """One row of the table; a long figure goes on below itself."""
    width = max(60, min(shutil.get_terminal_size((140, 40)).columns, 160))
    head = f"{outcome.verdict:<4}  {outcome.id:<10}  {outcome.seconds:6.1f} s  {outcome.what}"
    figure = textwrap.wrap(outcome.figure, width - 8, break_long_words=False) or [""]
    return "\n".join([head, *(f"        {part}" for part in figure)])


def closing_line(outcomes: list[Outcome]) -> str:
    count = {verdict: sum(outcome.verdict == verdict for outcome in outcomes) for verdict in ("pass", "FAIL", "skip")}
    return f"{count['pass']} passed, {count['FAIL']} failed, {count['skip']} skipped"
