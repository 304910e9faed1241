"""The programs of a count: the upstream as it is, the gateway or the floor under callgrind."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence

import callgrind
from connection import Wrong
from counts import Counts, counts

PATIENCE = 120.0
# The C library would copy what is longer than 4 KB by one instruction (rep movsb), of which valgrind counts every byte.
WITHOUT_LONG_MOVES = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS"}


@contextlib.contextmanager
def running(command: list[str], **options) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        # Twice: the gateway waits for its clients after the first.
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def upstream(bench: str, keys: pathlib.Path) -> Iterator[str]:
    """The stub of `make bench`; yields its address."""
    command = [bench, "upstream", "--listen", "127.0.0.1:0", "--keys", str(keys)]
    with running(command, stdout=subprocess.PIPE) as process:
        yield json.loads(process.stdout.readline())["address"]


class Counted:
    """A program under callgrind. Profiles are written into `folder`."""

    def __init__(self, process: subprocess.Popen, program: pathlib.Path, folder: pathlib.Path):
        self._process, self._program, self._folder = process, program, folder
        self._profiles = 0

    def wait_until_ready(self, opened: Callable[[], contextlib.AbstractContextManager]) -> None:
        """Until an exchange on what is opened is as it should be: keys of issuers may come after the first request."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with opened() as one:
                    return one.exchange()
            except (OSError, Wrong) as error:
                if self._process.poll() is not None:
                    log = (self._folder / "valgrind.log").read_text()
                    raise RuntimeError(f"it has ended with status {self._process.returncode}:\n{log}") from None
                if time.monotonic() > until:
                    raise RuntimeError(f"it does not answer as it should: {error}") from None
                time.sleep(0.2)

    def control(self, *arguments: str) -> None:
        command = ["callgrind_control", *arguments, str(self._process.pid)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")

    def counts(self) -> Counts:
        """Since this was last asked, or since counting was switched on."""
        self.control("--dump")
        self._profiles += 1
        return counts(callgrind.read(self.profile().read_text()), self._program)

    def profile(self) -> pathlib.Path:
        """The last one."""
        return self._folder / f"callgrind.out.{self._profiles}"


@contextlib.contextmanager
def counted(command: list[str], folder: pathlib.Path, options: Sequence[str] = ()) -> Iterator[Counted]:
    valgrind = [
        "valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/callgrind.out",
        f"--log-file={folder}/valgrind.log", "--dump-instr=yes", *options,
    ]
    processor = min(os.sched_getaffinity(0))
    # The gateway has a thread for each processor it may use. One, and so the same everywhere, does not hand over work.
    one = lambda: os.sched_setaffinity(0, {processor})
    environment = {**os.environ, **WITHOUT_LONG_MOVES}
    with running([*valgrind, *command], stdout=subprocess.DEVNULL, preexec_fn=one, env=environment) as process:
        yield Counted(process, pathlib.Path(command[0]).resolve(), folder)


def free_address() -> tuple[str, int]:
    """For a program whose log, which would name a port that it has chosen, is off."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()
