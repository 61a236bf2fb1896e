"""Ada's own calendar, and the requests that write into it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from tests.support.written_sessions import Diary
from workers.cronofy.sandbox import fault_injection

WRITES = "/v1/calendars"


def home(ada: Diary) -> str:
    return ada.account.seat.calendars[1]


@contextmanager
def a_late_write(ada: Diary) -> Iterator[None]:
    """A worker whose write is on its way until the block ends, and the worker with it: however long
    a machine takes for what happens meanwhile.
    """
    arrives = threading.Event()
    held_up = SimpleNamespace(sleep=lambda _seconds: arrives.wait(60))
    late = threading.Thread(target=ada.write)
    with patch.object(fault_injection, "time", held_up):
        ada.house.control.delay(WRITES, 1, times=1)
        late.start()
        try:
            while ada.house.control.state()["faults"]:
                late.join(0.02)
            yield
        finally:
            arrives.set()
            late.join()
