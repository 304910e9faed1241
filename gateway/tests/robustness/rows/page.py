"""The page about all this is complete."""

from harness import page
from harness.rows import ALL, row


@row("page", "docs/robustness.md lists every row", fast=True)
def lists_every_row() -> str:
    text = page.PAGE.read_text()
    missing = [of.id for of in ALL if f"| {of.id} | {of.what} |" not in text]
    assert not missing, f"run.sh --list would add {missing}"
    return f"{len(ALL)} rows"
