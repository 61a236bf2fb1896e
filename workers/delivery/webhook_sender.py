"""Where callbacks are posted: one address of the platform's, signed the Standard Webhooks way.

Each exchange is bounded as a whole, no redirect is followed, and of an answer only the status and
Retry-After are read. A receiver that hangs holds some threads of a worker and never all of them:
pushes are read meanwhile.
"""

import base64
import binascii
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from workers.cronofy.errors import CronofyError
from workers.cronofy.retries import retry_after
from workers.cronofy.transport import Call, Timeouts, Transport
from workers.loopback import is_loopback

CONNECT_SECONDS = 3.0
# For one's turn: many times what a receiver takes that is well.
PATIENCE_SECONDS = 0.25
PREFIX = "whsec_"
# What Standard Webhooks asks for.
SECRET_BYTES = range(24, 65)


class Busy(Exception):
    """As much is under way as may be: nothing was sent."""


class NoAnswer(Exception):
    """Nobody answered in time, or not with a whole answer; it may have been taken all the same."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`retry_after`: the seconds that it asks us to wait, at most 600."""

    status: int
    retry_after: float | None


class Receiver:
    """Safe to share between threads."""

    def __init__(self, url: str, secrets: Sequence[str], *, deadline: float, at_once: int) -> None:
        """`secrets`: each signs. `deadline`: seconds for one whole exchange.
        `at_once`: how many there may be.
        """
        self._url = url
        self._signers = [Webhook(secret) for secret in secrets]
        self._deadline = deadline
        self._turns = threading.BoundedSemaphore(at_once)
        self._transport = Transport(
            timeouts=Timeouts(connect=CONNECT_SECONDS, read=deadline),
            max_bytes=0,
            user_agent="coachcal",
            monotonic=time.monotonic,
        )

    def post(self, event_id: str, body: str, *, now: datetime) -> Reply:
        """What was answered. Raises Busy, NoAnswer."""
        # A receiver that hangs would come to hold every thread of the worker, and no push would be
        # read: past `at_once` a callback goes back into its row instead.
        if not self._turns.acquire(timeout=PATIENCE_SECONDS):
            raise Busy
        try:
            return self._post(event_id, body, now)
        finally:
            self._turns.release()

    def look(self) -> int:
        """The status of an answer to a HEAD, which tells the platform nothing. Raises NoAnswer."""
        parts = urlsplit(self._url)
        try:
            socket.getaddrinfo(parts.hostname, parts.port or parts.scheme)
        except OSError:
            raise NoAnswer("its name does not resolve") from None
        return self._exchange(Call("HEAD", "callback", self._url, reads_body=False)).status

    def close(self) -> None:
        self._transport.close()

    def _post(self, event_id: str, body: str, now: datetime) -> Reply:
        # During a rotation each secret signs, parted by spaces: the platform may hold either one.
        signatures = [signer.sign(event_id, now, body) for signer in self._signers]
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        return self._exchange(
            Call(
                "POST", "callback", self._url, body=body.encode(), headers=headers, reads_body=False
            )
        )

    def _exchange(self, call: Call) -> Reply:
        try:
            answer = self._transport.exchange(call, time.monotonic() + self._deadline)
            return Reply(answer.status, retry_after(answer.retry_after, time.time()))
        except CronofyError as error:
            failure = NoAnswer(str(error))
        # Out here, so that the error of Cronofy's client is not chained to it: nobody asked
        # Cronofy.
        raise failure


def check_url(url: str) -> None:
    """Raises ValueError, with the next step."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write it as https://platform.example/callbacks")
    if parts.username is not None:
        raise ValueError("leave user and password out of it: the signature says who calls")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("use https: http is for a receiver on this machine only")


def check_secret(secret: str) -> None:
    """Raises ValueError, with the next step; the text never holds the secret."""
    # `validate`: without it b64decode drops what it does not know, and a mistyped secret passes.
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in SECRET_BYTES:
        raise ValueError(
            "write it as whsec_ and the base64 of 24 to 64 random bytes;"
            " docs/reference/webhooks.md says how to make one"
        )
