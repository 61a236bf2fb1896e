"""Sessions and bookings: a time with a coach, and one participant's seat in it;
what may become of them, and when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from domain.hours import timezone, wall_clock
from domain.mail.safety import mail_address
from domain.places import EVERYWHERE, Place, Rule, join_link, where

SessionKind = Literal["one_to_one", "pod", "hold"]
SessionStatus = Literal["unbooked", "booked", "completed", "missed", "disabled"]
BookingStatus = Literal["booked", "cancelled", "completed", "missed"]
Answer = Literal["accepted", "declined", "tentative"]
Format = Literal["open", "closed", "hybrid", "hybrid_v2"]
# No mail can go there: RFC 2606 keeps `.invalid` for names that are none.
ERASED_ADDRESS = "nobody@erased.invalid"
ERASED_ID = "erased_"
FORMATS: tuple[Format, ...] = ("open", "closed", "hybrid", "hybrid_v2")


class Refused(Exception):
    """What was asked is understood, and cannot be had: nothing is written.

    `reason`: why the time is closed, a name of `domain.slots.reasons.Reason`, `past` or `full`.
    `nearest`: open starts around it, epoch seconds. `more`: what else the caller is told.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        reason: str | None = None,
        nearest: Sequence[int] = (),
        **more: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.reason = reason
        self.nearest = tuple(nearest)
        self.more = more


class Unknown(Exception):
    """There is no such coach, session, booking or hold: `what`, with this id."""

    def __init__(self, what: str, sought: str) -> None:
        super().__init__(f"there is no {what} {sought}")
        self.what = what
        self.sought = sought


@dataclass(frozen=True, slots=True)
class Participant:
    """Who takes a seat, as mails address them.
    Raises Invalid for an address or a zone that is none.
    """

    id: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    zone: str
    language: str = "en"
    my_page_url: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        mail_address("participant.email", self.email)
        timezone(self.zone)

    @classmethod
    def nobody(cls, name: str) -> Self:
        """Whoever was erased: `name` only tells which bookings were one person's.
        Nothing is ever mailed to them.
        """
        return cls(id=f"{ERASED_ID}{name}", name="", email=ERASED_ADDRESS, zone="UTC")

    @property
    def is_erased(self) -> bool:
        return self.email == ERASED_ADDRESS


@dataclass(frozen=True, slots=True)
class Context:
    """Where in Coach OS a session belongs: it chooses the texts of mails, and fills them."""

    company: str | None = None
    project: str | None = None
    cohort: str | None = None
    programme_name: str | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)

    def covers(self, other: "Context") -> bool:
        """Whether the other lies in this one:
        it names the same company, project and cohort wherever this names one.
        """
        names = ("company", "project", "cohort")
        pairs = [(getattr(self, name), getattr(other, name)) for name in names]
        return all(mine is None or mine == theirs for mine, theirs in pairs)

    def within(self, wider: "Context") -> "Context":
        """This one, with what it leaves open as the other has it: a seat in its session's."""
        return Context(**{**wider.as_json(), **self.as_json()})


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Session:
    """A 1:1 session, a pod, or a hold. `starts`, `ends` in epoch seconds, `gap` in seconds."""

    id: str
    coach_id: str
    kind: SessionKind
    starts: int
    ends: int
    gap: int
    created_at: datetime
    active: bool = True
    """It occupies the coach: it takes place, took place, or is held."""
    status: SessionStatus = "unbooked"
    force_reason: str | None = None
    version: int = 1
    capacity: int = 1
    taken: int = 0
    min_seats: int = 0
    format: Format | None = None
    deadline: datetime | None = None
    flagged_at: datetime | None = None
    title: str | None = field(default=None, repr=False)
    context: Context = NO_CONTEXT
    owner: str | None = None
    expires_at: datetime | None = None
    conflict_since: datetime | None = None
    wall: str | None = None
    """The coach's local time that it was booked for, as `wall_clock` writes it; of holds none."""
    wall_moved: str | None = None
    """What that became under newer time zone rules."""
    place: Place | None = None
    """Where it is, as it was chosen when it was made."""
    join_url: str | None = field(default=None, repr=False)
    """The link that was assigned for conferencing."""

    @property
    def join_link(self) -> str | None:
        """What a person opens to be there."""
        return join_link(self.place, self.join_url)

    @property
    def where(self) -> str:
        """The link, number or address, in one line; nothing where there is none, or none yet."""
        return where(self.place, self.join_url)

    group_id: str | None = None
    """Of a hybrid_v2 pod: the group that it is in (`domain.pod_groups`)."""

    @property
    def pod(self) -> bool:
        return self.kind == "pod"

    @property
    def minutes(self) -> int:
        return (self.ends - self.starts) // 60

    def begun(self, now: datetime) -> bool:
        return now.timestamp() >= self.starts

    def short_of_seats(self, now: datetime) -> bool:
        """A pod that had too few participants at its deadline."""
        return (
            self.active
            and self.deadline is not None
            and self.deadline <= now
            and self.taken < self.min_seats
        )


@dataclass(frozen=True, slots=True)
class Booking:
    """One participant's seat. `uid` and `sequence` are what its event
    is called in calendars (RFC 5545).
    """

    id: str
    session_id: str
    participant: Participant
    context: Context
    uid: str
    created_at: datetime
    changed_at: datetime
    status: BookingStatus = "booked"
    version: int = 1
    sequence: int = 0
    moves: int = 0
    """How often its participant moved it, those moves that nobody counts left out."""
    late_moves: int = 0
    """Of these, the late ones that were free."""
    replaces: str | None = None
    """The booking that a late move ended as missed, and that this one was made for."""
    answer: Answer | None = None
    """What the participant's calendar program said of the latest invitation."""
    overlap_reason: str | None = None
    """Why it was booked although its participant was in another session at the time."""
    wall: str | None = None
    """The participant's local time that it was booked for, as `wall_clock` writes it."""
    wall_starts: int | None = None
    """Of which instant, epoch seconds."""
    wall_moved: str | None = None
    """What that became under newer time zone rules."""

    def timed(self, session: Session) -> Self:
        """With the participant's local time of the session, by the rules of today."""
        wall = wall_clock(self.participant.zone, session.starts)
        return replace(self, wall=wall, wall_starts=session.starts, wall_moved=None)

    def changed(self, now: datetime, *, told_calendars: bool = True, **changes: Any) -> "Booking":
        """The booking after a change: its version grows,
        and where calendars hear of it, its sequence.
        """
        # A calendar drops what has no greater SEQUENCE than what it knows (RFC 5546 2.1.5).
        sequence = self.sequence + told_calendars
        answer = self.answer
        if told_calendars:
            answer = None  # it was to the invitation before
        version = self.version + 1
        return replace(
            self, changed_at=now, version=version, sequence=sequence, answer=answer, **changes
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """The moment of a change, read once for all that follows from it, and the settings it obeys."""

    now: datetime
    stale_after: timedelta
    late: timedelta
    """A cancellation or a move closer to the start than this counts as a missed session."""
    remind: timedelta
    remind_pods: timedelta
    uid_domain: str
    """The right side of every UID."""
    callbacks: bool = False
    """Whether the platform is told of it."""
    link_wait: timedelta = timedelta()
    """How long the mails of a session wait for its link at most."""
    places: Rule = EVERYWHERE
    """What the deployment says of where sessions are."""

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())

    @property
    def late_hours(self) -> int:
        return self.late // timedelta(hours=1)

    def is_late(self, session: Session) -> bool:
        # Exactly so long before is still in time.
        return session.starts - self.now.timestamp() < self.late.total_seconds()

    def reminder(self, session: Session) -> timedelta:
        if session.pod:
            return self.remind_pods
        return self.remind


def check_open_to_change(
    session: Session, booking: Booking, *, expected: int | None, now: datetime
) -> None:
    """Raises Refused unless this booking stands,
    is the one that the caller saw, and has not begun.
    """
    # The version first: whoever saw an older state is to look again, whatever else there is to say.
    if expected is not None and expected != booking.version:
        detail = (
            f"The booking is at version {booking.version} now: read it again, then repeat your"
            " change with that."
        )
        raise Refused("stale_version", detail, current=booking.version)
    if booking.status != "booked":
        detail = f"This booking is {booking.status}, and stays so: make a new booking."
        raise Refused("booking_ended", detail, ended_as=booking.status)
    if session.begun(now):
        raise Refused(
            "already_begun", "The session has begun: report its attendance instead.", reason="past"
        )
