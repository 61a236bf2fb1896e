"""Lists of bookings, sessions and pods: what their filters mean, and what each item says."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from domain.sessions import Booking, Session
from storage.reports import session_lists
from storage.reports.lists import Key, Page, SessionFilter
from storage.rows import event_differences
from storage.schema.database import Tx
from webhooks.api.list_files import LARGE
from webhooks.api.list_pages import Fields, ItemList, Reader
from webhooks.api.schemas.booking_responses import (
    BookingOut,
    CoachSessionOut,
    SessionOut,
    booking_fields,
    event_fields,
    session_fields,
)
from webhooks.api.schemas.lists import SessionsFilter
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import bound, check_zone
from workers.services import Services

ALIKE = (
    "coach_id",
    "participant_id",
    "company",
    "project",
    "cohort",
    "programme_name",
    "status",
    "in_conflict",
    "short_of_seats",
    "held_mails",
    "moved",
)
Seated = tuple[Session, list[Booking]]


def filter_of(query: SessionsFilter) -> SessionFilter:
    """Raises Refused and Invalid."""
    zone = check_zone("tz", query.tz)
    since, until = _bound("from", query.since, zone), _bound("to", query.until, zone)
    if since is not None and until is not None and until <= since:
        detail = "`to` is exclusive and must lie after `from`: send a later one."
        raise RefusedRequest("reversed_range", detail, field="to")
    changed = _bound("changed_since", query.changed_since, zone)
    changed_since = None
    if changed is not None:
        changed_since = datetime.fromtimestamp(changed, UTC)
    values: dict[str, Any] = {name: getattr(query, name, None) for name in ALIKE}
    return SessionFilter(**values, since=since, until=until, changed_since=changed_since)


def _bound(field: str, text: str | None, zone: str) -> int | None:
    if text is None:
        return None
    return bound(field, text, zone)


def _bookings(services: Services, query: SessionsFilter) -> Reader:
    wanted, now = filter_of(query), services.now()

    def read(tx: Tx, after: Key | None, limit: int) -> Page[Fields]:
        found = session_lists.bookings_page(tx, wanted, after, limit=limit, now=now)
        items = [booking_fields(booking, session, now) for booking, session in found.items]
        return Page(items, found.after)

    return read


def _sessions(services: Services, query: SessionsFilter, *, pods: bool) -> Reader:
    wanted, now = filter_of(query), services.now()

    def read(tx: Tx, after: Key | None, limit: int) -> Page[Fields]:
        found = session_lists.sessions_page(tx, wanted, after, limit=limit, now=now, pods=pods)
        items = [session_fields(session, seats, now) for session, seats in found.items]
        if not pods:
            changed = event_differences.of_sessions(tx, [each.id for each, _ in found.items])
            for item, (session, _) in zip(items, found.items, strict=True):
                item["event"] = event_fields(changed.get(session.id))
        return Page(items, found.after)

    return read


def _kinds(_query: SessionsFilter) -> tuple[type, ...]:
    """When it begins, or changed; and its id."""
    return int, str


BOOKINGS = ItemList("bookings", BookingOut, _bookings, _kinds)
SESSIONS = ItemList("sessions", CoachSessionOut, partial(_sessions, pods=False), _kinds, LARGE)
PODS = ItemList("pods", SessionOut, partial(_sessions, pods=True), _kinds, LARGE)
