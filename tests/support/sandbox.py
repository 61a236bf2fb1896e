"""The sandbox as tests drive it: the product's, with a method for each order that its control API
takes, and with bad luck.
"""

from datetime import date, datetime
from time import monotonic, sleep
from typing import Any

from workers.cronofy.sandbox import control, server
from workers.cronofy.sandbox.control import POLL, ReadyAccount, time_text

PATIENCE = 60.0
"""Seconds: a push that had no answer within 5 comes again after some, twice on a bad day."""


class Control(control.Control):
    """What a person, or bad luck, does to the calendars."""

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

    def pending(self) -> int:
        """Pushes that wait, for their first attempt or for a retry."""
        return int(self._call("GET", "deliveries")["pending"])

    def wait_until_quiet(self, *, seconds: float = PATIENCE) -> None:
        """Until no push is queued or under way.
        Raises TimeoutError, for instance while a retry waits for the clock.
        """
        end = monotonic() + seconds
        while pending := self.pending():
            if monotonic() > end:
                raise TimeoutError(f"{pending} pushes still wait after {seconds} s")
            sleep(POLL)

    def wait_for_deliveries(self, count: int, *, seconds: float = PATIENCE) -> list[dict[str, Any]]:
        """The deliveries, as soon as there are `count` of them. Raises TimeoutError."""
        return super().wait_for_deliveries(count, seconds=seconds)

    def move_event(
        self, event_uid: str, start: datetime | date | str, end: datetime | date | str
    ) -> None:
        """Drag it elsewhere."""
        self._call("PATCH", f"events/{event_uid}", start=time_text(start), end=time_text(end))

    def reply(self, event_uid: str, reply: str) -> None:
        """Answer an invitation: `accepted`, `tentative` or `declined`."""
        self._call("POST", f"events/{event_uid}/reply", reply=reply)

    def change_account(self, sub: str, **changes: str) -> None:
        """Change `zone`, `name` or `email`."""
        self._call("PATCH", f"accounts/{sub}", **changes)

    def create_profile(self, sub: str, *, provider: str = "google", name: str | None = None) -> str:
        """Another login -> profile_id."""
        made = self._call("POST", f"accounts/{sub}/profiles", provider=provider, name=name)
        return str(made["profile_id"])

    def create_calendar(
        self, profile_id: str, name: str, *, primary: bool = False, readonly: bool = False
    ) -> str:
        """Another calendar -> calendar_id."""
        order = {"name": name, "primary": primary, "readonly": readonly}
        return str(self._call("POST", f"profiles/{profile_id}/calendars", **order)["calendar_id"])

    def change_calendar(self, calendar_id: str, **changes: Any) -> None:
        """Change `name`, `readonly`, `deleted`, `primary` or `permission_level`."""
        self._call("PATCH", f"calendars/{calendar_id}", **changes)

    def grant(self, sub: str, *, scope: str = "read_write") -> ReadyAccount:
        """Fresh tokens without the OAuth round."""
        return ReadyAccount(**self._call("POST", f"accounts/{sub}/grant", scope=scope))

    def expire_tokens(self, sub: str) -> None:
        """Access tokens are too old from now on."""
        self._call("POST", f"accounts/{sub}/expire")

    def revoke_tokens(self, sub: str) -> None:
        """The person takes the permission back."""
        self._call("POST", f"accounts/{sub}/revoke")

    def break_profile(self, profile_id: str, *, noticed: bool = True) -> None:
        """The provider refuses the login;
        unless `noticed`, Cronofy learns of it with the next edit or write.
        """
        self._call("POST", f"profiles/{profile_id}/break", noticed=noticed)

    def relink_profile(self, profile_id: str) -> None:
        """The person logs in again."""
        self._call("POST", f"profiles/{profile_id}/relink")

    def begin_sync(self, profile_id: str) -> None:
        """The first sync runs: reads are empty."""
        self._call("POST", f"profiles/{profile_id}/begin_sync")

    def finish_sync(self, profile_id: str) -> None:
        """The first sync is done."""
        self._call("POST", f"profiles/{profile_id}/finish_sync")

    def conferencing(self, way: str = "assigned", *, seconds: float | None = None) -> None:
        """How links come to events from now on: see `conferencing_state.Way`."""
        self._call("PATCH", "conferencing", way=way, seconds=seconds)

    def add_conferencing(self, sub: str, provider: str = "zoom") -> str:
        """An account at a conferencing service -> profile_id."""
        return str(self._call("POST", f"accounts/{sub}/conferencing", provider=provider)["id"])

    def break_conferencing(self, profile_id: str) -> None:
        """The service refuses the login."""
        self._call("POST", f"conferencing/{profile_id}/break")

    def relink_conferencing(self, profile_id: str) -> None:
        """The person logs in there again."""
        self._call("POST", f"conferencing/{profile_id}/relink")

    def close_channel(self, channel_id: str) -> None:
        """Close it without a word."""
        self._call("DELETE", f"channels/{channel_id}")

    def notify(self, sub: str, kind: str, **extra: Any) -> None:
        """Push any type of notification to the account's channels."""
        self._call("POST", f"accounts/{sub}/notify", type=kind, **extra)

    def add_secret(self, secret: str | None = None) -> str:
        """A second client secret -> it."""
        return str(self._call("POST", "secrets", secret=secret)["client_secret"])

    def drop_secret(self) -> None:
        """The oldest secret goes."""
        self._call("DELETE", "secrets")

    def fault(self, kind: str, path: str = "/", *, times: int | None = 1, **how: Any) -> None:
        """Spoil the next `times` calls (None: until cleared) on paths that begin with `path`;
        see `faults.Fault`.
        """
        self._call("POST", "faults", kind=kind, path=path, times=times, **how)

    def fail(
        self,
        path: str,
        status: int = 503,
        *,
        times: int | None = 1,
        retry_after: int | None = None,
        body: Any = None,
        skip: int = 0,
    ) -> None:
        """Answer a status instead."""
        self.fault(
            "status",
            path,
            times=times,
            status=status,
            retry_after=retry_after,
            body=body,
            skip=skip,
        )

    def delay(self, path: str, seconds: float, *, times: int | None = None) -> None:
        """Answer late."""
        self.fault("delay", path, times=times, seconds=seconds)

    def clear_faults(self) -> None:
        """All well again."""
        self._call("DELETE", "faults")

    def pushes(self, **switches: float) -> dict[str, Any]:
        """Turn `drop`, `duplicate`, `reorder`, `tamper`, `delay`, `timeout`, `retry_scale`;
        see `pushes.Switches`.
        """
        return self._call("PATCH", "pushes", **switches)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._call("POST", "clock", advance=seconds)

    def set_clock(self, now: datetime) -> None:
        """Another time altogether."""
        self._call("POST", "clock", set=time_text(now))

    def set_page_size(self, size: int) -> None:
        """Items on a page."""
        self._call("PATCH", "settings", page_size=size)


class Sandbox(server.Sandbox):
    """One that is driven by its `control`."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.control = Control(self.origin)

    def stop(self) -> None:
        super().stop()
        self.control.close()
