"""Everything the sandbox knows, as plain objects in memory under one lock.

Vendor's habits kept here: one account holds several profiles; lists name read-only and deleted
calendars; a profile with broken credentials, or in its first sync, still answers reads, with what
Cronofy held before.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from workers.cronofy.sandbox import identifiers
from workers.cronofy.sandbox.call_log import Traffic
from workers.cronofy.sandbox.clock import SandboxClock
from workers.cronofy.sandbox.conferencing_state import SandboxConferencing
from workers.cronofy.sandbox.errors import ProtocolError
from workers.cronofy.sandbox.faults import Faults
from workers.cronofy.sandbox.modes import PROVIDERS, Invitation, Mode, mode_of, shows
from workers.cronofy.sandbox.pushes import Pushes
from workers.cronofy.sandbox.times import Moment

FreeBusy = Literal["busy", "tentative", "free", "unknown"]


@dataclass(frozen=True)
class SandboxEvent:
    """One occurrence.
    Frozen: an edit replaces it, so that what Cronofy held before stays as it was.
    """

    uid: str
    start: Moment
    end: Moment
    summary: str = "Busy"
    free_busy: FreeBusy = "busy"
    # The application's key; only events written through the API have one.
    event_id: str | None = None
    # The zone it is shown in; floating times are resolved in it when given.
    tzid: str | None = None
    # None: the provider keeps no timestamps.
    created: datetime | None = None
    updated: datetime | None = None
    deleted: bool = False
    # What the person said to it, where it came as an invitation.
    invitation: Invitation | None = None
    # Where it has been: include_moved looks here.
    earlier: tuple[tuple[Moment, Moment], ...] = ()
    # Further wire fields, as they are sent.
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class SandboxCalendar:
    """A calendar. `events` is the person's truth,
    `held` what Cronofy still has when it cannot see that.
    """

    id: str
    name: str
    profile: "SandboxProfile"
    readonly: bool = False
    deleted: bool = False
    primary: bool = False
    permission_level: str = "sandbox"
    events: dict[str, SandboxEvent] = field(default_factory=dict)
    held: dict[str, SandboxEvent] | None = None

    @property
    def seen(self) -> dict[str, SandboxEvent]:
        """What a read of the API shows."""
        there, mode = self.events, self.profile.mode
        if self.held is not None:
            there = self.held
        if mode == "read_write":
            return there
        seen = {}
        for uid, event in there.items():
            if shows(mode, managed=event.event_id is not None, invitation=event.invitation):
                seen[uid] = event
        return seen

    def managed(self, event_id: str) -> SandboxEvent | None:
        """The application's own event of that key."""
        for event in self.events.values():
            if event.event_id == event_id:
                return event
        return None


@dataclass
class SandboxProfile:
    """A login at one provider.
    `broken` is the truth, `connected` what Cronofy has noticed of it.
    """

    id: str
    provider: str
    name: str
    account: "SandboxAccount"
    calendars: list[SandboxCalendar] = field(default_factory=list)
    connected: bool = True
    broken: bool = False
    syncing: bool = False
    revoked: bool = False
    broken_at: datetime | None = None

    @property
    def mode(self) -> Mode:
        """How much of its calendars the application has."""
        return mode_of(self.provider)

    @property
    def names(self) -> dict[str, str]:
        """provider_name and provider_service on the wire."""
        name, service = PROVIDERS.get(self.provider, (self.provider, self.provider))
        return {"provider_name": name, "provider_service": service}


@dataclass
class SandboxAccount:
    """A person, as the application knows them: `sub` and whatever profiles were linked."""

    sub: str
    name: str
    email: str
    zone: str
    profiles: list[SandboxProfile] = field(default_factory=list)

    @property
    def zoneinfo(self) -> ZoneInfo:
        """Where floating times of this person belong."""
        return ZoneInfo(self.zone)

    def linked(self) -> list[SandboxProfile]:
        """The profiles that the application may see."""
        return [profile for profile in self.profiles if not profile.revoked]

    def calendars(self) -> list[SandboxCalendar]:
        """The calendars that the application may see, read-only and deleted ones too."""
        found: list[SandboxCalendar] = []
        for profile in self.linked():
            found += profile.calendars
        return found


@dataclass
class SandboxChannel:
    """A notification channel. A closed one is kept for the record but never listed."""

    id: str
    sub: str
    callback_url: str
    filters: dict[str, Any]
    closed: bool = False


@dataclass
class Code:
    """An authorization code: single use, five minutes."""

    sub: str
    profile_id: str
    redirect_uri: str
    scope: str
    expires_at: datetime


@dataclass
class Access:
    """What an access token opens, and until when."""

    sub: str
    scope: str
    expires_at: datetime


@dataclass
class SandboxGrant:
    """What a refresh token renews."""

    sub: str
    scope: str


@dataclass
class SandboxPage:
    """One page of a long answer, cut when its first page was asked for:
    later edits do not shift it.
    """

    sub: str
    kind: str
    items: list[dict[str, Any]]
    current: int
    total: int
    next_id: str | None


class World:
    """The state. Whoever reads or changes it holds `lock`;
    the clock and the pushes have their own.
    """

    def __init__(
        self,
        *,
        now: datetime | None = None,
        page_size: int = 25,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> None:
        # Reentrant: a view that holds it asks `is_open` and `close`, which push threads call too.
        self.lock = threading.RLock()
        self.clock = SandboxClock(now)
        self.origin = "http://127.0.0.1:0"  # the server writes its own once it has a port
        self.client_id = client_id or identifiers.client_id()
        self.secrets = [client_secret or identifiers.client_secret()]
        self.page_size = page_size
        self.accounts: dict[str, SandboxAccount] = {}
        self.channels: dict[str, SandboxChannel] = {}
        self.codes: dict[str, Code] = {}
        self.access: dict[str, Access] = {}
        self.grants: dict[str, SandboxGrant] = {}
        self.pages: OrderedDict[str, SandboxPage] = OrderedDict()
        self.faults = Faults()
        self.conferencing = SandboxConferencing()
        self._postponed: list[tuple[float, Callable[[], None]]] = []
        self.traffic = Traffic()
        self.pushes = Pushes(
            self.clock, secrets=lambda: self.secrets, is_open=self.is_open, close=self.close
        )

    def postpone(self, seconds: float, write: Callable[[], None]) -> None:
        """Do this so many seconds later, by the sandbox's clock:
        at the first call of anybody after that.
        """
        self._postponed.append((self.clock.elapsed() + seconds, write))

    def catch_up(self) -> None:
        """Do what was postponed and has come due, in its order."""
        now = self.clock.elapsed()
        self._postponed.sort(key=lambda each: each[0])
        # Taken out before it is done: a write that raises must not come again with each call.
        while self._postponed and self._postponed[0][0] <= now:
            _, write = self._postponed.pop(0)
            # The calendar may be gone by then, and nobody is there to be told.
            with suppress(ProtocolError):
                write()

    def profiles(self) -> Iterator[SandboxProfile]:
        """Every profile of every account."""
        for account in self.accounts.values():
            yield from account.profiles

    def calendars(self) -> Iterator[SandboxCalendar]:
        """Every calendar of every profile, revoked ones too."""
        for profile in self.profiles():
            yield from profile.calendars

    def account(self, sub: str) -> SandboxAccount:
        """Raises ProtocolError 404."""
        if sub not in self.accounts:
            raise ProtocolError(404)
        return self.accounts[sub]

    def profile(self, profile_id: str) -> SandboxProfile:
        """Raises ProtocolError 404."""
        for profile in self.profiles():
            if profile.id == profile_id:
                return profile
        raise ProtocolError(404)

    def calendar(self, calendar_id: str) -> SandboxCalendar:
        """Raises ProtocolError 404."""
        for calendar in self.calendars():
            if calendar.id == calendar_id:
                return calendar
        raise ProtocolError(404)

    def is_open(self, channel_id: str) -> bool:
        """Whether pushes to this channel still make sense."""
        with self.lock:
            channel = self.channels.get(channel_id)
            return channel is not None and not channel.closed

    def close(self, channel_id: str) -> None:
        """Close a channel the way Cronofy does: without a word; it is just not listed any more."""
        with self.lock:
            if channel_id in self.channels:
                self.channels[channel_id].closed = True
