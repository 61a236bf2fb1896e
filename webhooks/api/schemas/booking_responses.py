"""What goes out about sessions, bookings and holds, typed, as OpenAPI tells it."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from domain.event_differences import Kind as EventKind
from domain.places import Place
from domain.pod_groups import PodGroup
from domain.sessions import Answer, Booking, BookingStatus, Format, Session, SessionKind
from storage.rows.event_differences import Difference
from webhooks.api.schemas.picked import picker
from webhooks.api.schemas.places import PlaceOut
from webhooks.api.schemas.responses import Instant
from webhooks.api.schemas.session_states import SaidStatus
from webhooks.http.times import iso, iso_or_none


class ParticipantOut(BaseModel):
    id: str
    name: str
    email: str
    zone: str
    language: str
    my_page_url: str | None


class ContextOut(BaseModel):
    company: str | None
    project: str | None
    cohort: str | None
    programme_name: str | None


class PodOut(BaseModel):
    format: Format
    group_id: str | None = Field(description="Of hybrid_v2 pods: the group that it is in.")
    min_seats: int
    max_seats: int
    taken: int
    deadline: Instant | None
    short_of_seats: bool = Field(description="Fewer than min_seats were taken at the deadline.")


class SeatOut(BaseModel):
    """One participant's booking; `uid` and `sequence` are what calendars know it by."""

    id: str
    version: int
    status: BookingStatus
    participant: ParticipantOut
    context: ContextOut
    uid: str
    sequence: int
    created_at: Instant
    changed_at: Instant
    moves: int = Field(description="How often it was moved; not counted is what was excused.")
    replaces: str | None = Field(
        description="The booking that a late move ended as missed, and that this one stands for."
    )
    answer: Answer | None = Field(
        description="What the participant's calendar program said of the latest invitation, as far"
        " as it was handed in."
    )
    overlap_reason: str | None = Field(
        description="Why it was booked although the participant was in another session at the time;"
        " null if they were not, and empty once the reason is forgotten with the person."
    )
    participant_booked_for: str | None = Field(description="Their local time of it, and the zone.")
    participant_wall_moved: str | None = Field(
        description="What that local time became under newer time zone rules; the instant stays."
    )


class Time(BaseModel):
    """A session of a coach, without who is in it."""

    session_id: str
    pod_id: str | None = Field(
        description="Of a pod the same id, as paths and bodies call it; null of a 1:1 session."
    )
    coach_id: str
    kind: SessionKind
    start: Instant
    end: Instant
    duration: int = Field(description="Minutes.")
    title: str | None
    place: PlaceOut | None = Field(description="Where it is; null: nowhere in particular.")
    join_url: str | None = Field(
        description="What a person opens to be there; null while conferencing has no link yet."
    )
    pod: PodOut | None = Field(description="Only for pods.")
    force_reason: str | None = Field(
        description="Why it was booked over busy time or outside hours; null if it was not,"
        " and empty once the reason is forgotten with the person it was given for."
    )
    conflict_since: Instant | None = Field(
        description="Since when an event in the coach's calendars lies over it."
    )
    booked_for: str | None = Field(
        description="The coach's local time that it was booked for, and the zone."
    )
    wall_moved: str | None = Field(
        description="What that local time became under newer time zone rules; the instant stays."
    )


class BookingOut(SeatOut, Time):
    """A booking with the session that it is for."""


class SessionOut(Time):
    version: int
    status: SaidStatus = Field(
        description="`disabled` is what the form of 2026-06-01 calls `called_off`."
    )
    active: bool = Field(description="It takes place, or took place.")
    context: ContextOut
    bookings: list[SeatOut] = Field(description="All that there ever were, the oldest first.")


class EventOut(BaseModel):
    """What the coach did to the session's event in their own calendar, and nobody settled yet."""

    kind: EventKind
    start: Instant | None = Field(description="Where the event stands now; null when it is gone.")
    end: Instant | None
    since: Instant = Field(description="When it was first seen so.")
    token: str = Field(description="Of this change: send it when you settle it.")


class CoachSessionOut(SessionOut):
    event: EventOut | None = Field(
        description="What its coach changed in their calendar; null when both agree."
    )


class GroupOut(BaseModel):
    """A group of hybrid_v2 pods; title and context are those that it was begun with."""

    group_id: str
    title: str | None
    context: ContextOut
    pods: list[SessionOut] = Field(description="In the order in which they begin.")


class HoldOut(BaseModel):
    id: str
    coach_id: str
    start: Instant
    end: Instant
    owner: str
    expires_at: Instant


def booking_out(booking: Booking, session: Session, now: datetime) -> BookingOut:
    return BookingOut.model_validate(booking_fields(booking, session, now))


def booking_fields(booking: Booking, session: Session, now: datetime) -> dict[str, object]:
    """What a BookingOut says, as JSON takes it: lists have no time for models."""
    return _time(session, now) | _seat(booking)


def session_out(session: Session, bookings: Sequence[Booking], now: datetime) -> SessionOut:
    return SessionOut.model_validate(session_fields(session, bookings, now))


def session_fields(
    session: Session, bookings: Sequence[Booking], now: datetime
) -> dict[str, object]:
    """What a SessionOut says, as JSON takes it."""
    return _time(session, now) | {
        "version": session.version,
        "status": session.status,
        "active": session.active,
        "context": _context(session),
        "bookings": list(map(_seat, bookings)),
    }


def place_out(place: Place | None) -> PlaceOut | None:
    if place is None:
        return None
    return PlaceOut(kind=place.kind, value=place.value)


def coach_session_out(
    session: Session, bookings: Sequence[Booking], difference: Difference | None, now: datetime
) -> CoachSessionOut:
    shown = session_fields(session, bookings, now)
    return CoachSessionOut.model_validate(shown | {"event": event_fields(difference)})


def event_fields(difference: Difference | None) -> dict[str, object] | None:
    if difference is None:
        return None
    start = end = None
    if difference.starts is not None and difference.ends is not None:
        start, end = iso(difference.starts), iso(difference.ends)
    return {
        "kind": difference.kind,
        "start": start,
        "end": end,
        "since": iso_or_none(difference.since),
        "token": difference.token,
    }


def group_out(group: PodGroup, pods: list[SessionOut]) -> GroupOut:
    context = ContextOut.model_validate(group.context, from_attributes=True)
    return GroupOut(group_id=group.id, title=group.title, context=context, pods=pods)


def hold_out(hold: Session) -> HoldOut:
    return HoldOut(
        id=hold.id,
        coach_id=hold.coach_id,
        start=iso(hold.starts),
        end=iso(hold.ends),
        owner=hold.owner or "",
        expires_at=iso_or_none(hold.expires_at) or "",
    )


def _time(session: Session, now: datetime) -> dict[str, object]:
    pod = pod_id = None
    if session.pod:
        pod, pod_id = _pod(session, now), session.id
    return {
        "session_id": session.id,
        "pod_id": pod_id,
        "coach_id": session.coach_id,
        "kind": session.kind,
        "start": iso(session.starts),
        "end": iso(session.ends),
        "duration": session.minutes,
        "title": session.title,
        "place": place_fields(session.place),
        "join_url": session.join_link,
        "pod": pod,
        "force_reason": session.force_reason,
        "conflict_since": iso_or_none(session.conflict_since),
        "booked_for": session.wall,
        "wall_moved": session.wall_moved,
    }


def place_fields(place: Place | None) -> dict[str, object] | None:
    if place is None:
        return None
    return {"kind": place.kind, "value": place.value}


def _pod(pod: Session, now: datetime) -> dict[str, object]:
    return {
        "format": pod.format,
        "group_id": pod.group_id,
        "min_seats": pod.min_seats,
        "max_seats": pod.capacity,
        "taken": pod.taken,
        "deadline": iso_or_none(pod.deadline),
        "short_of_seats": pod.short_of_seats(now),
    }


def _seat(booking: Booking) -> dict[str, object]:
    return {
        "id": booking.id,
        "version": booking.version,
        "status": booking.status,
        "participant": _who(booking.participant),
        "context": _context(booking),
        "uid": booking.uid,
        "sequence": booking.sequence,
        "created_at": iso_or_none(booking.created_at),
        "changed_at": iso_or_none(booking.changed_at),
        "moves": booking.moves,
        "replaces": booking.replaces,
        "answer": booking.answer,
        "overlap_reason": booking.overlap_reason,
        "participant_booked_for": booking.wall,
        "participant_wall_moved": booking.wall_moved,
    }


def _context(of: Session | Booking) -> dict[str, object]:
    return _where(of.context)


_who, _where = picker(ParticipantOut), picker(ContextOut)
