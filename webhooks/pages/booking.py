"""A coach's week and bookings with them, as participants, the coach and programme managers see it:
one page for all.

To a participant open or not is all that is told of a time: no reason, no title and nobody else's
name reaches a template. What others see besides is asked for under their rights, see `viewers`.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from flask import Response, abort, render_template, request

from domain.sessions import FORMATS, Booking, Terms
from domain.slots.cells import GRID
from storage.rows import bookings as booking_rows
from storage.rows import coaches, outbox, sessions
from storage.schema.database import Tx
from storage.slots import bookable
from storage.slots.bookable import Wanted
from webhooks.api.schemas.booking_requests import MOST_SEATS
from webhooks.api.schemas.requests import MOST_TEXT
from webhooks.http.context import runtime
from webhooks.http.page_sessions import guest, language
from webhooks.pages import emptiness, groups, histories, keepsakes, kept, weekgrid, zones
from webhooks.pages.booking_query import (
    Choice,
    Mine,
    choice,
    frame_chosen,
    lateness,
    mine,
    one_time_key,
    start_chosen,
    starts,
    zone_chosen,
)
from webhooks.pages.closed_times import closed, forcible
from webhooks.pages.refused import refused_page
from webhooks.pages.seals import shown_open

CONFIRMS = ("booked", "rebooked", "place_changed")
MAIL_STATES = {"pending": "coming", "sending": "coming", "sent": "sent"}


def book_page() -> str:
    """GET /book"""
    terms = runtime().services.terms()
    with runtime().services.database.read() as tx:
        chosen = choice(tx, terms)
        shown = _live(tx, chosen, terms)
        theirs = coming(tx, terms)
        coach = _coach_name(tx)
    return render_template(
        "pages/book.html",
        **shown,
        mine=theirs,
        coach=coach,
        zone_typed=zones.short_name(chosen.zone, language()),
        zones_url=zones.list_url(),
        key=one_time_key(),
    )


def book_grid() -> Response:
    """GET /book/grid: the grid, and the lists beside it, as they are now; 304 to whoever has that
    already.
    """
    terms = runtime().services.terms()
    with runtime().services.database.read() as tx:
        shown = _live(tx, choice(tx, terms), terms)
    response = Response(render_template("pages/book_live.html", **shown))
    response.set_etag(blake2b(response.get_data(), digest_size=12).hexdigest())
    response.make_conditional(request)
    return response


def book_confirm() -> Response:
    """GET /book/confirm: this time, if it is open or may be forced; otherwise those nearest to it.
    To whoever comes back here from the session that they made of it: that session.
    """
    terms, start = runtime().services.terms(), start_chosen()
    with runtime().services.database.read() as tx:
        chosen = choice(tx, terms)
        coach = _coach_name(tx)
        wanted = Wanted(guest().coach_id, start, chosen.duration)
        theirs = coming(tx, terms)
    if chosen.moving is not None:
        theirs.append(chosen.moving)
    own = had(theirs, wanted)
    if own is not None:
        return have_page(own)
    reason = bookable.why_closed(chosen.listing, wanted, terms)
    if reason is not None and (start % GRID or not forcible(reason)):
        code = "slot_not_open"
        if reason == bookable.ELSEWHERE:
            code = "participant_elsewhere"
        nearest = bookable.nearest(chosen.listing, wanted, terms)
        return refused_page(code, nearest, chosen, reason)
    still_open = None
    if not reason:
        still_open = shown_open(start)
    page = render_template(
        "pages/book_confirm.html",
        chosen=chosen,
        wanted=wanted,
        reason=reason,
        coach=coach,
        zone=chosen.zone,
        key=one_time_key(),
        shown_open=still_open,
        kept=kept.left(chosen, wanted),
        formats=FORMATS,
        most_seats=MOST_SEATS,
        most_text=MOST_TEXT,
    )
    return Response(page)


def book_booking(booking_id: str) -> str:
    """GET /book/bookings/{id}"""
    seen = _booking(booking_id)
    links = {}
    if seen["changeable"]:
        links = keepsakes.links(seen["booking"], seen["session"], seen["coach"])
    return render_template("pages/book_booking.html", **seen, calendars=links)


def book_calendar(booking_id: str) -> Response:
    """GET /book/bookings/{id}/calendar: a coming session, as a file for a calendar program."""
    seen = _booking(booking_id)
    if not seen["changeable"]:
        abort(404, "not_here")
    written = keepsakes.file(seen["booking"], seen["session"], seen["coach"])
    response = Response(written, mimetype="text/calendar")
    response.headers["Content-Disposition"] = "attachment; filename=session.ics"
    return response


def book_cancel_form(booking_id: str) -> str:
    """GET /book/bookings/{id}/cancel: asks; whoever only looks at the link cancels nothing."""
    seen = _booking(booking_id)
    if not seen["changeable"]:
        abort(404, "not_here")
    return render_template("pages/book_cancel.html", **seen, leaves_too=groups.leaves_too(seen))


ROUTES = (
    ("GET", "/book", book_page),
    ("GET", "/book/grid", book_grid),
    ("GET", "/book/confirm", book_confirm),
    ("GET", "/book/bookings/<booking_id>", book_booking),
    ("GET", "/book/bookings/<booking_id>/cancel", book_cancel_form),
    ("GET", "/book/bookings/<booking_id>/calendar", book_calendar),
)


def coming(tx: Tx, terms: Terms) -> list[Mine]:
    """The participant's bookings with this coach."""
    here = guest()
    if here.participant is None:
        return []
    found = booking_rows.coming(tx, here.coach_id, here.participant.id, now=terms.seconds)
    whole = [Mine(booking, sessions.get(tx, booking.session_id)) for booking in found]
    return [each for each in whole if here.handles(each.booking, each.session)]


def had(bookings: Sequence[Mine], wanted: Wanted) -> Mine | None:
    """The one of these that is at the very time that is wanted."""
    at = (wanted.start, wanted.end)
    for own in bookings:
        if (own.session.starts, own.session.ends) == at:
            return own
    return None


def have_page(own: Mine, status: int = 200) -> Response:
    """What is asked for is there already."""
    page = render_template(
        "pages/book_have.html", booking=own.booking, session=own.session, zone=zone_chosen()
    )
    return Response(page, status)


def _live(tx: Tx, chosen: Choice, terms: Terms) -> dict[str, Any]:
    """What is kept up to date while somebody looks."""
    since, until = weekgrid.bounds(chosen.zone, chosen.monday)
    week = weekgrid.draw(
        chosen.zone,
        chosen.monday,
        starts(chosen.listing, chosen.duration, since, until, terms),
        chosen.duration,
        shown=frame_chosen(),
        closed=closed(chosen.listing, chosen.duration, since, until, terms),
    )
    shown = {
        "chosen": chosen,
        "week": week,
        "zone": chosen.zone,
        "since": since,
        "until": until,
        "forcible": forcible,
    }
    shown |= _calendars(chosen, week, since, until)
    if chosen.moving:
        return shown | {"meetings": [], "groups": []}
    coming = groups.meetings(tx, max(since, terms.seconds), until)
    return shown | {"meetings": coming, "groups": groups.joinable(tx, terms)}


def _calendars(chosen: Choice, week: weekgrid.WeekGrid, since: int, until: int) -> dict[str, Any]:
    """How the calendars are, for who is no participant; and why nothing is open, if so."""
    listing = chosen.listing
    ill = empty = read = None
    if guest().viewer != "participant":
        ill = emptiness.ill(listing)
    if not week.open:
        empty = emptiness.why(listing, since, until, chosen.now, chosen.soonest)
    if listing.as_of is not None:
        read = int(listing.as_of.timestamp())
    return {"ill": ill, "empty": empty, "read": read}


def _booking(booking_id: str) -> dict[str, Any]:
    terms = runtime().services.terms()
    with runtime().services.database.read() as tx:
        seen = mine(tx, booking_id)
        late = lateness(tx, seen, terms)
        changeable = seen.booking.status == "booked" and not seen.session.begun(terms.now)
        targets: list[groups.Group] = []
        if changeable and seen.session.pod:
            targets = groups.targets(tx, seen.session, seen.booking, terms)
        coach = _coach_name(tx)
        mail = _mail(tx, seen.booking)
        history = histories.of(tx, seen.booking)
    return late | {
        "booking": seen.booking,
        "history": history,
        "session": seen.session,
        "changeable": changeable,
        "mail": mail,
        "groups": targets,
        # Who plans sessions takes no part in them: the link is for those who do.
        "link_hidden": guest().viewer == "manager",
        "coach": coach,
        "zone": zone_chosen(),
        "key": one_time_key(),
    }


def _mail(tx: Tx, booking: Booking) -> str | None:
    """Whether the mail about the booking as it is now is `coming` to the participant, or was
    `sent`; None: neither.
    """
    state = None
    for row in outbox.of_booking(tx, booking.id):
        if row.recipient == booking.participant.email and row.topic in CONFIRMS:
            state = MAIL_STATES.get(row.state)
    return state


def _coach_name(tx: Tx) -> str:
    coach = coaches.get(tx, guest().coach_id)
    if coach is None:
        return ""
    return coach.name
