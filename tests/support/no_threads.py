"""A process at its limit of threads: the system refuses one more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def none_left(name: str) -> Iterator[None]:
    """No thread of this name can be started."""
    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == name:
            raise RuntimeError("can't start new thread")
        begin(thread)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        yield
