"""What a coach changed in their own calendar about sessions of theirs, and what lies over these:
each with what can be done about it, on a page of its own.
"""

from dataclasses import dataclass

from flask import Response, abort, render_template, request, url_for

from domain.conflicts import overlap
from domain.errors import Invalid
from domain.sessions import Refused, Session, Terms
from domain.slots.cells import GRID, Periods
from storage.reports import overview
from storage.rows import bookings, coaches, event_differences, sessions
from storage.rows.event_differences import Difference
from storage.rows.outbox_claims import Wake
from storage.schema.database import Tx
from storage.schema.outages import run_again_once
from storage.slots import bookable, slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import calendar_mails, event_settling
from webhooks.http.context import parts, runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, keep
from webhooks.http.permissions import May
from webhooks.pages.booking_query import zone_asked, zone_chosen

DONE = ("calendar", "session")
"""Whose time counted in the end: the calendar's, or the session's."""
REFUSED = {
    "slot_not_open": "closed",
    "already_begun": "begun",
    "booking_ended": "ended",
    "pod_ended": "ended",
}
"""What is said of a refusal; of any other, that somebody was faster."""
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Shown:
    """A session that its coach has to look at. `who`: of a 1:1. `place`: where it is moved or
    cancelled, until it begins. `stands`: where its event stands, or what of the session is taken,
    in epoch seconds.
    """

    session: Session
    who: str | None
    place: str | None
    stands: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Changed(Shown):
    """`closed`: why the session cannot move to where its event stands; None: that time is open.
    `begun`: it cannot move at all any more.
    """

    difference: Difference
    closed: str | None
    begun: bool

    @property
    def moved(self) -> bool:
        return self.difference.kind == "moved"


def book_changes() -> Response:
    """GET /book/changes"""
    done = request.args.get("done")
    said = None
    if done in DONE:
        said = f"done_{done}"
    return _page(said)


def book_settle(session_id: str) -> Response:
    """POST /book/changes/{session}: the event goes back, or the session goes where it stands."""
    to = request.form.get("to")
    if to not in DONE:
        abort(422, "not_understood")
    try:
        wake = run_again_once(lambda: _settle(session_id, to))
    except Refused as refusal:
        parts().refusals.tell(refusal.code, refusal.reason)
        return _page(REFUSED.get(refusal.code, "settled"), CONFLICT)
    runtime().actors.wake_outbox(wake)
    return see(url_for("pages.book_changes", done=to, **zone_asked()))


ROUTES = (
    ("GET", "/book/changes", book_changes),
    ("POST", "/book/changes/<session_id>", book_settle),
)


def unsettled() -> bool:
    """Whether there is anything on the page of whoever looks. Of templates."""
    if not guest().may(May.settle):
        return False
    services = runtime().services
    with services.database.read() as tx:
        if event_differences.of_coach(tx, guest().coach_id):
            return True
        return bool(overview.conflicts_of(tx, guest().coach_id, now=services.now()))


def _settle(session_id: str, to: str) -> list[Wake]:
    services = runtime().services
    terms = services.terms()
    with services.database.write() as tx:
        keep(tx)
        if sessions.get(tx, session_id).coach_id != guest().coach_id:
            abort(404, "not_here")
        return event_settling.settle(tx, session_id, to, terms, token=request.form.get("token", ""))


def _page(said: str | None, status: int = 200) -> Response:
    services = runtime().services
    terms = services.terms()
    with services.database.read() as tx:
        changed = _changed(tx, terms)
        met = _met(tx, terms)
    page = render_template(
        "pages/book_changes.html", changed=changed, met=met, said=said, zone=zone_chosen()
    )
    return Response(page, status)


def _changed(tx: Tx, terms: Terms) -> list[Changed]:
    found = []
    for difference in event_differences.of_coach(tx, guest().coach_id):
        session = sessions.get(tx, difference.session_id)
        stands = _times(difference)
        closed = None
        if stands is not None:
            closed = _closed(tx, session, stands, terms)
        about = _about(tx, session, terms)
        each = Changed(session, *about, stands, difference, closed, session.begun(terms.now))
        found.append(each)
    return found


def _times(difference: Difference) -> tuple[int, int] | None:
    if difference.kind != "moved" or difference.starts is None or difference.ends is None:
        return None
    return difference.starts, difference.ends


def _closed(tx: Tx, session: Session, stands: tuple[int, int], terms: Terms) -> str | None:
    """Why the ordinary rule does not let the session move there; empty for a time that is none."""
    start, end = stands
    # Nobody begins or ends at such a time: it is none that could be open.
    if start % GRID or (end - start) % 60:
        return ""
    listing = bookable.listing_for(tx, session.coach_id, terms, without=(session.id,))
    try:
        wanted = Wanted(session.coach_id, start, (end - start) // 60)
        return bookable.why_closed(listing, wanted, terms)
    except Invalid:
        return ""


def _met(tx: Tx, terms: Terms) -> list[Shown]:
    """The sessions that something else in the calendars lies over."""
    found = _in_conflict(tx, terms)
    coach = coaches.get(tx, guest().coach_id)
    if not found or coach is None:
        return []
    busy: Periods = slot_sets.external(tx, coach)
    shown = []
    for session in found:
        about = _about(tx, session, terms)
        each = Shown(session, *about, overlap(session, busy))
        shown.append(each)
    return shown


def _in_conflict(tx: Tx, terms: Terms) -> list[Session]:
    found = overview.conflicts_of(tx, guest().coach_id, now=terms.now)
    return [sessions.get(tx, each.session_id) for each in found]


def _about(tx: Tx, session: Session, terms: Terms) -> tuple[str | None, str | None]:
    """Whom it is with, and where it is moved or cancelled, if it still can be."""
    who = calendar_mails.with_whom(tx, session)
    if session.begun(terms.now):
        return who, None
    if session.pod:
        return who, url_for("pages.book_group", pod_id=session.id, **zone_asked())
    for booking in bookings.of_session(tx, session.id):
        if booking.status == "booked":
            return who, url_for("pages.book_booking", booking_id=booking.id, **zone_asked())
    return who, None
