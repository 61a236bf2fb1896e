"""A client for the sandbox's control API: what a person, or bad luck, does to the calendars."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import requests

from workers.cronofy.sandbox.control_link import TIMEOUT, ControlFailed, ControlLink


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


class Control(ControlLink):
    """Talks to /sandbox/ of one origin. Raises ControlFailed with the sandbox's reason."""

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
        span = {"start": _text(start), "end": _text(end)}
        added = self._call("POST", f"calendars/{calendar_id}/events", **span, **order)
        return str(added["event_uid"])

    def move_event(
        self, event_uid: str, start: datetime | date | str, end: datetime | date | str
    ) -> None:
        """Drag it elsewhere."""
        self._call("PATCH", f"events/{event_uid}", start=_text(start), end=_text(end))

    def change_event(self, event_uid: str, **changes: str) -> None:
        """Change `status` or `summary`."""
        self._call("PATCH", f"events/{event_uid}", **changes)

    def delete_event(self, event_uid: str) -> None:
        """Throw it away."""
        self._call("DELETE", f"events/{event_uid}")

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
        window = {"since": since and _text(since), "until": until and _text(until)}
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

    # Ailments

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

    # Trouble

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
        self._call("POST", "clock", set=_text(now))

    def set_page_size(self, size: int) -> None:
        """Items on a page."""
        self._call("PATCH", "settings", page_size=size)


def _text(moment: datetime | date | str) -> str:
    # Without a fraction, which the wire does not carry, and refuses.
    if isinstance(moment, datetime):
        return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return str(moment)
