"""A coach's own settings: what slots are made from, besides the calendars."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from domain.absences import NO_HOLIDAYS, Away, PublicHolidays
from domain.errors import Invalid, one_of, whole_number
from domain.event_differences import POLICIES, EventPolicy
from domain.hours import Hours
from domain.mail.safety import mail_address
from domain.places import Kind as PlaceKind
from domain.places import Place, Rule
from domain.trips import Trips

Mode = Literal["flexible", "back_to_back"]
Kind = Literal["hide", "last_known", "hours_only"]

ID = "[A-Za-z0-9._~:@+=-]{1,128}"
"""How the platform may spell an id, of a coach or of anything else: a pattern."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What people see while a coach's calendars cannot be trusted."""

    kind: Kind
    last_known_hours: int
    """For `last_known`: how long after the last good read its answer is still shown."""

    def __post_init__(self) -> None:
        one_of("policy.kind", self.kind, ("hide", "last_known", "hours_only"))
        whole_number("policy.last_known_hours", self.last_known_hours, 0, 24 * 365)


@dataclass(frozen=True, slots=True)
class Coach:
    """One coach; `pre`, `post`, `notice` and `durations` in minutes.
    Raises Invalid for what no coach can have.
    """

    id: str
    hours: Hours
    pre: int
    post: int
    notice: int
    horizon_days: int
    """Elapsed days of 24 h."""
    durations: tuple[int, ...]
    mode: Mode
    per_day: int | None
    per_week: int | None
    tentative_blocks: bool
    policy: Policy
    version: int
    name: str = field(default="", repr=False)
    email: str | None = field(default=None, repr=False)
    """Where the coach's mails go; without, none are sent."""
    language: str = "en"
    place: Place | None = None
    """Where their sessions are, unless somebody says otherwise (`domain.places`)."""
    place_kinds: tuple[PlaceKind, ...] | None = None
    """The kinds of places that they take; None: all."""
    event_policy: EventPolicy = "ask"
    """What becomes of an event of ours that the coach moved, deleted or declined in their calendar:
    they are asked, it is put back, or the session follows it.
    """
    away: tuple[Away, ...] = ()
    trips: Trips = ()
    holidays: PublicHolidays = NO_HOLIDAYS

    @property
    def gap(self) -> int:
        """Seconds that two sessions keep free between them: the larger buffer."""
        return 60 * max(self.pre, self.post)

    @property
    def limited(self) -> bool:
        """Whether a day or a week takes only so many sessions."""
        return self.per_day is not None or self.per_week is not None

    def __post_init__(self) -> None:
        whole_number("pre", self.pre, 0, 480)
        whole_number("post", self.post, 0, 480)
        whole_number("notice", self.notice, 0, 60 * 24 * 365)
        whole_number("horizon_days", self.horizon_days, 0, 730)
        check_durations(self.durations)
        one_of("mode", self.mode, ("flexible", "back_to_back"))
        if self.per_day is not None:
            whole_number("per_day", self.per_day, 0, 1000)
        if self.per_week is not None:
            whole_number("per_week", self.per_week, 0, 1000)
        if not isinstance(self.tentative_blocks, bool):
            raise Invalid("tentative_blocks", "not_a_boolean", "Send true or false.")
        one_of("event_policy", self.event_policy, POLICIES)
        if self.email is not None:
            mail_address("email", self.email)
        if self.place_kinds is not None:
            Rule("coach", self.id, self.place, self.place_kinds)


def check_durations(durations: Sequence[int]) -> None:
    """Raises Invalid for what no coach offers; in minutes."""
    for duration in durations:
        whole_number("durations", duration, 5, 480)
        if duration % 5:
            detail = f"{duration} minutes cannot be offered; use multiples of 5."
            raise Invalid("durations", "not_a_multiple_of_5", detail)
    if not durations or len(set(durations)) < len(durations):
        raise Invalid("durations", "not_distinct", "Offer one duration or more, each of them once.")
