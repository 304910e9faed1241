"""What is generated in docs/robustness.md, between two markers."""

import pathlib

from .rows import Row

PAGE = pathlib.Path(__file__).resolve().parents[4] / "docs" / "robustness.md"


def write(part: str, text: str) -> None:
    """Puts the text in the place of what is between the markers of this part."""
    page = PAGE.read_text()
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, found, rest = page.partition(begin)
    _, ends, after = rest.partition(end)
    assert found and ends, f"{PAGE.name} has no markers of {part}"
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def list_of(rows: list[Row]) -> str:
    """A table of rows by id."""
    lines = [f"| {row.id} | {row.what} | {'yes' if row.fast else ''} |" for row in sorted(rows, key=lambda row: row.id)]
    return "\n".join(["| row | what | in `make test` |", "|---|---|---|", *lines])
