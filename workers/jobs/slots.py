"""Making a coach's slot set anew when time alone made it old:
the day rolled on, or the time zone rules or the public holidays changed.
"""

from dataclasses import replace

import structlog

from storage.rows import coaches
from storage.rows.outbox_claims import Wake
from storage.transactions import moved_clocks
from workers import public_holidays
from workers.services import Services

log = structlog.get_logger()


def recompute(services: Services, coach_id: str) -> list[Wake]:
    """Answers what to wake senders for: mails about local times that moved."""
    terms = services.terms()
    # Looked up before anything is locked: the first look at a country may take a second.
    with services.database.read() as tx:
        seen = coaches.get(tx, coach_id)
    if seen is None:
        return []
    renewed = public_holidays.renewed(seen, services.now().date())
    with services.database.write() as tx:
        # Locked, so that no booking falls between the set that is read and the one that is written.
        coach = coaches.lock(tx, coach_id)
        if coach is None:
            return []
        # The race: somebody chooses other holidays meanwhile. What they chose has its dates.
        if renewed is not seen and coach.holidays == seen.holidays:
            coach = coaches.put(tx, replace(coach, holidays=renewed.holidays))
        moved, wake = moved_clocks.roll(tx, coach, terms)
    for each in moved:
        log.warning(
            "session_wall_moved",
            session=each.session_id,
            coach=coach_id,
            booking=each.booking_id,
            booked_for=each.wall,
            now=each.wall_moved,
        )
    return wake
