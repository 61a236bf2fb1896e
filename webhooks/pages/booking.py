"""What a participant sees of their coach: open times in a week, their own bookings, and groups with seats left.

Open or not is all that is told of a time: no reason, no title and nobody else's name ever reaches a template here.
"""

import secrets
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from flask import Response, abort, render_template, request

from domain.sessions import Booking, Refused, Session, Terms, check_may_rebook
from storage import coaches, openings, seats, sessions
from storage.openings import Wanted
from webhooks.pages import spoken, weekgrid
from webhooks.pages.choices import (
    Choice,
    Mine,
    Tx,
    choice,
    frame_chosen,
    mine,
    start_chosen,
    starts,
    who,
    zone_chosen,
)
from webhooks.pages.guests import guest
from webhooks.wiring import runtime

MOST_PODS = 24
REFUSALS = (
    "slot_not_open",
    "seats_full",
    "already_seated",
    "format_forbids",
    "booking_ended",
    "pod_ended",
    "already_begun",
    "stale_version",
)
JOINED_BY_CHOICE = ("open", "hybrid_v2")


@dataclass(frozen=True, slots=True)
class Group:
    """A pod as a participant may know it: when, and how many seats are left. `joined`: whether they may take one."""

    id: str
    starts: int
    ends: int
    left: int
    joined: bool


def book_page() -> str:
    """GET /book"""
    services = runtime().services
    terms = services.terms()
    with services.database.read() as tx:
        chosen = choice(tx, terms)
        shown = _coming(tx, terms)
        groups = [group for group in _groups(tx, terms) if group.joined]
        coach = _coach_name(tx)
    return render_template(
        "pages/book.html",
        **_grid(chosen, terms),
        mine=shown,
        groups=() if chosen.moving else groups,
        coach=coach,
        zones=spoken.zones(),
        key=one_time_key(),
        late_hours=services.settings.late_cancel_hours,
    )


def book_grid() -> Response:
    """GET /book/grid: the same grid as it is now; 304 to whoever has it already."""
    services = runtime().services
    terms = services.terms()
    with services.database.read() as tx:
        chosen = choice(tx, terms)
    response = Response(render_template("pages/book_grid.html", **_grid(chosen, terms)))
    response.set_etag(blake2b(response.get_data(), digest_size=12).hexdigest())
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def book_confirm() -> Response:
    """GET /book/confirm: this time, if it is still open; otherwise those nearest to it."""
    services = runtime().services
    terms, start = services.terms(), start_chosen()
    with services.database.read() as tx:
        chosen = choice(tx, terms)
        coach = _coach_name(tx)
        wanted = Wanted(guest().coach_id, start, chosen.duration)
        if not starts(chosen.listing, chosen.duration, start, start + 1, terms):
            return refused_page("slot_not_open", openings.nearest(chosen.listing, wanted, terms), chosen)
    page = render_template(
        "pages/book_confirm.html", chosen=chosen, wanted=wanted, coach=coach, zone=chosen.zone, key=one_time_key()
    )
    return Response(page)


def book_booking(booking_id: str) -> str:
    """GET /book/bookings/{id}"""
    return render_template("pages/book_booking.html", **_booking(booking_id))


def book_cancel_form(booking_id: str) -> str:
    """GET /book/bookings/{id}/cancel: asks; whoever only looks at the link cancels nothing."""
    seen = _booking(booking_id)
    if not seen["changeable"]:
        abort(404, "not_here")
    return render_template("pages/book_cancel.html", **seen)


ROUTES = (
    ("GET", "/book", book_page),
    ("GET", "/book/grid", book_grid),
    ("GET", "/book/confirm", book_confirm),
    ("GET", "/book/bookings/<booking_id>", book_booking),
    ("GET", "/book/bookings/<booking_id>/cancel", book_cancel_form),
)


def refused_page(code: str, nearest: Any = (), chosen: Choice | None = None) -> Response:
    """409, plainly, with what can be had instead. `code` is the API's; its sentence is not shown: it has reasons."""
    page = render_template(
        "pages/book_refused.html",
        code=code,
        nearest=nearest,
        chosen=chosen,
        zone=zone_chosen(),
        known_refusals=REFUSALS,
    )
    return Response(page, 409)


def group(tx: Tx, pod_id: str) -> Session:
    """A pod of this coach's that is for this guest. Raises Unknown, or 404."""
    pod = sessions.get(tx, pod_id, what="pod")
    if pod.coach_id != guest().coach_id or not _is_for_us(pod):
        abort(404, "not_here")
    return pod


def one_time_key() -> str:
    return secrets.token_urlsafe(18)


def _grid(chosen: Choice, terms: Terms) -> dict[str, Any]:
    since, until = weekgrid.bounds(chosen.zone, chosen.monday)
    found = starts(chosen.listing, chosen.duration, since, until, terms)
    week = weekgrid.draw(chosen.zone, chosen.monday, found, chosen.duration, frame_chosen())
    return {"chosen": chosen, "week": week, "zone": chosen.zone, "since": since, "until": until}


def _booking(booking_id: str) -> dict[str, Any]:
    services = runtime().services
    terms = services.terms()
    with services.database.read() as tx:
        seen = mine(tx, booking_id)
        changeable = seen.booking.status == "booked" and not seen.session.begun(terms.now)
        targets = _targets(tx, seen.session, terms) if changeable and seen.session.pod else []
        coach = _coach_name(tx)
    return {
        "booking": seen.booking,
        "session": seen.session,
        "changeable": changeable,
        "late": terms.is_late(seen.session),
        "late_hours": services.settings.late_cancel_hours,
        "groups": targets,
        "coach": coach,
        "zone": zone_chosen(),
        "key": one_time_key(),
    }


def _coming(tx: Tx, terms: Terms) -> list[Mine]:
    found: list[Booking] = seats.coming(tx, guest().coach_id, who().id, now=terms.seconds)
    return [Mine(booking, sessions.get(tx, booking.session_id)) for booking in found]


def _groups(tx: Tx, terms: Terms) -> list[Group]:
    """The coach's pods with seats left that are for this guest, in order of time."""
    return [_group(tx, pod) for pod in _pods(tx, terms)]


def _targets(tx: Tx, seated_in: Session, terms: Terms) -> list[Group]:
    """The pods that a seat may be changed for."""
    found = []
    for pod in _pods(tx, terms):
        try:
            check_may_rebook(seated_in, pod)
        except Refused:
            continue
        found.append(_group(tx, pod))
    return found


def _pods(tx: Tx, terms: Terms) -> list[Session]:
    near = sessions.pods_with_seats(tx, guest().coach_id, around=terms.seconds, now=terms.now, limit=MOST_PODS)
    return [pod for pod in near if _is_for_us(pod) and not seats.is_seated(tx, pod.id, who().id)]


def _group(tx: Tx, pod: Session) -> Group:
    bound = pod.format == "hybrid_v2" and seats.chosen_before(tx, pod, who().id) is not None
    joined = pod.format in JOINED_BY_CHOICE and not bound
    return Group(pod.id, pod.starts, pod.ends, pod.capacity - pod.taken, joined)


def _is_for_us(pod: Session) -> bool:
    """A company's, project's or cohort's pod is for those whose link says that they belong to it."""
    theirs, ours = pod.context, guest().context
    pairs = ((theirs.company, ours.company), (theirs.project, ours.project), (theirs.cohort, ours.cohort))
    return all(wanted is None or wanted == given for wanted, given in pairs)


def _coach_name(tx: Tx) -> str:
    coach = coaches.get(tx, guest().coach_id)
    return coach.name if coach else ""
