"""Pushes that were refused because the database could not serve, made up for once it can.

Cronofy sends them again, but at times of its own, which after a long outage are minutes apart. This
process knows already that a read is owed. Nothing is promised by what it remembers: it was refused,
so Cronofy's next attempt comes even if we are killed, and finds the read owed already.
"""

import threading
from collections.abc import Callable
from time import monotonic, sleep

import structlog

from storage.schema.database import Database
from storage.schema.outages import Unavailable

log = structlog.get_logger()

MOST = 1_024
"""Different pushes: 100 bytes each. Whatever is refused beyond them is left to Cronofy."""
KEPT_SECONDS = 600.0
AGAIN_SECONDS = 0.25


class LatePushes:
    """One a process. `owe` writes down the read that a push of this kind on this channel asks for,
    as at its first coming; it raises Unavailable while that cannot be done.
    """

    def __init__(self, database: Database, owe: Callable[[bytes, str], object]) -> None:
        self._database = database
        self._owe = owe
        self._lock = threading.Lock()
        self._refused: dict[tuple[bytes, str], float] = {}  # until when it is tried, in their order
        self._trying = False

    def remember(self, channel: bytes, kind: str) -> None:
        """It was answered with 503. `channel`: the hash of its token."""
        with self._lock:
            if len(self._refused) < MOST:
                self._refused[channel, kind] = monotonic() + KEPT_SECONDS
            if self._trying:
                return
            self._trying = True
        try:
            threading.Thread(target=self._make_up, name="late-pushes", daemon=True).start()
        except RuntimeError:
            # No thread is left to make up for them. What is remembered waits for the next refused
            # push, which tries again, even where there is room for no more.
            with self._lock:
                self._trying = False
            log.warning("late_pushes_not_tried")

    def _make_up(self) -> None:
        done = 0
        while (found := self._take()) is not None:
            push, until = found
            try:
                self._owe(*push)
                done += 1
            except Unavailable:
                self._put_back(push, until)
                self._database.wait(AGAIN_SECONDS)
                sleep(AGAIN_SECONDS)
            except Exception:
                # One that is beyond us is one that Cronofy brings again, and must not be in the
                # way of those behind it.
                log.exception("late_push_failed")
        # The race: the process closed its database meanwhile. What was left is Cronofy's again, and
        # whoever reads the log must not take it for made up.
        if not self._database.closed:
            log.info("late_pushes_made_up", count=done)

    def _take(self) -> tuple[tuple[bytes, str], float] | None:
        """The first that is still to be tried, and until when. None: the thread ends, and the next
        refused push starts another.
        """
        # The race: a push that is refused while the thread is ending. Under the lock it finds it
        # either at work, or gone.
        with self._lock:
            while self._refused:
                # Taken out before it is tried: the same one, refused once more meanwhile, is news.
                push = next(iter(self._refused))
                until = self._refused.pop(push)
                if monotonic() < until and not self._database.closed:
                    return push, until
            self._trying = False
        return None

    def _put_back(self, push: tuple[bytes, str], until: float) -> None:
        """Behind the others: one row that somebody holds is in nobody's way."""
        with self._lock:
            self._refused.setdefault(push, until)
