"""What happened, on one clock: every request with its answer, every probe, and what nobody had
ordered.
"""

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

from tests.chaos.evidence import Operation, Row, Sighting, Violation


@dataclass
class Journal:
    """Written by many threads. `now` counts seconds from its making."""

    operations: list[Operation] = field(default_factory=list)
    incidents: list[Violation] = field(default_factory=list)
    ended: list[tuple[float, str, int]] = field(default_factory=list)
    """Processes that ended though nobody ended them: when, which, code."""
    visible: dict[int, float] = field(default_factory=dict)
    """When an edit was first seen in a listing, by the operation's number."""
    probes: list[tuple[float, float]] = field(default_factory=list)
    """(when, seconds) of each answer of /healthz."""
    sightings: list[Sighting] = field(default_factory=list)
    """Where events of ours stood, in order: one client looks."""
    began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        return time.monotonic() - self.began

    def since(self, monotonic: float) -> float:
        """A moment of time.monotonic() on this clock."""
        return monotonic - self.began

    def since_epoch(self, epoch: float) -> float:
        """A moment of the wall clock on this clock; nobody steps the clock of this process."""
        return self.now() - (time.time() - epoch)

    def begin(
        self, client: str, kind: str, coach_id: str, key: str | None, request: Row
    ) -> Operation:
        """Write down that this is sent now. Until `end` its outcome is unknown."""
        with self._lock:
            sent = Operation(len(self.operations), client, kind, coach_id, key, request, self.now())
            self.operations.append(sent)
        return sent

    def end(
        self, sent: Operation, status: int, answer: Any, headers: Row | None = None
    ) -> Operation:
        done = replace(
            sent, answered=self.now(), status=status, answer=answer, headers=headers or {}
        )
        with self._lock:
            self.operations[sent.number] = done
        return done

    def amend(self, sent: Operation, **more: Any) -> Operation:
        """What is known of a request only once it was made."""
        with self._lock:
            known = replace(self.operations[sent.number], request={**sent.request, **more})
            self.operations[sent.number] = known
        return known

    def probe(self, began: float, seconds: float) -> None:
        with self._lock:
            self.probes.append((began, seconds))

    def see(self, when: float, places: dict[str, tuple[int, int]]) -> None:
        """Where events of ours stood in a look that began `when`."""
        with self._lock:
            self.sightings.append(Sighting(when, places))

    def tell(self, promise: str, what: str, kind: str = "other") -> None:
        """A promise that broke before our eyes."""
        with self._lock:
            self.incidents.append(Violation(promise, what, kind, self.now()))
