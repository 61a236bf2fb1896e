"""What a program asks of a running sandbox: how things stand, and to wait until they are quiet."""

from datetime import datetime
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import requests

TIMEOUT = 60.0
POLL = 0.01


class ControlFailed(Exception):
    """The sandbox did not do what it was told; the text is its own explanation."""


class ControlLink:
    """Talks to /sandbox/ of one origin. Raises ControlFailed with the sandbox's reason."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._session = requests.Session()
        # A proxy that the environment names would be asked for what is on this machine.
        self._session.trust_env = False

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    # What is there

    def state(self) -> dict[str, Any]:
        """Everything but tokens and secrets."""
        return self._call("GET", "state")

    def now(self) -> datetime:
        """The sandbox's clock."""
        return datetime.fromisoformat(self._call("GET", "clock")["now"])

    def calls(self) -> list[dict[str, Any]]:
        """The latest calls of the imitated API: `{at, method, path, query, route, status, ms}`."""
        calls: list[dict[str, Any]] = self._call("GET", "calls")["calls"]
        return calls

    def counts(self) -> dict[str, int]:
        """Calls per route since the last `clear_calls`: `{"GET /v1/free_busy": n}`."""
        counts: dict[str, int] = self._call("GET", "calls")["counts"]
        return counts

    def clear_calls(self) -> None:
        """Count anew."""
        self._call("DELETE", "calls")

    def deliveries(self) -> list[dict[str, Any]]:
        """Every attempt to deliver a push:
        `{type, at, status, outcome, duration_ms, attempt, …}`, oldest first.
        """
        deliveries: list[dict[str, Any]] = self._call("GET", "deliveries")["deliveries"]
        return deliveries

    def pending(self) -> int:
        """Pushes that wait, for their first attempt or for a retry."""
        return int(self._call("GET", "deliveries")["pending"])

    def wait_until_quiet(self, *, seconds: float = 10.0) -> None:
        """Until no push is queued or under way.
        Raises TimeoutError, for instance while a retry waits for the clock.
        """
        end = monotonic() + seconds
        while pending := self.pending():
            if monotonic() > end:
                raise TimeoutError(f"{pending} pushes still wait after {seconds} s")
            sleep(POLL)

    def wait_for_deliveries(self, count: int, *, seconds: float = 10.0) -> list[dict[str, Any]]:
        """The deliveries, as soon as there are `count` of them. Raises TimeoutError."""
        end = monotonic() + seconds
        while len(found := self.deliveries()) < count:
            if monotonic() > end:
                raise TimeoutError(f"{len(found)} deliveries of {count} after {seconds} s: {found}")
            sleep(POLL)
        return found

    # What the person does

    def _call(self, method: str, route: str, /, **order: Any) -> dict[str, Any]:
        # Left out where it is None, so that the sandbox's own defaults hold; but for `times`, whose
        # None says "until cleared".
        content = {
            name: value for name, value in order.items() if value is not None or name == "times"
        }
        answer = self._session.request(
            method, f"{self.origin}/sandbox/{route}", json=content, timeout=TIMEOUT
        )
        if not answer.ok:
            raise ControlFailed(f"{method} /sandbox/{route}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found
