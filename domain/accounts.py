"""A coach's calendar account as the provider describes it: profiles (Google, Exchange...) and their calendars."""

from dataclasses import dataclass
from typing import Literal

Trouble = Literal["initial_sync", "disconnected", "revoked"]


@dataclass(frozen=True, slots=True)
class Calendar:
    id: str
    name: str
    readonly: bool = False
    deleted: bool = False
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    provider: str
    service: str
    name: str
    connected: bool = True
    initial_sync: bool = False
    relink_url: str | None = None
    calendars: tuple[Calendar, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """Everything userinfo tells about one account; `sub` is its name for life."""

    sub: str
    name: str | None = None
    email: str | None = None
    zone: str | None = None
    scope: str | None = None
    profiles: tuple[Profile, ...] = ()

    @property
    def trouble(self) -> Trouble | None:
        """Why this account's free/busy is not the whole truth; the worst first.

        A profile without credentials still answers, with old data; one in its first sync looks free all day.
        """
        if any(not profile.connected for profile in self.profiles):
            return "disconnected"
        if any(profile.initial_sync for profile in self.profiles):
            return "initial_sync"
        return None
