"""A coach's calendar account as the provider describes it:
profiles (Google, Exchange...) and their calendars.
"""

from dataclasses import dataclass, field
from typing import Literal

Trouble = Literal["initial_sync", "disconnected", "revoked", "no_access"]
AccessMode = Literal["read_write", "free_busy", "no_access"]
"""What a person lets us do with a calendar login.

read_write  it is read, and sessions are written straight into it
free_busy   it is read; a session comes to the person as an invitation, which they accept or not
no_access   nobody reads it; a session comes as an invitation, too
"""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Names are somebody's words: shown on the settings page, never in a log."""

    id: str
    name: str = field(repr=False)
    readonly: bool = False
    deleted: bool = False
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One calendar login. Not `connected`: nothing is synced, and `relink_url` repairs it.

    `initial_sync`: the first sync is not complete, so what can be read is not either.
    """

    id: str
    provider: str
    service: str
    name: str = field(repr=False)
    connected: bool = True
    initial_sync: bool = False
    relink_url: str | None = field(default=None, repr=False)
    calendars: tuple[Calendar, ...] = ()
    mode: AccessMode = "read_write"


@dataclass(frozen=True, slots=True)
class ConferencingProfile:
    """An account at Zoom, Teams or the like, from which links of sessions come. Not `connected`:
    there are none, and `relink_url`, where there is one, repairs it.
    """

    id: str
    provider: str
    connected: bool = True
    relink_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Everything userinfo tells about one account; `sub` is its name for life."""

    sub: str
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    zone: str | None = None
    scope: str | None = None
    profiles: tuple[Profile, ...] = ()
    conferencing: tuple[ConferencingProfile, ...] = ()

    @property
    def lacks_service(self) -> bool:
        """Whether a service that makes links has lost its login."""
        return any(not profile.connected for profile in self.conferencing)

    @property
    def trouble(self) -> Trouble | None:
        """Why this account's free/busy is not the whole truth; the worst first.

        A profile without credentials still answers, with old data; one in its first sync looks free
        all day, and so does for good one that nobody may read.
        """
        if any(not profile.connected for profile in self.profiles):
            return "disconnected"
        if any(profile.mode == "no_access" for profile in self.profiles):
            return "no_access"
        if any(profile.initial_sync for profile in self.profiles):
            return "initial_sync"
        return None
