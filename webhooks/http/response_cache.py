"""Answers kept ready, so that an unchanged one costs a look at the database instead of making it
anew.

Nothing here is ever trusted by age: an answer is good only while the database still says what it
was made from, and until the clock reaches its `valid_until`. So a change shows in the very next
answer, in every process.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock

ROOM = 8 * 1024 * 1024  # bytes a process keeps; an answer of 14 days is about 7 kB
LARGEST = 64 * 1024
# Bytes that an answer takes beside its body and its question: tag, stamp, and Python's own
BESIDE = 1024


def exact(body: bytes) -> bytes:
    """The same in its own size. For whatever is kept of orjson's: that lies at the beginning of the
    buffer in which it was written, up to nine times as large.
    """
    return bytes(memoryview(body))


@dataclass(frozen=True, slots=True)
class CachedResponse:
    body: bytes
    etag: str
    stamp: Hashable
    valid_until: int | None
    """Epoch seconds; None for ever."""

    @classmethod
    def of(
        cls, body: bytes, stamp: Hashable = None, valid_until: int | None = None
    ) -> "CachedResponse":
        return cls(exact(body), blake2b(body, digest_size=16).hexdigest(), stamp, valid_until)


class ResponseCache:
    """One for each process; safe to share between threads. Bounded in bytes."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: dict[Hashable, CachedResponse] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def holds(self, question: Hashable) -> bool:
        """Whether this was asked before: whether a look at the database may be worth it."""
        return question in self._kept

    def find(self, question: Hashable, *, stamp: Hashable, now: int) -> CachedResponse | None:
        """The answer to this question, if it was made from what `stamp` stands for and time has not
        changed it.
        """
        ready = self._kept.get(question)
        if ready is None or ready.stamp != stamp:
            return None
        if ready.valid_until is not None and now >= ready.valid_until:
            return None
        return ready

    def keep(self, question: Hashable, ready: CachedResponse) -> None:
        """Make room by dropping what was made longest ago."""
        if _size(question, ready) > LARGEST:
            return
        with self._lock:
            self._drop(question)
            self._kept[question] = ready
            self._room -= _size(question, ready)
            while self._room < 0:
                self._drop(next(iter(self._kept)))

    def _drop(self, question: Hashable) -> None:
        if dropped := self._kept.pop(question, None):
            self._room += _size(question, dropped)


def _size(question: Hashable, ready: CachedResponse) -> int:
    return len(ready.body) + len(repr(question)) + BESIDE
