"""Writes down which code requests go through, so that the linker puts it side by side: `make layout`.

A relayed call runs 3,400 lines of 64 bytes, of 12 MB of code. As the linker finds them they are on twice as many pages
of memory as together, and the processor has to look up where each page is.
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

import callgrind
import programs
from paths import ALL
from run import MANY, Run, options
from tokens import Issuer

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {"floor": ROOT / "benches/floor/layout.ld", "tollgate": ROOT / "gateway/layout.ld"}

# A name ends in a hash that another compiler or dependency makes another one of, so it is left out where what else is
# called so is no longer than this, in bytes. Much more would take the place of what is gone through.
ELSE_MOST = 2048
HASHED = re.compile(r"(_ZN.*17h)[0-9a-f]{16}E(?:\.llvm\.\d+)?")
# The linker adds another to what only one part of a program knew.
OF_A_PART = re.compile(r"\.llvm\.\d+$")
HEADER = """\
/* What requests go through, side by side. Written by `make layout`; a name that is not there any more does no harm. */
SECTIONS
{
  .text : ALIGN(4096)
  {
    requests_begin = .;
"""
FOOTER = """\
    requests_end = .;
    *(.text .text.*)
  }
}
INSERT BEFORE .fini;
"""


def functions(program: pathlib.Path) -> dict[str, int]:
    """All of a program and how long they are, in the order of their addresses."""
    command = ["nm", "--numeric-sort", "--print-size", "--defined-only", str(program)]
    found = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    said = re.findall(r"^[0-9a-f]+ ([0-9a-f]+) [tTwW] (\S+)$", found.stdout, re.MULTILINE)
    return {name: int(length, 16) for length, name in said}


def gone_through(profile: str, program: pathlib.Path) -> set[str]:
    """Those functions of the program that a request spends something in."""
    costs = callgrind.read(profile).costs()
    return {name for (file, name), spent in costs if file == str(program) and spent >= MANY}


def patterns(wanted: set[str], everything: dict[str, int]) -> list[str]:
    """What they are called, in the order of the program."""
    alike: collections.Counter[str] = collections.Counter()
    for name, length in everything.items():
        alike[stem(name)] += length
    is_alone = lambda name: alike[stem(name)] - everything[name] <= ELSE_MOST
    return [stem(name) if is_alone(name) else whole(name) for name in everything if name in wanted]


def stem(name: str) -> str:
    hashed = HASHED.fullmatch(name)
    return f"{hashed[1]}*" if hashed else whole(name)


def whole(name: str) -> str:
    return OF_A_PART.sub("*", name)


def main() -> int:
    chosen = options()
    with tempfile.TemporaryDirectory() as name:
        folder = chosen.profiles = pathlib.Path(name)
        issuer, keys = Issuer(folder), folder / "keys.json"
        keys.write_text(issuer.key_set())
        with programs.upstream(chosen.bench, keys) as upstream:
            run = Run(chosen, upstream, issuer.token(f"http://{upstream}"), valgrind=["--demangle=no"])
            for program, file in FILES.items():
                path = pathlib.Path(getattr(chosen, program)).resolve()
                everything = functions(path)
                # Those of a relayed call come first, as the first path of all.
                found: dict[str, None] = {}
                for one in (one for one in ALL if (one.api is None) == (program == "floor")):
                    print(f"{program}: {one.what}", file=sys.stderr, flush=True)
                    run.count(one)
                    wanted = gone_through(run.profile(one).read_text(), path)
                    found |= dict.fromkeys(patterns(wanted, everything))
                lines = [f"    *(.text.{pattern})\n" for pattern in found]
                file.write_text(f"{HEADER}{''.join(lines)}{FOOTER}")
                print(f"{len(lines)} names in {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
