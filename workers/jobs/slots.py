"""Making a coach's slot set anew when time alone made it old:
the day rolled on, or the time zone rules or the public holidays changed.
"""

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
    with services.database.write() as tx:
        # Locked, so that no booking falls between the set that is read and the one that is written.
        coach = coaches.lock(tx, coach_id)
        if coach is None:
            return []
        # Also once a year: then the dates of another year are within reach.
        renewed = public_holidays.renewed(coach, services.now().date())
        if renewed is not coach:
            coach = coaches.put(tx, renewed)
        moved, wake = moved_clocks.roll(tx, coach, terms)
    for each in moved:
        log.warning(
            "session_wall_moved",
            session=each.session_id,
            coach=coach_id,
            booked_for=each.wall,
            now=each.wall_moved,
        )
    return wake
