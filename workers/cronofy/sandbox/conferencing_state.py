"""What the sandbox knows of conferencing: how its services behave, whose accounts there are, and
who waits for a link.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Way = Literal[
    "assigned",  # the link comes, and one call says so
    "failing_then_assigned",  # first a call that the service fails, then as above
    "failing",  # that call alone: no link ever comes
    "late",  # as assigned, half a minute later unless another time is given
    "twice",  # the link comes, and two calls say so
    "never",  # the link comes, and no call ever says so
]
WAYS: tuple[str, ...] = get_args(Way)
USUAL_SECONDS, LATE_SECONDS = 1.0, 30.0


@dataclass
class SandboxService:
    """A person's account at a conferencing service."""

    id: str
    sub: str
    provider: str
    name: str
    connected: bool = True


@dataclass
class ComingLink:
    """A link on its way to an event; `due` as `clock.elapsed` counts."""

    due: float
    calendar_id: str
    uid: str
    service: str
    url: str


@dataclass
class SandboxConferencing:
    """`seconds`: from a write to its link, by the sandbox's clock; 0: with the write itself.
    `wanted`: by event, the profile that its link comes from. `asked`: the pages where a person
    connects a service, by token: whose, and where they go afterwards.
    """

    way: Way = "assigned"
    seconds: float = USUAL_SECONDS
    profiles: dict[str, SandboxService] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    asked: dict[str, tuple[str, str]] = field(default_factory=dict)
    coming: list[ComingLink] = field(default_factory=list)

    def show(self) -> dict[str, Any]:
        """`{way, seconds, profiles}`: no tokens."""
        profiles = [asdict(profile) for profile in self.profiles.values()]
        return {"way": self.way, "seconds": self.seconds, "profiles": profiles}

    def of(self, sub: str) -> list[SandboxService]:
        return [profile for profile in self.profiles.values() if profile.sub == sub]
