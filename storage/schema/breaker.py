"""After a failure that says that the database is away, this process asks it nothing until a probe
succeeds. Otherwise each request would wait for its own deadline, and all threads with it.
"""

import threading
from collections.abc import Callable
from time import monotonic

import psycopg
import structlog
from psycopg.errors import ConnectionTimeout

from storage.schema.outages import Kind, Outage, Probed, kind_of

log = structlog.get_logger()

PROBE_EVERY_SECONDS = 1.0
FAIR_SECONDS = 1.5
"""To be silent for so long says something about the database. (A connection gets 2 s.)"""


class DatabaseBreaker:
    """Closed while all is well: `check` passes. Open: it raises Outage, at once."""

    def __init__(self, probe: Callable[[], None]) -> None:
        """`probe` opens a connection of its own, and raises what is wrong with the database."""
        self.kind: Kind | None = None
        self._probe = probe
        self._lock = threading.Lock()
        self._watching = False
        self._probed_at = 0.0
        self._well_since = 0.0  # when the last probe that succeeded began
        self._closed = threading.Event()
        self._well = threading.Event()
        self._well.set()

    def check(self) -> None:
        if self.kind is not None:
            raise Outage(self.kind, Probed("no probe has succeeded since it failed"))

    def trip(self, error: psycopg.Error, asked: float) -> bool:
        """Open, and watch for the end of it. `asked`: when whoever met this error asked, by
        time.monotonic. False: it is no news.
        """
        # The race: somebody asked during an outage, and still waited for an answer when a probe
        # found that it was over. Open again, each push and booking of a second would be refused.
        if asked < self._well_since:
            return False
        # Whoever had next to nothing left of its time and gave up has learned little. A probe has
        # more of it, and is to say what is the matter.
        waited = monotonic() - asked
        if isinstance(error, ConnectionTimeout) and waited < FAIR_SECONDS:
            self.suspect()
            return True
        self._open(kind_of(error), error)
        self._watch_over()
        return True

    def wait(self, seconds: float) -> None:
        """Until it is closed, but no longer than that."""
        self._well.wait(seconds)

    def suspect(self) -> None:
        """Many wait: is it out? That is for a probe to say, at most once a second."""
        if monotonic() - self._probed_at > PROBE_EVERY_SECONDS:
            self._watch_over()

    def close(self) -> None:
        """No more probes."""
        self._closed.set()

    def _open(self, kind: Kind, error: Exception) -> None:
        # Many threads meet the same outage at once: one of them has news to tell.
        with self._lock:
            news, self.kind = self.kind is None, kind
            self._well.clear()
        if news:
            log.warning("database_out", kind=kind, error=type(error).__name__)

    def _watch_over(self) -> None:
        """Probe now, and until one succeeds."""
        # Two threads that fail at once must not start two watches.
        with self._lock:
            if self._watching or self._closed.is_set():
                return
            self._watching = True
        try:
            threading.Thread(target=self._watch, name="database-probe", daemon=True).start()
        except RuntimeError:
            # No thread is left to probe, and nobody else would ever close this: so whoever needs
            # the database goes on to ask it, and the next failure tries again.
            with self._lock:
                self.kind, self._watching = None, False
                self._well.set()
            log.warning("database_not_watched")

    def _watch(self) -> None:
        began = monotonic()
        while not self._passes():
            if self._closed.wait(PROBE_EVERY_SECONDS):
                return
        # One step: a failure that comes in between would find a watch that is ending, start none,
        # and leave the breaker open for ever.
        with self._lock:
            self._well_since = self._probed_at
            was, self.kind, self._watching = self.kind, None, False
            self._well.set()
        if was is not None:
            log.info("database_back", kind=was, seconds=round(monotonic() - began, 1))

    def _passes(self) -> bool:
        self._probed_at = monotonic()
        try:
            self._probe()
        except Exception as error:  # noqa: BLE001 (whatever it is, the watch must go on)
            kind = kind_of(error)
            # A probe asks nothing that could be wrong: what it does not get is away.
            if kind == "defect":
                kind = "away"
            self._open(kind, error)
            return False
        return True
