"""What the platform is told of by callbacks: every event, and all that each says. Ids, times and
versions, and never a name, an address or a title: whoever needs more asks the API, where it must
show its key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.notices import Change
from domain.sessions import Booking, Session

_BOOKING = ("booking_id", "version", "session_id", "coach_id", "participant_id", "starts", "ends")
_SESSION = ("session_id", "version", "coach_id", "starts", "ends")

SLOTS = "slots.changed"
TO_ENDPOINT = "to_endpoint:"
"""Before the topic of a row of the outbox that goes to an endpoint of its own. A release that knows
no endpoints would post it to the address of the settings: a topic that it does not know it leaves.
"""

CLOCK = "wall:"
"""Before the id of the session or the booking whose local time an event tells of."""
OF_BOOKING = ("", CLOCK)
"""What stands before a booking's id in the subjects of events about it. Whoever forgets, exports or
lists what was told of a booking asks for all of them.
"""

CATALOGUE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    SLOTS: ("the coach's open times changed: read them again", ("coach_id", "version")),
    "booking.booked": ("a seat was taken", _BOOKING),
    "booking.rebooked": (
        "it moved to another time, or to another pod",
        (*_BOOKING, "previous_starts"),
    ),
    "booking.place_changed": ("it is held elsewhere", _BOOKING),
    "booking.cancelled": ("it was cancelled, or its session called off", _BOOKING),
    "booking.seat_left": ("its participant left the pod", _BOOKING),
    "booking.missed": ("it was cancelled too late, or nobody came", _BOOKING),
    "calendar.disconnected": (
        (
            "only the coach can mend it: `disconnected` by relinking, `revoked` by connecting"
            " again, `no_access` by connecting it with the right to read"
        ),
        ("coach_id", "connection_id", "reason", "since"),
    ),
    "calendar.reconnected": ("it is read again", ("coach_id", "connection_id")),
    "calendar.connected": (
        "an account is connected for the first time; it may not be read yet",
        ("coach_id", "connection_id"),
    ),
    "coach.synced": (
        "all the coach's calendars are read and healthy, for the first time since they had none",
        ("coach_id",),
    ),
    "session.conflict": (
        "an external event lies over a session, which stands",
        (*_SESSION, "since"),
    ),
    "session.conflict_cleared": (
        "no longer: the event went, or the session moved or ended",
        _SESSION,
    ),
    "session.conferencing_failed": (
        "no link came for a session that is to have one; its mails say that it follows",
        (*_SESSION, "since"),
    ),
    "session.conferencing_recovered": (
        "one came after all, or none is needed any more",
        _SESSION,
    ),
    "session.event_moved": (
        "its coach moved its event in their calendar; both times are closed until it is settled",
        (*_SESSION, "event_starts", "event_ends", "since"),
    ),
    "session.event_deleted": (
        "its coach deleted its event there, or, if `declined`, declined it; the session stands",
        (*_SESSION, "declined", "since"),
    ),
    "session.event_settled": (
        "no longer: the session moved there, the event was put back, or one of them ended",
        _SESSION,
    ),
    "session.wall_clock_moved": (
        "new time zone rules: the coach's local time of it is another now; the instant stays",
        (*_SESSION, "booked_for", "wall_moved"),
    ),
    "session.wall_clock_restored": (
        "no longer: the rules were put right, or the session moved",
        _SESSION,
    ),
    "session.participant_clock_moved": (
        "new time zone rules: a participant's local time of it is another now; the instant stays",
        (*_SESSION, "booking_id", "booked_for", "wall_moved"),
    ),
    "session.participant_clock_restored": (
        "no longer: the rules were put right, or the session moved",
        (*_SESSION, "booking_id"),
    ),
}
"""What happened, and the keys of `data`."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell. `subject`: what it is about; events about one thing leave in order.
    `company_id`: whose session it is about, where it is about one and that is known.
    """

    topic: str
    subject: str
    coach_id: str
    at: datetime
    data: dict[str, Any]
    company_id: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """As it is posted: the Standard Webhooks envelope."""
        return {"type": self.topic, "timestamp": written(self.at), "data": self.data}


def in_order(topic: str) -> bool:
    """Whether each event counts. Of the others only the latest does:
    it tells how things are, not what happened.
    """
    return plain(topic).startswith("booking.")


def plain(topic: str) -> str:
    """The event's own, of a row that may go to an endpoint of its own."""
    return topic.removeprefix(TO_ENDPOINT)


def subjects_of_booking(booking_id: str) -> tuple[str, ...]:
    """Every subject that an event about this booking may have."""
    return tuple(prefix + booking_id for prefix in OF_BOOKING)


def slots_changed(coach_id: str, version: int, at: datetime) -> Event:
    return Event(
        SLOTS,
        f"slots:{coach_id}",
        coach_id,
        at,
        {"coach_id": coach_id, "version": version},
    )


def booking(change: Change, at: datetime) -> Event:
    """A booking's own change, as it is afterwards."""
    booked, session = change.booking, change.session
    # No name and no address: what is posted may be logged by whoever receives it.
    data: dict[str, Any] = {
        "booking_id": booked.id,
        "version": booked.version,
        "session_id": session.id,
        "coach_id": session.coach_id,
        "participant_id": booked.participant.id,
        "starts": _of_seconds(session.starts),
        "ends": _of_seconds(session.ends),
    }
    if change.previous_starts is not None:
        data["previous_starts"] = _of_seconds(change.previous_starts)
    company = booked.context.within(session.context).company
    return Event(f"booking.{change.kind}", booked.id, session.coach_id, at, data, company)


def calendar(
    coach_id: str, connection_id: str, trouble: str | None, *, since: datetime | None, at: datetime
) -> Event:
    """What a connection's trouble has become: one that lasts, since then, or none."""
    data = {"coach_id": coach_id, "connection_id": connection_id}
    topic = "calendar.reconnected"
    if trouble is not None:
        topic = "calendar.disconnected"
        data |= {"reason": trouble, "since": written(since or at)}
    return Event(topic, f"calendar:{connection_id}", coach_id, at, data)


def connected(coach_id: str, connection_id: str, at: datetime) -> Event:
    # A subject of its own: of its trouble only the latest counts, which must not swallow this.
    data = {"coach_id": coach_id, "connection_id": connection_id}
    return Event("calendar.connected", f"connected:{connection_id}", coach_id, at, data)


def synced(coach_id: str, at: datetime) -> Event:
    return Event("coach.synced", f"synced:{coach_id}", coach_id, at, {"coach_id": coach_id})


def conflict(session: Session, at: datetime) -> Event:
    """Whether an external event lies over the session now."""
    data = _of_session(session)
    topic = "session.conflict_cleared"
    if session.conflict_since is not None:
        topic = "session.conflict"
        data["since"] = written(session.conflict_since)
    return _about(session, topic, "conflict", at, data)


def conferencing(session: Session, failed_since: datetime | None, at: datetime) -> Event:
    """Whether a link is missing that was asked for then."""
    # Never the link: what is posted may be logged by whoever receives it.
    data = _of_session(session)
    topic = "session.conferencing_recovered"
    if failed_since is not None:
        topic = "session.conferencing_failed"
        data["since"] = written(failed_since)
    return _about(session, topic, "conferencing", at, data)


def event_moved(session: Session, starts: int, ends: int, since: datetime, at: datetime) -> Event:
    """Its event stands at [starts, ends) in the coach's calendar now, epoch seconds."""
    stands = {"event_starts": _of_seconds(starts), "event_ends": _of_seconds(ends)}
    return _event("moved", session, stands | {"since": written(since)}, at)


def event_deleted(session: Session, since: datetime, at: datetime, *, declined: bool) -> Event:
    return _event("deleted", session, {"declined": declined, "since": written(since)}, at)


def event_settled(session: Session, at: datetime) -> Event:
    return _event("settled", session, {}, at)


def _event(what: str, session: Session, more: dict[str, Any], at: datetime) -> Event:
    data = _of_session(session) | more
    return _about(session, f"session.event_{what}", "event", at, data)


def wall_clock(session: Session, at: datetime) -> Event:
    """Whether new time zone rules gave the session another local time."""
    data = _of_session(session)
    topic = "session.wall_clock_restored"
    if session.wall_moved is not None:
        topic = "session.wall_clock_moved"
        data |= {"booked_for": session.wall, "wall_moved": session.wall_moved}
    return _about(session, topic, "wall", at, data)


def participant_clock(session: Session, booking: Booking, at: datetime) -> Event:
    """Whether new time zone rules gave the session another local time where its participant is."""
    data = _of_session(session) | {"booking_id": booking.id}
    topic = "session.participant_clock_restored"
    if booking.wall_moved is not None:
        topic = "session.participant_clock_moved"
        data |= {"booked_for": booking.wall, "wall_moved": booking.wall_moved}
    company = booking.context.within(session.context).company
    return Event(topic, CLOCK + booking.id, session.coach_id, at, data, company)


def _about(session: Session, topic: str, matter: str, at: datetime, data: dict[str, Any]) -> Event:
    """Of a session several things may be told: each `matter` is a subject of its own."""
    company = session.context.company
    return Event(topic, f"{matter}:{session.id}", session.coach_id, at, data, company)


def _of_session(session: Session) -> dict[str, Any]:
    return {
        "session_id": session.id,
        "version": session.version,
        "coach_id": session.coach_id,
        "starts": _of_seconds(session.starts),
        "ends": _of_seconds(session.ends),
    }


def _of_seconds(seconds: int) -> str:
    return written(datetime.fromtimestamp(seconds, UTC))


def written(moment: datetime) -> str:
    """A time, as events tell it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
