"""A client for the sandbox's control API: what a program asks of a running sandbox, and what a
person does to the calendars.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import requests

TIMEOUT = 60.0
POLL = 0.01


class ControlFailed(Exception):
    """The sandbox did not do what it was told; the text is its own explanation."""


class NotThere(ControlFailed):
    """What the order is about is not there, or not any more: 404."""


@dataclass(frozen=True)
class ReadyAccount:
    """A ready account: everything needed to call the API for it."""

    sub: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    calendars: list[str]
    profiles: list[str]
    name: str
    email: str
    zone: str


class Control:
    """Talks to /sandbox/ of one origin. Raises ControlFailed with the sandbox's reason.
    Each order that it has no method for is a route of `app.CONTROL`.
    """

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

    def state(self) -> dict[str, Any]:
        """Everything but tokens and secrets."""
        return self._call("GET", "state")

    def now(self) -> datetime:
        """The sandbox's clock."""
        return datetime.fromisoformat(self._call("GET", "clock")["now"])

    def deliveries(self) -> list[dict[str, Any]]:
        """Every attempt to deliver a push:
        `{type, at, status, outcome, duration_ms, attempt, …}`, oldest first.
        """
        deliveries: list[dict[str, Any]] = self._call("GET", "deliveries")["deliveries"]
        return deliveries

    def wait_for_deliveries(self, count: int, *, seconds: float = 10.0) -> list[dict[str, Any]]:
        """The deliveries, as soon as there are `count` of them. Raises TimeoutError."""
        end = monotonic() + seconds
        while len(found := self.deliveries()) < count:
            if monotonic() > end:
                raise TimeoutError(f"{len(found)} deliveries of {count} after {seconds} s: {found}")
            sleep(POLL)
        return found

    def add_event(
        self,
        calendar_id: str,
        start: datetime | date | str,
        end: datetime | date | str,
        *,
        summary: str = "Busy",
        status: str = "busy",
        tzid: str | None = None,
        notify: bool = True,
        fields: dict[str, Any] | None = None,
    ) -> str:
        """Write an event down -> its event_uid. Dates are all-day, naive times float."""
        order = {
            "summary": summary,
            "status": status,
            "tzid": tzid,
            "notify": notify,
            "fields": fields,
        }
        span = {"start": time_text(start), "end": time_text(end)}
        added = self._call("POST", f"calendars/{calendar_id}/events", **span, **order)
        return str(added["event_uid"])

    def delete_event(self, event_uid: str) -> None:
        """Throw it away."""
        self._call("DELETE", f"events/{event_uid}")

    def change_event(self, event_uid: str, **changes: Any) -> None:
        """Drag it (`start` and `end`), rename it (`summary`), decline it (`declined`)."""
        for name in ("start", "end"):
            if name in changes:
                changes[name] = time_text(changes[name])
        self._call("PATCH", f"events/{event_uid}", **changes)

    def own_event(self, event_id: str) -> dict[str, Any]:
        """The application's event of this key, as `state` shows it, that stands, or the last that
        did. Raises ControlFailed where there never was one.
        """
        found = [each for each in _events(self.state()) if each["event_id"] == event_id]
        if not found:
            raise ControlFailed(f"no event {event_id}; GET /sandbox/state lists them by calendar")
        return min(found, key=lambda each: bool(each["deleted"]))

    def import_ics(
        self,
        calendar_id: str,
        ics: Path | str,
        *,
        zone: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        notify: bool = True,
        replace: bool = False,
    ) -> dict[str, Any]:
        """Load a file (or its text) -> `{imported, cancelled, unreadable, notes}`."""
        # With its own line ends: reading it as text would turn CRLF into LF, and hide what a file
        # does.
        if isinstance(ics, Path):
            ics = ics.read_bytes().decode("utf-8", "replace")
        order = {"ics": ics, "zone": zone, "notify": notify, "replace": replace}
        window = {"since": since and time_text(since), "until": until and time_text(until)}
        return self._call("POST", f"calendars/{calendar_id}/import", **order, **window)

    def create_account(
        self,
        name: str,
        *,
        zone: str = "Europe/London",
        provider: str = "google",
        calendars: Sequence[str] = ("Calendar",),
        scope: str = "read_write",
        email: str | None = None,
    ) -> ReadyAccount:
        """A new person with one profile, already connected."""
        order = {"name": name, "zone": zone, "provider": provider, "calendars": list(calendars)}
        return ReadyAccount(**self._call("POST", "accounts", **order, scope=scope, email=email))

    def consent(
        self, authorize_url: str, *, profile: str = "new", decision: str = "allow", **fields: str
    ) -> str:
        """Answer the consent page like a browser without cookies -> the callback URL with code or
        error.
        """
        form = {"profile": profile, "decision": decision, **fields}
        # A session of its own: a cookie of the last consent would join this calendar to its
        # account.
        with requests.Session() as browser:
            browser.trust_env = False
            answer = browser.post(authorize_url, data=form, allow_redirects=False, timeout=TIMEOUT)
        if answer.status_code != 302:
            raise ControlFailed(
                f"the consent page said {answer.status_code}; open {authorize_url} to read why"
            )
        return answer.headers["Location"]

    def _call(self, method: str, route: str, /, **order: Any) -> dict[str, Any]:
        # Left out where it is None, so that the sandbox's own defaults hold; but for `times`, whose
        # None says "until cleared".
        content = {
            name: value for name, value in order.items() if value is not None or name == "times"
        }
        answer = self._session.request(
            method, f"{self.origin}/sandbox/{route}", json=content, timeout=TIMEOUT
        )
        told = f"{method} /sandbox/{route}: {answer.status_code} {answer.text}"
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NotThere(told)
        if not answer.ok:
            raise ControlFailed(told)
        found: dict[str, Any] = answer.json()
        return found


def _events(state: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for account in state["accounts"]:
        for profile in account["profiles"]:
            for calendar in profile["calendars"]:
                yield from calendar["events"]


def time_text(moment: datetime | date | str) -> str:
    """As the wire has it."""
    # Without a fraction, which the wire does not carry, and refuses.
    if isinstance(moment, datetime):
        return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return str(moment)
