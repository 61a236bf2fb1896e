"""What a feed holds: the sessions that take place or took place, from a month ago on, in order."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.pod_groups import took_part
from domain.sessions import Booking, Session
from domain.titles import calendar_title
from storage.rows import bookings, coaches, sessions
from storage.rows.feeds import Feed

KEPT = timedelta(days=31)
"""So far back a feed goes; programs keep what they have read."""
AHEAD = timedelta(days=400)
MOST = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """A session as somebody's calendar shows it; `starts`, `ends` in epoch seconds.
    `title` None: it is named after the coach.
    """

    uid: str
    sequence: int
    changed_at: datetime
    starts: int
    ends: int
    title: str | None = field(repr=False)
    coach_name: str = field(default="", repr=False)
    where: str = field(default="", repr=False)


def entries(tx: Connection, feed: Feed, *, uid_domain: str, now: datetime) -> list[Entry]:
    """At most MOST of them, the earliest first."""
    if feed.coach_id is not None:
        return _of_coach(tx, feed.coach_id, uid_domain, now)
    assert feed.participant_id is not None  # noqa: S101 (a feed is somebody's)
    return _of_participant(tx, feed.participant_id, now)


def _of_coach(tx: Connection, coach_id: str, uid_domain: str, now: datetime) -> list[Entry]:
    since, until = int((now - KEPT).timestamp()), int((now + AHEAD).timestamp())
    standing = []
    for session in sessions.of_coach(tx, coach_id, since, until):
        if session.active:
            standing.append(session)
    standing = standing[:MOST]
    seated = bookings.of_sessions(tx, [session.id for session in standing])
    found = []
    for session in standing:
        found.append(_coachs(session, seated[session.id], uid_domain))
    return found


def _coachs(session: Session, seated: list[Booking], uid_domain: str) -> Entry:
    people, programme_name = [], session.context.programme_name
    changed_at = session.created_at
    for booking in seated:
        changed_at = max(changed_at, booking.changed_at)
        if booking.status == "booked":
            people.append(booking.participant.name)
            programme_name = programme_name or booking.context.programme_name
    return Entry(
        uid=f"{session.id}@{uid_domain}",
        sequence=session.version - 1,
        changed_at=changed_at,
        starts=session.starts,
        ends=session.ends,
        title=calendar_title(session, people, programme_name),
        where=session.where,
    )


def _of_participant(tx: Connection, participant_id: str, now: datetime) -> list[Entry]:
    """By the names that the mails give them: whoever has both has one event, and not two."""
    since = int((now - KEPT).timestamp())
    booked = bookings.of_participant(tx, participant_id, since=since, limit=MOST)
    met = sessions.by_id(tx, [booking.session_id for booking in booked])
    names: dict[str, str] = {}
    found = []
    for booking in booked:
        session = met[booking.session_id]
        # Whoever left a group late has missed it, and it goes on without them.
        if not took_part(session, booking):
            continue
        if session.coach_id not in names:
            coach = coaches.get(tx, session.coach_id)
            names[session.coach_id] = ""
            if coach is not None:
                names[session.coach_id] = coach.name
        found.append(of_booking(booking, session, names[session.coach_id]))
    return found


def of_booking(booking: Booking, session: Session, coach_name: str) -> Entry:
    """A participant's session, by the name that the mails give it."""
    return Entry(
        uid=booking.uid,
        sequence=booking.sequence,
        changed_at=booking.changed_at,
        starts=session.starts,
        ends=session.ends,
        title=session.title,
        coach_name=coach_name,
        where=session.where,
    )
