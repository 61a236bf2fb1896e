"""A mail server that takes, refuses, or hangs up as told, calls whoever wants to interfere, and
keeps what it took.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.ports import free_port

Stage = Literal["RCPT", "DATA"]
Hook = Callable[[], None]
HANG_UP = "hang up"
"""Instead of a reply. To DATA: the message is taken, and nobody is told."""


@dataclass(frozen=True)
class Taken:
    """A message that was taken: from then on it is delivered, whatever becomes of who sent it."""

    recipients: tuple[str, ...]
    source: bytes
    message: EmailMessage
    at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def calendar(self) -> str:
        """The calendar part, unfolded; empty when there is none."""
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar":
                return str(part.get_content()).replace("\r\n ", "").replace("\n ", "")
        return ""

    def line(self, name: str) -> str | None:
        """The value of one line of the calendar part: METHOD, UID, SEQUENCE."""
        for line in self.calendar.splitlines():
            if line.split(":", 1)[0].split(";", 1)[0] == name:
                return line.split(":", 1)[1]
        return None


@dataclass
class _Order:
    stage: Stage
    reply: str
    address: str | None
    times: int | None


@dataclass
class PostOffice:
    """Orders are obeyed oldest first; without one, everything is taken."""

    port: int
    taken: list[Taken] = field(default_factory=list)
    on_rcpt: Hook | None = None
    """Called, outside the server's loop, when a recipient is named: a place to kill or freeze
    whoever is sending.
    """
    on_data: Hook | None = None
    """Called when a whole message is here, and is not answered yet."""
    _orders: list[_Order] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def refuse(
        self, reply: str, *, stage: Stage = "RCPT", to: str | None = None, times: int | None = 1
    ) -> None:
        """Answer `reply` (like `451 later`) to the next `times` recipients or messages; None: until
        told otherwise.
        """
        with self._lock:
            self._orders.append(_Order(stage, reply, to, times))

    def relent(self) -> None:
        with self._lock:
            self._orders.clear()

    def to(self, address: str) -> list[Taken]:
        return [each for each in list(self.taken) if address in each.recipients]

    def wait(self, count: int, seconds: float = 60.0) -> list[Taken]:
        """What was taken, as soon as it is that much."""
        end = time.monotonic() + seconds
        while len(self.taken) < count:
            assert time.monotonic() < end, f"{len(self.taken)} mails of {count} after {seconds} s"
            time.sleep(0.01)
        return list(self.taken)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await _outside(self.on_rcpt)
        reply = self._ordered("RCPT", address)
        if reply == HANG_UP:
            _hang_up(server)
        if not reply:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await _outside(self.on_data)
        content = envelope.content
        assert isinstance(content, bytes)
        reply = self._ordered("DATA", *envelope.rcpt_tos)
        if reply in (None, HANG_UP):
            message = message_from_bytes(content, policy=policy.default)
            self.taken.append(Taken(tuple(envelope.rcpt_tos), content, message))
        if reply == HANG_UP:
            _hang_up(server)
        return reply or "250 OK"

    def _ordered(self, stage: Stage, *addresses: str) -> str | None:
        with self._lock:
            for order in self._orders:
                if (
                    order.stage == stage
                    and order.address in (None, *addresses)
                    and order.times != 0
                ):
                    order.times = None if order.times is None else order.times - 1
                    return order.reply
        return None


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


async def _outside(hook: Hook | None) -> None:
    if hook is not None:
        await asyncio.get_running_loop().run_in_executor(None, hook)


@contextmanager
def opened(port: int | None = None, **options: Any) -> Iterator[PostOffice]:
    """`options`: aiosmtpd's, such as `enable_SMTPUTF8`, which is on."""
    office = PostOffice(port or free_port())
    controller = Controller(
        office, hostname="127.0.0.1", port=office.port, ready_timeout=60, **options
    )
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    with opened() as office:
        yield office
