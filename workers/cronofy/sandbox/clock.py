"""The sandbox's clock: the real one plus an offset, so that an hour or a day can pass in a test."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Real time moved by an offset.
    `now()` may be set anywhere; `elapsed()` never runs backwards.
    """

    def __init__(self, now: datetime | None = None) -> None:
        # Between the real time and the sandbox's: all that a restart has to remember.
        self.offset = timedelta()
        self._skipped = 0.0
        self._listeners: list[Callable[[], None]] = []
        if now is not None:
            self.offset = now - _real_time()

    def now(self) -> datetime:
        """The sandbox's time: aware, UTC, with microseconds."""
        return _real_time() + self.offset

    def surely(self) -> datetime:
        """The sandbox's time or the real one, whichever is earlier."""
        return min(self.now(), _real_time())

    def second(self) -> datetime:
        """The sandbox's time in whole seconds: the wire carries no fractions."""
        return self.now().replace(microsecond=0)

    def elapsed(self) -> float:
        """Seconds that have passed, really or by `advance`;
        what waits for a time-out counts in these.
        """
        return time.monotonic() + self._skipped

    def date_of(self, due: float) -> str:
        """When that much will have elapsed, by the sandbox's date, in whole seconds: a restart
        begins to count anew, and dates stay.
        """
        moment = self.now() + timedelta(seconds=due - self.elapsed())
        return moment.isoformat(timespec="seconds")

    def due_at(self, date: str) -> float:
        """What `elapsed` will say then. Raises ValueError."""
        return self.elapsed() + (datetime.fromisoformat(date) - self.now()).total_seconds()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Going back is what `set` is for: raises ValueError."""
        if seconds < 0:
            raise ValueError("the clock advances by 0 or more seconds; use set to go back")
        self.offset += timedelta(seconds=seconds)
        self._skipped += seconds
        self._notify()

    def set(self, now: datetime) -> None:
        """Move to `now` (aware). A step forward counts as time passed, a step back does not."""
        step = (now - self.now()).total_seconds()
        self.offset += timedelta(seconds=step)
        # What waits for a time-out must not begin to wait anew when the date is turned back.
        self._skipped += max(0.0, step)
        self._notify()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each jump: whoever sleeps until a time must look again."""
        self._listeners.append(listener)

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()


def _real_time() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
