"""Holds: a time kept for whoever is filling a form.
They block everybody but their owner, and end by themselves.
"""

from datetime import timedelta

from sqlalchemy import Connection

from domain.sessions import Refused, Session, Terms, Unknown
from storage.rows import coaches, participant_times, sessions
from storage.rows import holds as rows
from storage.slots import bookable, slot_sets
from storage.slots.bookable import Wanted


def hold(tx: Connection, wanted: Wanted, owner: str, minutes: int, terms: Terms) -> Session:
    """Keep an open time. Raises Refused, Unknown and Invalid as booking it would; so it does where
    the owner is a participant who is in another session then.
    """
    coach = bookable.lock(tx, wanted.coach_id, terms)
    # Nobody is locked: a hold is no session, and whoever books asks again.
    elsewhere = participant_times.taken(tx, [owner], since=terms.seconds)[owner]
    bookable.check(tx, coach, wanted, terms, elsewhere=elsewhere)
    kept = Session(
        id="hld_" + sessions.new_id().removeprefix("ses_"),
        coach_id=coach.id,
        kind="hold",
        starts=wanted.start,
        ends=wanted.end,
        gap=coach.gap,
        created_at=terms.now,
        owner=owner,
        expires_at=terms.now + timedelta(minutes=minutes),
    )
    sessions.add(tx, kept)
    slot_sets.recompute(tx, coach, now=terms.now)
    return kept


def keep(tx: Connection, wanted: Wanted, owner: str, minutes: int, terms: Terms) -> Session:
    """Hold a time in place of whatever is kept for this owner with this coach: never two. Raises as
    `hold` does; then what was kept is still kept.
    """
    # In a rush for one time all but the first would queue for the lock, as in `bookings.book`. What
    # this owner has may be what closes it.
    if not rows.of_owner(tx, wanted.coach_id, owner):
        bookable.turn_away(tx, wanted, terms)
    # The race: a double click. Neither of the two sees the other's hold, and both are written. The
    # second waits here, and takes the first one's place.
    bookable.lock(tx, wanted.coach_id, terms)
    give_back(tx, wanted.coach_id, owner, terms)
    return hold(tx, wanted, owner, minutes, terms)


def give_back(tx: Connection, coach_id: str, owner: str, terms: Terms) -> None:
    """Open whatever is kept for this owner with this coach, if anything is."""
    # Most have nothing: they wait for no lock.
    if not rows.of_owner(tx, coach_id, owner):
        return
    coach = bookable.lock(tx, coach_id, terms)
    rows.release_of(tx, coach_id, owner, now=terms.now)
    slot_sets.recompute(tx, coach, now=terms.now)


def release(tx: Connection, hold_id: str, terms: Terms) -> None:
    """Give a held time back. Raises Unknown; also for a hold that has ended."""
    kept = rows.get(tx, hold_id)
    if kept is None:
        raise Unknown("hold", hold_id)
    # The race: it ends, or is booked, while this waits for the coach's lock.
    coach = bookable.lock(tx, kept.coach_id, terms)
    if rows.get(tx, hold_id) is None:
        raise Unknown("hold", hold_id)
    rows.release(tx, hold_id, now=terms.now)
    slot_sets.recompute(tx, coach, now=terms.now)


def use(tx: Connection, hold_id: str | None, wanted: Wanted, terms: Terms) -> tuple[str, ...]:
    """The hold that this booking may use up, if there is one. The caller holds the coach's lock.
    Raises Refused for another's hold, or one that has ended while somebody else was booked.
    """
    if hold_id is None:
        return ()
    kept = rows.get(tx, hold_id)
    # It has ended: the time may still be open, and is asked for like any other.
    if kept is None:
        return ()
    if (kept.coach_id, kept.starts, kept.ends) != (wanted.coach_id, wanted.start, wanted.end):
        raise Refused(
            "hold_of_another_time",
            "This hold keeps another time: book that one, or leave hold_id out.",
        )
    rows.use(tx, hold_id, now=terms.now)
    return (hold_id,)


def reopen(tx: Connection, coach_id: str, terms: Terms) -> None:
    """Open the times of a coach's ended holds."""
    # The lock does it: whoever takes it finds no ended hold, and a set without them.
    if coaches.get(tx, coach_id) is not None:
        bookable.lock(tx, coach_id, terms)
