"""One event loop in a thread of its own, for all the upstreams and crowds of a row."""

import asyncio
import threading
from collections.abc import Coroutine

_LOOP = asyncio.new_event_loop()
threading.Thread(target=_LOOP.run_forever, name="robustness loop", daemon=True).start()


def run(work: Coroutine, patience: float = 120.0):
    """Runs it there to its end and returns what it returns."""
    return asyncio.run_coroutine_threadsafe(work, _LOOP).result(patience)


def begin(work: Coroutine):
    """Begins it there. The future it returns can be asked from any thread."""
    return asyncio.run_coroutine_threadsafe(work, _LOOP)
