"""What the lines of one process share: who is in, and how much of their requests is kept."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from webhooks.front.wsgi import Application, Refuser

if TYPE_CHECKING:
    from webhooks.front.line import Line

MOST_LINES = 800
MOST_KEPT = 32 * 1024 * 1024
"""Octets that came in requests without an answer yet, over all lines of a process."""
LONG = 16 * 1024
"""Octets from which a request is a long one: a sheet, a logo, texts of mails."""
LONG_SHARE = 1 / 4
"""Of the threads, how many may answer long ones at once; one at least."""
Work = SimpleQueue[Callable[[], None] | None]


class Hall:
    """`unread`: how a request is refused that no application saw, or that one failed at. `prompt`:
    paths whose answers wait for nobody; they have a thread of their own.
    """

    def __init__(
        self,
        application: Application,
        threads: int,
        unread: Refuser,
        prompt: Collection[str] = (),
    ) -> None:
        self.application = application
        self.unread = unread
        self.prompt = prompt
        self.loop = asyncio.get_running_loop()
        self.lines: set[Line] = set()
        self.kept = 0
        self.leaving = False
        # An executor makes a future of each piece of work: 20 of a bare request's 100 µs.
        self._work: Work = SimpleQueue()
        self._at_once: Work = SimpleQueue()
        self._long: deque[Callable[[], None]] = deque()
        self._free_for_long = max(1, round(threads * LONG_SHARE))
        self._queues: list[Work] = []  # of each thread, the one that it serves
        for number in range(threads):
            self._begin_thread(f"request-{number}", self._work)
        self._begin_thread("request-at-once", self._at_once)

    def _begin_thread(self, name: str, work: Work) -> None:
        Thread(target=self._do, args=(work,), name=name, daemon=True).start()
        self._queues.append(work)

    def work(self, do: Callable[[], None], octets: int, path: str = "") -> None:
        """In a thread, as soon as one is free; a request for this path, of so many octets."""
        # The race: a database falls silent, and every thread waits for it for seconds. Whoever asks
        # whether this process is alive would wait behind them, and restart it.
        if octets < LONG and path in self.prompt:
            self._at_once.put(do)
            return
        if octets < LONG:
            self._work.put(do)
            return
        # The race: a dozen sheets that arrive together. In as many threads they would share the
        # interpreter with every booking, and keep what each unpacks at once.
        self._long.append(do)
        self._begin_long()

    def _begin_long(self) -> None:
        if self._long and self._free_for_long:
            self._free_for_long -= 1
            do = self._long.popleft()
            self._work.put(lambda: self._do_long(do))

    def _do_long(self, do: Callable[[], None]) -> None:
        """In a thread."""
        try:
            do()
        finally:
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self.loop.call_soon_threadsafe(self._ended_long)

    def _ended_long(self) -> None:
        self._free_for_long += 1
        self._begin_long()

    def room(self) -> bool:
        """Whether one more line may come in. In a crowd whoever would be shown out
        first goes now.
        """
        return len(self.lines) < MOST_LINES or self._show_out()

    def keep(self, octets: int) -> None:
        """So much more came. When all of it is too much whoever has sent the longest goes."""
        self.kept += octets
        if self.kept > MOST_KEPT:
            self._show_out(lambda line: line.kept > 0)

    def look_round(self) -> None:
        """Show out who is late."""
        now = self.loop.time()
        for line in list(self.lines):
            line.expire(now)

    def leave(self) -> None:
        """No line begins another request; who is at rest goes now."""
        self.leaving = True
        for line in list(self.lines):
            line.rest()

    def close(self) -> None:
        for line in list(self.lines):
            line.abort()
        for work in self._queues:
            work.put(None)

    def _do(self, work: Work) -> None:
        while (do := work.get()) is not None:
            do()

    def _show_out(self, whom: Callable[["Line"], bool] = lambda _: True) -> bool:
        """Of those that nobody works for, who has the least time left. False: there is nobody."""
        idle = [line for line in self.lines if line.waits and whom(line)]
        if not idle:
            return False
        min(idle, key=lambda line: line.until).refuse("crowded")
        return True
