"""Counts the instructions that a request or an event takes in the gateway, and how often it allocates, and compares both with
bounds.json: `make instructions`.

Seconds differ from one run to the next, these hardly do: a change that costs is seen where no clock would show it.
"""

import argparse
import contextlib
import pathlib
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence

import bounds
import events
import programs
import table
from connection import Connection, Wrong
from counts import Counts
from paths import ALL, Path
from tokens import Issuer

WARM_UP = 200
# The difference of two counts has nothing in it that is done once, or because somebody looks.
FEW, MANY = 500, 1500


class Run:
    """`valgrind` are more of its options."""

    def __init__(self, options: argparse.Namespace, upstream: str, token: str, valgrind: Sequence[str] = ()):
        self._options, self._upstream, self._token, self._valgrind = options, upstream, token, valgrind

    def count(self, path: Path) -> Counts:
        """Of each request. The profile of the longer part is kept."""
        address = programs.free_address()
        with tempfile.TemporaryDirectory() as name, self._exchanges(path, address) as (upstream, opened):
            folder = pathlib.Path(name)
            command = self._command(path, authority(address), upstream, folder)
            with programs.counted(command, folder, self._valgrind) as program:
                program.wait_until_ready(opened)
                with opened() as one:
                    one.exchange(WARM_UP)
                    program.control("--instr=on")
                    one.exchange(FEW)
                    few = program.counts()
                    one.exchange(MANY)
                    many = program.counts()
                shutil.copy(program.profile(), self.profile(path))
        return many.more_than(few, MANY - FEW)

    @contextlib.contextmanager
    def _exchanges(self, path: Path, address: tuple[str, int]) -> Iterator[tuple[str, Callable]]:
        """The upstream of a path, and what opens a connection or a stream for its exchanges."""
        request = path.request(authority(address), self._token)
        if not path.events:
            content = path.expected(authority(address))
            yield self._upstream, lambda: Connection(address, request, path.status, content)
            return
        with contextlib.closing(events.Server()) as server:
            yield server.address, lambda: server.stream(address, request)

    def profile(self, path: Path) -> pathlib.Path:
        return self._options.profiles / f"{path.id}.callgrind"

    def _command(self, path: Path, listen: str, upstream: str, folder: pathlib.Path) -> list[str]:
        if path.api is None:
            return [self._options.floor, "--listen", listen, "--upstream", upstream, "--threads", "1"]
        file = folder / "gateway.yaml"
        file.write_text(path.configuration(listen, upstream))
        return [self._options.tollgate, "run", "-c", str(file)]


def authority(address: tuple[str, int]) -> str:
    host, port = address
    return f"{host}:{port}"


def options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description="Counts the instructions and allocations of a request, and compares with the bounds.")
    arguments.add_argument("--tollgate", default="target/release/tollgate", help="the gateway")
    arguments.add_argument("--floor", default="target/release/floor", help="the bare Pingora pass-through")
    arguments.add_argument("--bench", default="target/release/bench", help="the harness, for the server behind both")
    arguments.add_argument("--profiles", type=pathlib.Path, default="target/instructions", help="where to keep profiles")
    arguments.add_argument("--only", metavar="IDS", help="only these paths, such as W1,W11")
    arguments.add_argument("--update", action="store_true", help="make what is counted the bounds")
    return arguments.parse_args()


def chosen(only: str | None) -> list[Path]:
    paths = {path.id: path for path in ALL}
    names = only.split(",") if only else list(paths)
    unknown = [name for name in names if name not in paths]
    if unknown:
        sys.exit(f"no such path: {', '.join(unknown)}; there are {', '.join(paths)}")
    return [paths[name] for name in names]


def counts(run: Run, paths: list[Path]) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for number, path in enumerate(paths, 1):
        print(f"{number}/{len(paths)} {path.id}: {path.what}", file=sys.stderr, flush=True)
        try:
            found[path.id] = run.count(path)
        except (RuntimeError, Wrong, OSError) as error:
            sys.exit(f"{path.id}: {error}")
    return found


def hindrance() -> str | None:
    """Why instructions cannot be counted here, or not be compared."""
    if not shutil.which("callgrind_control"):
        return "valgrind is not installed"
    if not re.search(r"^flags\b.* avx2\b", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE):
        return "the bounds are of x86-64 processors with AVX2"
    return None


def main() -> int:
    chosen_options = options()
    paths = chosen(chosen_options.only)
    if reason := hindrance():
        print(f"SKIPPED: instructions were not counted, as {reason}")
        return 0
    for program in (chosen_options.tollgate, chosen_options.floor, chosen_options.bench):
        if not pathlib.Path(program).is_file():
            sys.exit(f"not built: {program}")
    # What was started is ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    compiler = bounds.compiler_of(chosen_options.tollgate)
    chosen_options.profiles.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        issuer, keys = Issuer(pathlib.Path(folder)), pathlib.Path(folder) / "keys.json"
        keys.write_text(issuer.key_set())
        with programs.upstream(chosen_options.bench, keys) as upstream:
            run = Run(chosen_options, upstream, issuer.token(f"http://{upstream}"))
            found = counts(run, paths)
    if chosen_options.update:
        bounds.update(found, compiler)
    if compiler != (counted_with := bounds.read().compiler):
        print(f"built with {compiler}, and the bounds are of {counted_with}: some of a change may be the compiler's")
    failed = table.compared(found, bounds.read())
    for path in (path for path in paths if path.id in failed):
        profile = run.profile(path)
        print(f"see where, for {MANY} of {path.id}: callgrind_annotate {profile}")
        print(f"and who allocates: callgrind_annotate --tree=caller --inclusive=yes {profile}")
    if failed:
        print("what is worth its cost becomes the bound with --update")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
