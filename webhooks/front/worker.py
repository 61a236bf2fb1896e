"""gunicorn's worker with the lines of this package: gunicorn binds, starts, watches and stops, and
does not read.

`gunicorn --worker-class=webhooks.front.worker.Worker APPLICATION`, which `coachcal serve` does.
"""

import asyncio
import contextlib
import os
import signal
import socket
from typing import Any

from gunicorn.workers.base import Worker as Base  # type: ignore[import-untyped]  # it has no types

import webhooks.app  # noqa: F401 (once, before gunicorn forks: each worker importing it alone doubled a start)
from webhooks.front.hall import Hall
from webhooks.front.line import Line
from webhooks.front.wsgi import Answer, Environ

LOOK_SECONDS = 0.5
REST_SECONDS = 1.0
"""After an accept that failed, as where this process has no more file descriptors."""


class Worker(Base):  # type: ignore[misc]  # as above
    """Its requests are read by one thread, and answered by as many as `--threads` says; those that
    wait for nobody, by one more.
    """

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, stop.set)
        unread, prompt = getattr(self.wsgi, "unread", _refuse), getattr(self.wsgi, "prompt", ())
        self._hall = Hall(self.wsgi, self.cfg.threads, unread, prompt)
        self._arriving: set[asyncio.Task[Any]] = set()
        listening = [each.sock for each in self.sockets]
        for each in listening:
            loop.add_reader(each, self._accept, each)
        # `alive`: a signal that came while the application was made went to gunicorn's own handler.
        while self.alive and not stop.is_set() and os.getppid() == self.ppid:
            self.notify()
            self._hall.look_round()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        for each in listening:
            loop.remove_reader(each)
            each.close()
        await self._leave()

    async def _leave(self) -> None:
        """What was begun is answered, for as long as gunicorn waits."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.cfg.graceful_timeout
        self._hall.leave()
        while self._hall.lines and loop.time() < end:
            self.notify()
            self._hall.look_round()
            await asyncio.sleep(0.02)
        self._hall.close()

    def _accept(self, listening: socket.socket) -> None:
        """One at a time, so that the other processes get their share of many."""
        loop = self._hall.loop
        try:
            line, _ = listening.accept()
        except (BlockingIOError, ConnectionError):
            return  # another process was faster, or the client has gone
        except OSError:
            self.log.exception("accept failed")
            loop.remove_reader(listening)
            loop.call_later(REST_SECONDS, loop.add_reader, listening, self._accept, listening)
            return
        if not self._hall.room():
            line.close()
            return
        line.setblocking(False)  # noqa: FBT003 (its only argument)
        arriving = loop.create_task(loop.connect_accepted_socket(lambda: Line(self._hall), line))
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)


def _refuse(_kind: str, _environ: Environ) -> Answer:
    """For an application that does not say how."""
    return "400 Bad Request", (), b""
