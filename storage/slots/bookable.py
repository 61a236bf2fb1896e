"""Whether a coach can be booked at a time: the listing's own answer, asked while nobody else can
change it.

Listing and booking are one code path: `storage.slots.listings.listings` and
`storage.slots.availability.starts`. What is added here is the coach's lock, leaving out of account
what the caller is about to give up (a hold, the session being moved), and telling why not, and what
instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.errors import Invalid
from domain.hours import DAY_SECONDS
from domain.intervals import Interval
from domain.sessions import Refused, Terms, Unknown
from domain.slots import Own
from domain.slots.cells import GRID
from storage.rows import coaches, farewells, holds, sessions
from storage.slots import availability, listings, slot_sets
from storage.slots.availability import Asked
from storage.slots.listings import Listing

ELSEWHERE = "elsewhere"
"""Why a time is closed to one participant alone: another session of theirs is then."""
NEAREST = 5
AROUND_DAYS = 14


@dataclass(frozen=True, slots=True)
class Wanted:
    """A time of a coach's: `start` in epoch seconds, `duration` in minutes. `force`: why it is to
    be had though it is closed; over another session of the coach's it never is.
    """

    coach_id: str
    start: int
    duration: int
    force: str | None = None

    @property
    def end(self) -> int:
        return self.start + 60 * self.duration


def lock(tx: Connection, coach_id: str, terms: Terms) -> Coach:
    """The coach, locked until the transaction ends,
    with a slot set that knows of no ended hold. Raises Unknown.
    """
    # The race: two see the same open time, and both book it. The second waits here until the first
    # has committed, and then reads a set in which the time is closed.
    coach = coaches.lock(tx, coach_id)
    if coach is None:
        raise Unknown("coach", coach_id)
    # Whoever comes first after a hold has ended takes it away: the stored set still has it.
    if holds.drop_expired(tx, coach_id, now=terms.now):
        slot_sets.recompute(tx, coach, now=terms.now)
    return coach


def refuse_closed(listing: Listing, wanted: Wanted, terms: Terms) -> None:
    """Raises Refused for a time that this listing does not have,
    and Invalid for one that none could.
    """
    _on_the_grid(wanted)
    if reason := why_closed(listing, wanted, terms):
        raise _refusal(listing, wanted, terms, reason)


def turn_away(tx: Connection, wanted: Wanted, terms: Terms) -> None:
    """Raises Refused for what is closed already, before anybody waits for the coach's lock: in a
    rush for a few times most are told at once. Says nothing of what is open: that is for `check` to
    say, under the lock.
    """
    found = listings.listings(
        tx, [wanted.coach_id], now=terms.now, stale_after=terms.stale_after, reasons=True
    )
    listing = found.get(wanted.coach_id)
    if listing is None:
        return
    # A hold that has ended may open this very time, and the stored set does not know it yet.
    until = listing.holds_until
    if until is not None and until <= terms.now:
        return
    if why_closed(listing, wanted, terms):
        farewells.refuse_leaving(tx, wanted.coach_id)
    refuse_closed(listing, wanted, terms)


def check(
    tx: Connection,
    coach: Coach,
    wanted: Wanted,
    terms: Terms,
    *,
    without: Sequence[str] = (),
    elsewhere: Sequence[Interval] = (),
) -> str | None:
    """Why the coach's time had to be forced; None when it is open, the sessions or holds `without`
    being out of the way. `elsewhere`: when whoever is booked is in other sessions, which only force
    lets overlap.

    Raises Refused unless it can be booked, and for a coach who leaves even where it is forced;
    Invalid for a start that is on no quarter hour and a duration that the coach does not offer. The
    caller holds the coach's lock, and says
    `slot_sets.recompute` once it has written.
    """
    farewells.refuse_leaving(tx, coach.id)
    _on_the_grid(wanted)
    listing = replace(_listing(tx, coach, terms, without), elsewhere=elsewhere)
    reason = why_closed(listing, wanted, terms)
    if reason is None:
        return None
    if wanted.force is not None and reason != "past":
        if reason == ELSEWHERE:
            return None
        met = _met(tx, coach, wanted, terms, without)
        if not met:
            return wanted.force
        reason = _kind_of(met)
    raise _refusal(listing, wanted, terms, reason)


def why_closed(listing: Listing, wanted: Wanted, terms: Terms) -> str | None:
    """Why the listing does not have this time; None: it does."""
    asked = Asked(wanted.duration, wanted.start, wanted.start + 1, terms.seconds)
    if len(availability.starts(listing, asked)):
        return None
    if asked.since < asked.now:
        return "past"
    runs = availability.reasons(listing, asked)
    if not runs:
        if len(availability.elsewhere(listing, asked)):
            return ELSEWHERE
        # The start lies beyond the set itself, which reaches past every horizon.
        return "horizon"
    return runs[0][2].name


def nearest(listing: Listing, wanted: Wanted, terms: Terms) -> list[int]:
    """The open starts nearest to the one wanted, in order of time."""
    around = AROUND_DAYS * DAY_SECONDS
    asked = Asked(wanted.duration, wanted.start - around, wanted.start + around, terms.seconds)
    found: list[int] = availability.starts(listing, asked).tolist()
    return sorted(sorted(found, key=lambda start: abs(start - wanted.start))[:NEAREST])


def listing_of(tx: Connection, coach_id: str, terms: Terms) -> Listing:
    return listings.listings(
        tx, [coach_id], now=terms.now, stale_after=terms.stale_after, reasons=True
    )[coach_id]


def listing_for(
    tx: Connection, coach_id: str, terms: Terms, *, without: Sequence[str] = ()
) -> Listing:
    """What the coach offers; to whoever moves the session, or has the holds, `without`,
    their own times too. Raises Unknown.
    """
    coach = coaches.get(tx, coach_id)
    if coach is None:
        raise Unknown("coach", coach_id)
    return _listing(tx, coach, terms, without)


def _on_the_grid(wanted: Wanted) -> None:
    if wanted.start % GRID:
        raise Invalid(
            "start", "not_on_the_grid", "Sessions begin on quarter hours: send one of those."
        )


def _listing(tx: Connection, coach: Coach, terms: Terms, without: Sequence[str]) -> Listing:
    listing = listing_of(tx, coach.id, terms)
    if not without:
        return listing
    hours_only = listing.effect == "hours_only"
    fresh = slot_sets.compute(tx, coach, now=terms.now, without=without, calendars=not hours_only)
    return replace(listing, slots=fresh)


def _met(
    tx: Connection, coach: Coach, wanted: Wanted, terms: Terms, without: Sequence[str]
) -> list[Own]:
    """What of the coach's own it would meet."""
    others = sessions.own(
        tx, coach.id, since=wanted.start - DAY_SECONDS, now=terms.now, without=without
    )
    met = []
    for it in others:
        gap = max(it.gap, coach.gap)
        if it.start - gap < wanted.end and wanted.start < it.end + gap:
            met.append(it)
    return met


def _kind_of(met: Sequence[Own]) -> str:
    """Why these close a time: one that was booked says more than one that is kept."""
    if all(it.hold for it in met):
        return "hold"
    return "session"


def is_elsewhere(nearest: Sequence[int], *, who: str = "The participant", **more: str) -> Refused:
    """The participant is in another session at that time. Says nothing of that session."""
    return Refused(
        "participant_elsewhere",
        f"{who} has another session at this time: choose a time at which they are free.",
        reason=ELSEWHERE,
        nearest=nearest,
        **more,
    )


def _refusal(listing: Listing, wanted: Wanted, terms: Terms, reason: str) -> Refused:
    instead = nearest(listing, wanted, terms)
    if reason == ELSEWHERE:
        return is_elsewhere(instead)
    step = "list the coach's slots for another time"
    if instead:
        step = "choose one of the nearest open starts"
    return Refused(
        "slot_not_open",
        f"This time cannot be booked ({reason}): {step}.",
        reason=reason,
        nearest=instead,
    )
