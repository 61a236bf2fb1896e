"""Where callbacks are posted: one address of the platform's, signed the Standard Webhooks way.

Each exchange is bounded as a whole, no redirect is followed, and of an answer only the status and
Retry-After are read. A receiver that hangs holds some threads of a worker and never all of them:
pushes are read meanwhile.
"""

import base64
import binascii
import math
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from domain.webhook_endpoints import OF_SETTINGS
from workers.cronofy.errors import CronofyError
from workers.cronofy.retries import retry_after
from workers.cronofy.transport import Call, Timeouts, Transport
from workers.delivery.webhook_lanes import Busy, Lanes
from workers.loopback import is_loopback
from workers.public_addresses import leads_to_public

__all__ = ["Busy", "NoAnswer", "Receiver", "Reply", "check_secret", "check_url"]

CONNECT_SECONDS = 3.0
PREFIX = "whsec_"
# What Standard Webhooks asks for.
SECRET_BYTES = range(24, 65)


class NoAnswer(Exception):
    """Nobody answered in time, or not with a whole answer; it may have been taken all the same."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`retry_after`: the seconds that it asks us to wait, at most 600."""

    status: int
    retry_after: float | None


class Receiver:
    """Safe to share between threads."""

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        deadline: float,
        at_once: int = 1,
        lanes: Lanes | None = None,
        name: str = OF_SETTINGS,
        outside: bool = False,
    ) -> None:
        """`secrets`: each signs. `deadline`: seconds for one whole exchange. `at_once`: how many
        there may be; or `lanes`, shared with other endpoints, in which it goes by its `name`.
        `outside`: nothing is posted to an address that is not in the internet.
        """
        self._url = url
        self._name = name
        self._outside = outside
        self._lanes = lanes or Lanes(at_once)
        self._signers = [Webhook(secret) for secret in secrets]
        self._deadline = deadline
        self._transport = Transport(
            timeouts=Timeouts(connect=CONNECT_SECONDS, read=deadline),
            max_bytes=0,
            user_agent="coachcal",
            monotonic=time.monotonic,
            outside=outside,
        )

    def post(self, event_id: str, body: str, *, now: datetime, until: float = math.inf) -> Reply:
        """What was answered. `until`: when it has to be over, by time.monotonic; nothing is posted
        later. Raises Busy, NoAnswer.
        """
        # A receiver that hangs would come to hold every thread of the worker, and no push would be
        # read: without room in its lane a callback goes back into its row instead.
        with self._lanes.turn(self._name):
            return self._post(event_id, body, now, until)

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

    def _post(self, event_id: str, body: str, now: datetime, until: float) -> Reply:
        if self._outside:
            self._check_outside()
        # During a rotation each secret signs, parted by spaces: the platform may hold either one.
        signatures = [signer.sign(event_id, now, body) for signer in self._signers]
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        call = Call(
            "POST", "callback", self._url, body=body.encode(), headers=headers, reads_body=False
        )
        return self._exchange(call, until)

    def _check_outside(self) -> None:
        # Asked before each post, so that ops read why: a name that led outside when it was given
        # may lead to our neighbours now. A connection asks once more, and takes what it is told.
        try:
            public = leads_to_public(urlsplit(self._url).hostname or "")
        except OSError:
            raise NoAnswer("its name does not resolve") from None
        if not public:
            raise NoAnswer("its name leads to an address that is not in the internet")

    def _exchange(self, call: Call, until: float = math.inf) -> Reply:
        end = min(time.monotonic() + self._deadline, until)
        try:
            answer = self._transport.exchange(call, end)
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
