"""Addresses of the platform that are told of events, each of what it asked for.

    on  <------->  paused    by a person: what happens meanwhile is sent after it
     |  ^
     |  |  by a person: then all is sent that was not taken
     v  |
     off                     by itself, once nothing was taken for days

The one of the settings, COACHCAL_CALLBACK_URL, is told of everything, and is never switched off by
itself.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from domain.event_versions import OLDEST, Version

EndpointState = Literal["on", "paused", "off"]
STATES: tuple[EndpointState, ...] = get_args(EndpointState)
OF_SETTINGS = "settings"
"""The id of the one that the settings name."""
TEST = "endpoint.test"
"""An event that says nothing: somebody tries whether it comes."""
MOST = 20
LATELY = timedelta(hours=6)
"""Longer than any wait between two attempts."""


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """`types`, `coach_ids`, `company_ids`: of these alone; None: of all. `fed_through`: the
    position of the feed up to which it is owed what it wants. `replay_through`: up to there it is
    owed again. `failing_since`: nothing was taken since then. `taken_at`: when something was, give
    or take a minute. `old_until`: until when the secret before signs, too. `again_before`: what was
    due before then, in one of `again_states`, is owed again batch by batch. `sealed`: its secrets;
    those of the settings are not stored.
    """

    id: str
    url: str = field(repr=False)
    created_at: datetime
    types: tuple[str, ...] | None = None
    coach_ids: tuple[str, ...] | None = None
    company_ids: tuple[str, ...] | None = None
    version: Version = OLDEST
    state: EndpointState = "on"
    fed_through: int = 0
    replay_through: int = 0
    failing_since: datetime | None = None
    taken_at: datetime | None = None
    off_since: datetime | None = None
    mailed_at: datetime | None = None
    old_until: datetime | None = None
    again_states: str = ""
    again_before: datetime | None = None
    sealed: bytes | None = field(default=None, repr=False)

    @property
    def again(self) -> tuple[str, ...]:
        return tuple(self.again_states.split(","))

    def is_behind(self, last_position: int) -> bool:
        """Whether there is something in the feed that it may be owed now."""
        # The settings' own is owed what happens with the change, and never reads the feed.
        reads = self.id != OF_SETTINGS and self.state == "on"
        # While older events are owed again batch by batch, a newer one would overtake them.
        return reads and self.again_before is None and self.fed_through < last_position

    def fails_too_long(self, now: datetime, bound: timedelta, *, tried_at: datetime | None) -> bool:
        """`tried_at`: the latest attempt. One at which nothing is tried has refused nothing."""
        since = self.failing_since
        if self.state != "on" or since is None or tried_at is None:
            return False
        return now - since > bound and now - tried_at < LATELY

    def wants(self, topic: str, coach_id: str, company_id: str | None) -> bool:
        """Who asked for companies is told of sessions alone: a coach is no company's."""
        if self.types is not None and topic not in self.types:
            return False
        if self.coach_ids is not None and coach_id not in self.coach_ids:
            return False
        return self.company_ids is None or company_id in self.company_ids
