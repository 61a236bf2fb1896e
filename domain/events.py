"""What the platform is told of by callbacks: every event, and all that each says. Ids, times and
versions, and never a name, an address or a title: whoever needs more asks the API, where it must
show its key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.notices import Change
from domain.sessions import Session

_BOOKING = ("booking_id", "version", "session_id", "coach_id", "participant_id", "starts", "ends")
_SESSION = ("session_id", "version", "coach_id", "starts", "ends")

CATALOGUE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "slots.changed": ("the coach's open times changed: read them again", ("coach_id", "version")),
    "booking.booked": ("a seat was taken", _BOOKING),
    "booking.rebooked": (
        "it moved to another time, or to another pod",
        (*_BOOKING, "previous_starts"),
    ),
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
}
"""What happened, and the keys of `data`."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell. `subject`: what it is about; events about one thing leave in order."""

    topic: str
    subject: str
    coach_id: str
    at: datetime
    data: dict[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        """As it is posted: the Standard Webhooks envelope."""
        return {"type": self.topic, "timestamp": _text(self.at), "data": self.data}


def in_order(topic: str) -> bool:
    """Whether each event counts. Of the others only the latest does:
    it tells how things are, not what happened.
    """
    return topic.startswith("booking.")


def slots_changed(coach_id: str, version: int, at: datetime) -> Event:
    return Event(
        "slots.changed",
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
    return Event(f"booking.{change.kind}", booked.id, session.coach_id, at, data)


def calendar(
    coach_id: str, connection_id: str, trouble: str | None, *, since: datetime | None, at: datetime
) -> Event:
    """What a connection's trouble has become: one that lasts, since then, or none."""
    data = {"coach_id": coach_id, "connection_id": connection_id}
    topic = "calendar.reconnected"
    if trouble is not None:
        topic = "calendar.disconnected"
        data |= {"reason": trouble, "since": _text(since or at)}
    return Event(topic, f"calendar:{connection_id}", coach_id, at, data)


def connected(coach_id: str, connection_id: str, at: datetime) -> Event:
    # A subject of its own: of its trouble only the latest counts, which must not swallow this.
    data = {"coach_id": coach_id, "connection_id": connection_id}
    return Event("calendar.connected", f"connected:{connection_id}", coach_id, at, data)


def synced(coach_id: str, at: datetime) -> Event:
    return Event("coach.synced", f"synced:{coach_id}", coach_id, at, {"coach_id": coach_id})


def conflict(session: Session, at: datetime) -> Event:
    """Whether an external event lies over the session now."""
    data = {
        "session_id": session.id,
        "version": session.version,
        "coach_id": session.coach_id,
        "starts": _of_seconds(session.starts),
        "ends": _of_seconds(session.ends),
    }
    topic = "session.conflict_cleared"
    if session.conflict_since is not None:
        topic = "session.conflict"
        data["since"] = _text(session.conflict_since)
    return Event(topic, f"conflict:{session.id}", session.coach_id, at, data)


def _of_seconds(seconds: int) -> str:
    return _text(datetime.fromtimestamp(seconds, UTC))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
