"""Notifications on their way out: signed compact bytes, retries for a simulated day, and mischief
on demand.

Vendor's habits kept here: any 2xx counts; nothing else does, 410 included; after 24 h of failures
the channel is closed without a word. The back-off is not published, so the schedule is ours.
"""

import base64
import heapq
import hmac
import itertools
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from workers.cronofy.sandbox.clock import SandboxClock
from workers.cronofy.sandbox.delivery import PushOutcome, post

RETRY_AFTER = (1, 5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 57600, 86400)
"""Seconds after the first attempt at which the next ones follow; when the last fails the channel is
closed.
"""

WORKERS = 8
NO_CHANNEL = ""
"""Of calls to an address of their own: nobody closes it."""
LATEST = 5_000


@dataclass(frozen=True)
class Switches:
    """Mischief. Counts say for how many pushes (-1: until changed);
    `retry_scale` 0 retries at once.
    """

    drop: int = 0  # never sent, never retried: lost
    duplicate: int = 0  # so many further copies of every push
    reorder: int = 0  # gather so many, then send them last first
    tamper: int = 0  # change the body after it was signed
    delay: float = 0.0  # seconds before the first attempt
    timeout: float = 5.0  # seconds in which the receiver must have answered
    retry_scale: float = 1.0  # sandbox seconds per second of the retry schedule


@dataclass(order=True)
class _Push:
    due: float
    number: int
    channel_id: str = field(compare=False)
    url: str = field(compare=False)
    body: bytes = field(compare=False)
    first_due: float = field(compare=False)
    attempt: int = field(compare=False, default=1)
    # Who goes next, once this one was attempted.
    train: "tuple[_Push, ...]" = field(compare=False, default=())


class Pushes:
    """The queue, its worker threads and the delivery log."""

    def __init__(
        self,
        clock: SandboxClock,
        *,
        secrets: Callable[[], Sequence[str]],
        is_open: Callable[[str], bool],
        close: Callable[[str], None],
    ) -> None:
        self._clock, self._secrets, self._is_open, self._close = clock, secrets, is_open, close
        self._changed = threading.Condition()
        self._queue: list[_Push] = []
        self._gathered: list[_Push] = []
        self._busy: dict[int, _Push] = {}
        self._stopping = False
        self._numbers = itertools.count(1)
        self._log: deque[dict[str, Any]] = deque(maxlen=LATEST)
        self.switches = Switches()
        clock.on_change(self._wake)

    def start(self) -> None:
        """Start the worker threads."""
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"sandbox-push-{number}", daemon=True).start()

    def stop(self) -> None:
        """Send nothing more. A push being answered right now is left to its daemon thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def switch(self, **changes: Any) -> Switches:
        """Change some switches. What was gathered for reordering goes out now.
        Raises TypeError on a wrong name.
        """
        with self._changed:
            self.switches = replace(self.switches, **changes)
            self._release()
            return self.switches

    def send(
        self, channel_id: str, url: str, content: Mapping[str, Any], *, after: float = 0.0
    ) -> None:
        """Queue one notification; `content` becomes compact JSON bytes, as Cronofy's are.
        `after`: so many seconds later.
        """
        body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        with self._changed:
            due = self._clock.elapsed() + self.switches.delay + after
            for _ in range(1 + self.switches.duplicate):
                push = _Push(due, next(self._numbers), channel_id, url, body, due)
                if self._used("drop"):
                    self._record(push, PushOutcome(), "dropped")
                elif self.switches.reorder:
                    self._gathered.append(push)
                else:
                    heapq.heappush(self._queue, push)
            if len(self._gathered) >= self.switches.reorder:
                self._release()
            self._changed.notify_all()

    def call(self, url: str, content: Mapping[str, Any], *, after: float) -> None:
        """The same to an address that is no channel's."""
        self.send(NO_CHANNEL, url, content, after=after)

    def show(self) -> dict[str, Any]:
        """`{switches, pending, deliveries: oldest first}`;
        pending counts queued, gathered and running ones.
        """
        with self._changed:
            pending = len(self._gathered) + len(self._busy)
            for push in self._queue:
                pending += 1 + len(push.train)
            return {
                "switches": asdict(self.switches),
                "pending": pending,
                "deliveries": list(self._log),
            }

    def waiting(self) -> list[dict[str, Any]]:
        """Every push that was not taken yet, one being attempted too: after a restart it goes out
        again, for a push that comes twice does no harm, and one that never comes does.
        """
        with self._changed:
            found = [*self._queue, *self._gathered, *self._busy.values()]
            for push in tuple(found):
                found += push.train
            return [_saved(push, self._clock) for push in sorted(found)]

    def resume(self, saved: Sequence[dict[str, Any]]) -> None:
        """Queue what `waiting` told. Raises KeyError, TypeError, ValueError for anything else."""
        for each in saved:
            due, first_due = self._clock.due_at(each["due"]), self._clock.due_at(each["first_due"])
            dates = {"due": due, "first_due": first_due, "body": str(each["body"]).encode()}
            heapq.heappush(self._queue, _Push(number=next(self._numbers), **each | dates))

    def _work(self) -> None:
        while (push := self._next()) is not None:
            self._attempt(push)
            with self._changed:
                del self._busy[push.number]
                self._depart(push.train)

    def _next(self) -> _Push | None:
        with self._changed:
            while not self._stopping:
                wait = None
                if self._queue:
                    wait = self._queue[0].due - self._clock.elapsed()
                if wait is not None and wait <= 0:
                    # Counted under the lock: else it would for a moment be neither queued nor busy,
                    # and whoever waits for quiet would go on too early.
                    push = heapq.heappop(self._queue)
                    self._busy[push.number] = push
                    return push
                self._changed.wait(wait)
        return None

    def _attempt(self, push: _Push) -> None:
        if push.channel_id != NO_CHANNEL and not self._is_open(push.channel_id):
            self._record(push, PushOutcome(), "channel closed")
            return
        # Signed at each attempt, by the secrets of that time: a rotation may lie in between.
        signature = sign(push.body, self._secrets())
        with self._changed:
            tampered = self._used("tamper")
        body = push.body
        if tampered:
            body = body.replace(b'"', b"'", 1)
        # Without the lock: a receiver that hangs must not stop the other pushes.
        answer = post(push.url, body, signature, self.switches.timeout)
        if answer.accepted:
            self._record(push, answer, "delivered", tampered=tampered)
        else:
            self._record(push, answer, "failed", tampered=tampered)
            self._retry(push)

    def _retry(self, push: _Push) -> None:
        # After a day of failures Cronofy closes the channel, and tells nobody.
        if push.attempt > len(RETRY_AFTER):
            self._close(push.channel_id)
            return
        with self._changed:
            due = push.first_due + RETRY_AFTER[push.attempt - 1] * self.switches.retry_scale
            heapq.heappush(self._queue, replace(push, due=due, attempt=push.attempt + 1, train=()))
            self._changed.notify_all()

    def _release(self) -> None:
        self._depart(tuple(reversed(self._gathered)))
        self._gathered.clear()

    def _depart(self, train: "tuple[_Push, ...]") -> None:
        """One behind the other: sent side by side they could overtake each other again."""
        if train:
            now = self._clock.elapsed()
            heapq.heappush(self._queue, replace(train[0], due=now, first_due=now, train=train[1:]))
            self._changed.notify_all()

    def _used(self, switch: str) -> bool:
        left = getattr(self.switches, switch)
        if left > 0:
            self.switches = replace(self.switches, **{switch: left - 1})
        return bool(left)

    def _record(
        self, push: _Push, answer: PushOutcome, outcome: str, *, tampered: bool = False
    ) -> None:
        with self._changed:
            self._log.append(
                _logged(push, answer, outcome, at=self._clock.now()) | {"tampered": tampered}
            )

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _saved(push: _Push, clock: SandboxClock) -> dict[str, Any]:
    return {
        "due": clock.date_of(push.due),
        "first_due": clock.date_of(push.first_due),
        "channel_id": push.channel_id,
        "url": push.url,
        "body": push.body.decode(),
        "attempt": push.attempt,
    }


def _logged(push: _Push, answer: PushOutcome, outcome: str, *, at: datetime) -> dict[str, Any]:
    notification = json.loads(push.body).get("notification", {})
    return {
        "number": push.number,
        "channel_id": push.channel_id,
        "callback_url": push.url,
        "type": notification.get("type"),
        "changes_since": notification.get("changes_since"),
        "attempt": push.attempt,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": outcome,
        **asdict(answer),
    }


def sign(body: bytes, secrets: Sequence[str]) -> str:
    """The Cronofy-HMAC-SHA256 header: one standard base64 value per secret, joined by `,` and no
    space.

    Both official clients split on the bare comma, so a space would make the second value
    unreadable.
    """
    values = []
    for secret in secrets:
        digest = hmac.digest(secret.encode(), body, "sha256")
        values.append(base64.b64encode(digest).decode())
    return ",".join(values)
