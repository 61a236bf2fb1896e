"""What somebody at the booking page chose: zone, duration, week, and which of their bookings is to
move.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, request

from domain.change_rules import MoveCost
from domain.errors import Invalid
from domain.hours import DAY_SECONDS, timezone
from domain.intervals import Interval
from domain.mail.safety import one_line
from domain.sessions import Booking, Participant, Refused, Session, Terms, Unknown
from domain.slots.cells import GRID
from storage.rows import bookings, holds, participant_times, sessions
from storage.schema.database import Tx
from storage.slots import availability, bookable
from storage.slots.availability import Asked
from storage.slots.listings import Listing
from storage.transactions import late_changes
from webhooks.api.schemas.requests import MOST_TEXT
from webhooks.http.listing import offered
from webhooks.http.page_sessions import guest, language
from webhooks.http.permissions import May
from webhooks.http.times import YEARS
from webhooks.pages import formats, weekgrid, zones

FRAME = re.compile(r"(\d{1,4})-(\d{1,4})", re.ASCII)
FAR = 2**32


@dataclass(frozen=True, slots=True)
class Mine:
    """A booking that the guest may see and change, and its session."""

    booking: Booking
    session: Session


@dataclass(frozen=True, slots=True)
class Choice:
    """`moving`: the booking that is to have another time. `soonest`: the first open start of all,
    if there is one. `kept`: the holds that keep a time for this guest, or did until a moment ago;
    what they close is open to them. `late_move`: to move that booking now counts as missed.
    """

    listing: Listing
    zone: str
    duration: int
    monday: date
    now: int
    moving: Mine | None
    soonest: int | None
    kept: Sequence[Session]
    late_move: bool = False

    @property
    def first_monday(self) -> date:
        return formats.monday(self.now, self.zone)

    @property
    def last_monday(self) -> date:
        return formats.monday(self.now + self.listing.horizon_days * DAY_SECONDS, self.zone)

    def asks(self, monday: date | None = None, **more: Any) -> dict[str, Any]:
        """The query of a page that shows the same, or another week of it."""
        week = (monday or self.monday).isoformat()
        query = {"duration": self.duration, "zone": self.zone, "week": week}
        if self.moving is not None:
            query["move"] = self.moving.booking.id
        return query | more


def who() -> Participant:
    """For whom is booked. 404 where a coach or manager came only to look."""
    found = guest().participant
    if found is None:
        abort(404, "not_here")
    return found


def mine(tx: Tx, booking_id: str) -> Mine:
    """Raises Unknown: a booking that is none of this guest's business is as if there were none."""
    booking = bookings.get(tx, booking_id)
    session = sessions.get(tx, booking.session_id)
    if not guest().handles(booking, session):
        raise Unknown("booking", booking_id)
    return Mine(booking, session)


def choice(tx: Tx, terms: Terms) -> Choice:
    """Raises Unknown for a booking of somebody else's, Invalid for a zone that is none."""
    moving = _moving(tx)
    kept = _kept(tx)
    # What is kept for them, and what is to move, is not in their way.
    theirs = [hold.id for hold in kept]
    usual_minutes = None
    if moving is not None:
        theirs.append(moving.session.id)
        usual_minutes = moving.session.minutes
    listing = bookable.listing_for(tx, guest().coach_id, terms, without=theirs)
    listing = replace(listing, elsewhere=_elsewhere(tx, moving, theirs, terms))
    zone = zone_chosen()
    duration = offered(listing, request.values.get("duration", usual_minutes, type=int))
    soonest = None
    coming = starts(listing, duration, terms.seconds, FAR, terms)
    if coming:
        soonest = coming[0]
    looked_at = terms.seconds
    # A coach sees their own week, be it full.
    if soonest is not None and not guest().may(May.see_reasons):
        looked_at = soonest
    monday = _monday() or formats.monday(looked_at, zone)
    late = moving is not None and move_costs(tx, moving, terms) == "missed"
    return Choice(listing, zone, duration, monday, terms.seconds, moving, soonest, kept, late)


def _elsewhere(
    tx: Tx, moving: Mine | None, without: Sequence[str], terms: Terms
) -> Sequence[Interval]:
    """When the participant for whom a time is looked for is in other sessions."""
    whom = guest().participant
    if moving is not None:
        whom = moving.booking.participant
    if whom is None:
        return ()
    return participant_times.taken(tx, [whom.id], since=terms.seconds, without=without)[whom.id]


def move_costs(tx: Tx, moving: Mine, terms: Terms) -> MoveCost:
    """What it costs this guest to move it now; a limit that forbids it is told when they try."""
    excused = guest().may(May.pass_limits)
    try:
        return late_changes.cost_of_move(tx, moving.session, moving.booking, terms, excused=excused)
    except Refused:
        return "nothing"


def lateness(tx: Tx, seen: Mine, terms: Terms) -> dict[str, Any]:
    """What a page says of how late it is for changes of this booking; of a seat, which is changed
    by one click, also whether that counts as missed now.
    """
    late_move = seen.session.pod and move_costs(tx, seen, terms) == "missed"
    terms = late_changes.terms_of(tx, terms, seen.booking.context.within(seen.session.context))
    return {
        "late": terms.is_late(seen.session),
        "late_move": late_move,
        "free_until": seen.session.starts - 3600 * terms.late_hours,
        "late_hours": terms.late_hours,
    }


def keeper() -> str | None:
    """For whom a time is kept at this page; None: coaches and managers need no such thing."""
    here = guest()
    if here.viewer != "participant" or here.participant is None:
        return None
    return here.participant.id


def _kept(tx: Tx) -> list[Session]:
    owner = keeper()
    if owner is None:
        return []
    return holds.of_owner(tx, guest().coach_id, owner)


def _moving(tx: Tx) -> Mine | None:
    """The booking for which another time is looked for, if one is."""
    move = request.values.get("move")
    if not move:
        return None
    moving = mine(tx, move)
    if moving.session.pod or moving.booking.status != "booked":
        raise Unknown("booking", moving.booking.id)
    return moving


def starts(listing: Listing, duration: int, since: int, until: int, terms: Terms) -> list[int]:
    """What is open, as the API lists it."""
    asked = Asked(duration, since, until, terms.seconds)
    found: list[int] = availability.starts(listing, asked).tolist()
    return found


def forced() -> str | None:
    """Why a time is to be had though it is closed. 404 for those who may not force; raises Invalid
    for no reason.
    """
    if "force" not in request.form:
        return None
    if not guest().may(May.force):
        abort(404, "not_here")
    reason = line("force")
    if reason is None:
        raise Invalid("force", "reason_missing", "Say why the time is forced.")
    return reason


def line(name: str) -> str | None:
    """What was written into the form's field; None for nothing. Raises Invalid."""
    text = request.form.get(name, "").strip()
    if len(text) > MOST_TEXT:
        raise Invalid(name, "too_long", f"Write at most {MOST_TEXT} characters.")
    if not one_line(text):
        return None
    return text


def start_chosen() -> int:
    """Epoch seconds: `start`, or `q` quarter hours after `since`, which the cells of the grid send,
    or what a clock on the wall shows in the zone that is chosen.
    """
    start = request.values.get("start", type=int)
    if start is None:
        start = _since_chosen()
    if start is None:
        start = _wall_chosen()
    if start is None or not 0 <= start < FAR:
        abort(422, "not_understood")
    return start


def _since_chosen() -> int | None:
    since = request.values.get("since", type=int)
    quarters = request.values.get("q", type=int)
    if since is None or quarters is None:
        return None
    return since + GRID * quarters


def _wall_chosen() -> int | None:
    try:
        wall = datetime.fromisoformat(request.values.get("wall", ""))
        return int(wall.replace(tzinfo=timezone(zone_chosen())).timestamp())
    except (ValueError, OverflowError):
        return None


def zone_chosen() -> str:
    """The IANA name of the zone, or of the place, that is asked for. Raises Invalid."""
    return zones.understood(request.values.get("zone") or guest().zone, language())


def zone_asked() -> dict[str, Any]:
    """What a link says of the zone: nothing where it is the guest's own."""
    zone = zone_chosen()
    if zone == guest().zone:
        return {}
    return {"zone": zone}


def frame_chosen() -> weekgrid.Frame | None:
    found = FRAME.fullmatch(request.args.get("frame", ""))
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    if first < last <= weekgrid.DAY_MINUTES:
        return first, last
    return None


def one_time_key() -> str:
    return secrets.token_urlsafe(18)


def _monday() -> date | None:
    try:
        day = date.fromisoformat(request.values.get("week", ""))
    except ValueError:
        return None
    if day.year not in YEARS:
        return None
    return day - timedelta(days=day.weekday())
