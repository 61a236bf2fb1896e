"""Until when whoever asks is served at all: one deadline for all work with the database, kept by each thread.

A server's own time-outs end only what a server can still say: one that is frozen, or behind a network
that forgot us, says nothing, and its kernel goes on acknowledging. So every wait looks here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic


class _Asked(threading.local):
    until: float | None = None


_asked = _Asked()


def begin(seconds: float) -> None:
    """All that this thread asks from now on has to be answered within so many seconds, until `end`."""
    _asked.until = monotonic() + seconds


def end() -> None:
    _asked.until = None


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """As `begin` for what is asked in this block, shorter or longer than what holds around it."""
    before = _asked.until
    begin(seconds)
    try:
        yield
    finally:
        _asked.until = before


def left(usual: float) -> float:
    """Seconds that may be waited now, never less than 0; `usual` where nobody set a deadline."""
    return usual if _asked.until is None else max(0.0, _asked.until - monotonic())
