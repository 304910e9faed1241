"""What this process, and a gateway it starts, may use."""

import contextlib
import os
import resource
import time

# A debug build is many times slower: figures of it are shown, bounds on speed hold for a release build.
IS_RELEASE = "/release/" in os.path.abspath(os.environ.get("TOLLGATE_BIN") or "target/release/tollgate")
BUILD = "" if IS_RELEASE else " (debug build)"


def open_files(wanted: int) -> int:
    """Raises the limit on file descriptors of this process, and of those it starts from now on; says what it is."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError):  # Only root may go beyond.
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, most), max(wanted, most)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def until(done, patience: float, what: str) -> float:
    """Waits for something that can only be asked for, and says how long it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < patience, f"{what} within {patience} s"
        time.sleep(0.01)
    return time.monotonic() - began
