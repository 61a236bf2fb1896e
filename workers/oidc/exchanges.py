"""HTTP to the provider: https or this machine, and bounded in time, in size and in how many at
once.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from workers.cronofy.errors import CronofyError
from workers.cronofy.transport import Call, HttpAnswer, Timeouts, Transport
from workers.loopback import is_loopback
from workers.oidc.errors import LoginFailed, away, odd

CONNECT_SECONDS = 2.0
READ_SECONDS = 3.0
TURN_SECONDS = 4.0
"""For all that one request of a browser asks of the provider."""
MAX_BYTES = 262_144
AT_ONCE = 2
"""Of the threads that answer: a provider that hangs leaves the others to pushes."""
PATIENCE_SECONDS = 0.5


class Exchanges:
    """Safe to share between threads."""

    def __init__(self) -> None:
        # Each call has a session of its own, which it closes: nothing is left open here.
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._transport = Transport(
            timeouts=Timeouts(connect=CONNECT_SECONDS, read=READ_SECONDS),
            max_bytes=MAX_BYTES,
            user_agent="coachcal",
            monotonic=time.monotonic,
        )

    @contextmanager
    def turn(self) -> Iterator[float]:
        """The deadline of all that is asked in this block, as `time.monotonic` tells time. Raises
        LoginFailed: too many ask just now.
        """
        if not self._room.acquire(timeout=PATIENCE_SECONDS):
            raise away("others are logging in, and it is slow to answer")
        try:
            yield time.monotonic() + TURN_SECONDS
        finally:
            self._room.release()

    def get(self, what: str, url: str, deadline: float, bearer: str | None = None) -> Any:
        """The JSON object there. `what`: as errors name it. Raises LoginFailed."""
        call = Call("GET", what, url, bearer=bearer, repeatable=False)
        answer = self.send(call, deadline)
        if answer.status >= 500:
            raise away(f"{call} answered {answer.status}")
        if answer.status != 200:
            raise odd(f"{call} answered {answer.status}")
        return an_object(call, answer)

    def send(self, call: Call, deadline: float) -> HttpAnswer:
        """Raises LoginFailed."""
        check_url(call.template, call.url)
        try:
            return self._transport.exchange(call, deadline)
        except CronofyError as error:
            failure = _failure(error)
        # Out here: the error of a client that asked nobody else is not chained to ours.
        raise failure


def an_object(call: Call, answer: HttpAnswer) -> dict[str, Any]:
    """Raises LoginFailed: it is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise odd(f"{call} answered no JSON object")
    return found


def check_url(what: str, url: object) -> None:
    """Raises LoginFailed. What opens a session travels encrypted, or not beyond this machine."""
    if not isinstance(url, str) or not is_safe(url):
        raise odd(f"its {what} is no https address")


def is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _failure(error: CronofyError) -> LoginFailed:
    if isinstance(error, ValueError):  # too large, or packed in a broken way
        return odd(str(error).partition(";")[0])
    return away(str(error).partition(";")[0])
