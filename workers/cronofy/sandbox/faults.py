"""Trouble on order: which of the next calls to which paths shall go wrong, and how."""

import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Kind = Literal[
    "status",  # answer `status`, with `retry_after` and `body` when given
    "delay",  # wait `seconds` before answering
    "malformed",  # 200 with JSON that breaks off
    "trickle",  # the right body, dribbled over `seconds`
    "half",  # half of the promised bytes, then the connection closes
    "hang_up",  # the connection closes without an answer
    "foreign_next_page",  # the page names a next page at `host`
    "vanish_calendar",  # `calendar_id` is not there for this read
    "swallow",  # 202 for a write that is never done
    # 202 for a write that is done `seconds` later; with "hang_up" or "status" beside it, no 202
    "late",
    "twice",  # a write that is done, and once more `seconds` later
]
KINDS = get_args(Kind)


@dataclass
class Fault:
    """One order: from the `skip`-th match on,
    `times` calls (None: until cleared) whose path starts with `path`.
    """

    kind: Kind
    path: str = "/"
    times: int | None = 1
    skip: int = 0
    status: int = 503
    retry_after: int | None = None
    body: Any = None
    seconds: float = 0.0
    calendar_id: str | None = None
    host: str = "http://127.0.0.1:9"

    def strikes(self, path: str) -> bool:
        """Whether this call is hit; counts it if so."""
        if not path.startswith(self.path) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The orders that are still open, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add one."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            self._faults.clear()

    def take(self, path: str) -> list[Fault]:
        """What shall happen to this call:
        at most one fault of each kind, so that orders of one kind queue up.
        """
        with self._lock:
            struck: dict[str, Fault] = {}
            for fault in self._faults:
                if fault.kind not in struck and fault.strikes(path):
                    struck[fault.kind] = fault
            self._faults = [fault for fault in self._faults if fault.times != 0]
            return list(struck.values())

    def show(self) -> list[dict[str, Any]]:
        """The open orders."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]
