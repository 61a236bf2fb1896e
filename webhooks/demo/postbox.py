"""The demo's post box: a mail server on this machine that keeps what it is sent, and pages to read
it in a browser.
"""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from webhooks.demo.http_server import HOST, serving
from webhooks.demo.postbox_letters import Letter, encodable, read
from webhooks.demo.postbox_pages import create_app
from webhooks.demo.processes import StepFailed

KEPT = 500
"""Mails; of more, the newest."""
KEPT_OCTETS = 32 << 20
"""Of all of them as they came; of more, the newest. What is read from them takes a few times that.
"""
LARGEST_MAIL = 1 << 20
"""Octets; a larger one is refused with 552, as real servers do."""
START_SECONDS = 30.0


def _real_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (when a mail came is told by the machine's own clock)


class Postbox:
    """Made by `open`. Takes every mail for every address; forgets them all in the end. Safe to
    share between threads.

    `smtp_url` is for COACHCAL_SMTP_URL, `url` for a browser.
    """

    def __init__(self, smtp_url: str, url: str, letters: "Letters") -> None:
        self.smtp_url = smtp_url
        self.url = url
        self._letters = letters

    @classmethod
    @contextmanager
    def open(
        cls, smtp_port: int = 0, http_port: int = 0, *, now: Callable[[], datetime] = _real_time
    ) -> Iterator[Self]:
        """Both servers, in threads of this process, until the block ends. Port 0 takes any free
        one.

        `now` dates what arrives. Raises OSError for a port that is taken.
        """
        letters = Letters(now)
        with ExitStack() as stack:
            smtp = stack.enter_context(_smtp_server(smtp_port, letters))
            app = create_app(letters.kept)
            http = stack.enter_context(serving(app, "postbox", http_port))
            yield cls(f"smtp://{HOST}:{smtp}?tls=none", f"http://{HOST}:{http}", letters)

    def messages(self) -> tuple[Letter, ...]:
        """What is kept, the oldest first."""
        return self._letters.kept()

    def wait(self, count: int, seconds: float) -> tuple[Letter, ...]:
        """What is kept, once `count` mails have come since the box was opened. Raises StepFailed,
        telling what came.
        """
        if not self._letters.wait(count, seconds):
            seen = [
                f"{letter.subject!r} to {', '.join(letter.recipients)}"
                for letter in self.messages()
            ]
            said = "; ".join(seen[-10:]) or "none"
            raise StepFailed(
                f"{count} mails did not come within {seconds:g} s; {len(seen)} did: {said}; see"
                f" {self.url}"
            )
        return self.messages()


class Letters:
    """What came, in order, numbered from 1. It is also aiosmtpd's handler: handle_DATA is called by
    its name.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._arrival = threading.Condition()
        self._kept: deque[Letter] = deque(maxlen=KEPT)
        self._count = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (its name)
        """One mail is here, whole."""
        raw = envelope.original_content or b""
        sender, recipients = (
            encodable(envelope.mail_from or ""),
            tuple(map(encodable, envelope.rcpt_tos)),
        )
        parts = read(raw)
        with self._arrival:
            self._count += 1
            self._kept.append(Letter(self._count, self._now(), sender, recipients, raw, **parts))
            self._make_room()
            self._arrival.notify_all()
        return "250 OK"

    def _make_room(self) -> None:
        octets = sum(len(letter.raw) for letter in self._kept)
        while octets > KEPT_OCTETS:
            octets -= len(self._kept.popleft().raw)

    def kept(self) -> tuple[Letter, ...]:
        with self._arrival:
            return tuple(self._kept)

    def wait(self, count: int, seconds: float) -> bool:
        """Whether so many came in time."""
        with self._arrival:
            return self._arrival.wait_for(lambda: self._count >= count, seconds)


class _SmtpServer(Controller):
    """aiosmtpd's, on a socket that is bound already.

    Its own way cannot take port 0, and says that a port is taken only when its time-out has run
    out. It is given its name, because otherwise it asks DNS for one at every connection.
    """

    def __init__(self, handler: Letters, listening: socket.socket) -> None:
        self.listening = listening
        super().__init__(
            handler,
            hostname=HOST,
            port=listening.getsockname()[1],
            ready_timeout=START_SECONDS,
            server_hostname="localhost",
            data_size_limit=LARGEST_MAIL,
        )

    async def _create_server(self) -> asyncio.AbstractServer:
        return await self.loop.create_server(self._factory_invoker, sock=self.listening)


@contextmanager
def _smtp_server(port: int, letters: Letters) -> Iterator[int]:
    with socket.create_server((HOST, port)) as listening:
        controller = _SmtpServer(letters, listening)
        controller.start()
        try:
            yield controller.port
        finally:
            controller.stop()
