"""How long whoever asks waits for the database in all: one measure for all work of a request.

A server's own time-outs end only what a server can still say: one that is frozen, or behind a
network that forgot us, says nothing, and its kernel goes on acknowledging. So every wait looks
here. Only waiting counts: a request that computes for long is no outage. Kept by each thread.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic


class _Asking(threading.local):
    left: float | None = None


_asking = _Asking()


def begin(seconds: float) -> None:
    """This thread waits for so many seconds in all, until `end`."""
    _asking.left = seconds


def end() -> None:
    _asking.left = None


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """As `begin` for what is asked in this block, shorter or longer than what holds around it."""
    before = _asking.left
    _asking.left = seconds
    try:
        yield
    finally:
        _asking.left = before


def left(usual: float) -> float:
    """Seconds that may be waited now, never less than 0; `usual` where nobody set a deadline."""
    if _asking.left is None:
        return usual
    return _asking.left


def waited(since: float) -> None:
    """Somebody waited from then, by time.monotonic, until now."""
    seconds = _asking.left
    if seconds is not None:
        _asking.left = max(0.0, seconds - (monotonic() - since))
