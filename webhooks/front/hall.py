"""What the lines of one process share: who is in, and how much of their requests is kept."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from webhooks.front.wsgi import Answer, Application

if TYPE_CHECKING:
    from webhooks.front.line import Line

MOST_LINES = 800
MOST_KEPT = 32 * 1024 * 1024
"""Octets that came in requests without an answer yet, over all lines of a process."""


class Hall:
    """`unread`: how a request is refused that no application saw, by its kind (`kinds.KINDS`)."""

    def __init__(
        self, application: Application, threads: int, unread: Callable[[str], Answer]
    ) -> None:
        self.application = application
        self.unread = unread
        self.loop = asyncio.get_running_loop()
        self.lines: set[Line] = set()
        self.kept = 0
        self.leaving = False
        # An executor makes a future of each piece of work: 20 of a bare request's 100 µs.
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = []
        for number in range(threads):
            thread = Thread(target=self._do, name=f"request-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def work(self, do: Callable[[], None]) -> None:
        """In a thread, as soon as one is free."""
        self._work.put(do)

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
        for _ in self._threads:
            self._work.put(None)

    def _do(self) -> None:
        while (do := self._work.get()) is not None:
            do()

    def _show_out(self, whom: Callable[["Line"], bool] = lambda _: True) -> bool:
        """Of those that nobody works for, who has the least time left. False: there is nobody."""
        idle = [line for line in self.lines if line.waits and whom(line)]
        if not idle:
            return False
        min(idle, key=lambda line: line.until).refuse("crowded")
        return True
