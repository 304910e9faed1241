"""Runs the rows and prints their table: run.py [--fast] [--only ID_PREFIX] [--json FILE] | --list"""

import argparse
import dataclasses
import importlib
import json
import pathlib
import pkgutil
import sys

import rows
from harness import page, report
from harness.rows import ALL, Row, attempt


def chosen(fast: bool, only: str | None) -> list[Row]:
    for module in sorted(pkgutil.iter_modules(rows.__path__), key=lambda module: module.name):
        importlib.import_module(f"rows.{module.name}")
    return [row for row in ALL if (row.fast or not fast) and (only is None or row.id.startswith(only))]


def main() -> int:
    arguments = argparse.ArgumentParser(description="Tries what the gateway withstands.")
    arguments.add_argument("--fast", action="store_true", help="only rows that take a few seconds")
    arguments.add_argument("--only", metavar="ID", help="only rows whose id begins so")
    arguments.add_argument("--json", metavar="FILE", type=pathlib.Path, help="also write the outcomes there")
    arguments.add_argument("--list", action="store_true", help="write the list of rows in docs/robustness.md, and end")
    options = arguments.parse_args()
    if options.list:
        page.write("rows", page.list_of(chosen(fast=False, only=None)))
        return 0
    outcomes = []
    for row in chosen(options.fast, options.only):
        outcomes.append(attempt(row))
        print(report.line(outcomes[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps([dataclasses.asdict(outcome) for outcome in outcomes], indent=1) + "\n")
    print(report.closing_line(outcomes))
    return 1 if not outcomes or any(outcome.verdict == "FAIL" for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
