"""Making a coach's slot set anew when time alone made it old:
the day rolled on, or the time zone rules or the public holidays changed.
"""

import structlog

from storage.rows import coaches
from storage.slots import timezone_changes
from workers import public_holidays
from workers.services import Services

log = structlog.get_logger()


def recompute(services: Services, coach_id: str) -> None:
    with services.database.write() as tx:
        # Locked, so that no booking falls between the set that is read and the one that is written.
        coach = coaches.lock(tx, coach_id)
        if coach is None:
            return
        # Also once a year: then the dates of another year are within reach.
        renewed = public_holidays.renewed(coach, services.now().date())
        if renewed is not coach:
            coach = coaches.put(tx, renewed)
        moved = timezone_changes.roll(tx, coach, now=services.now())
    for each in moved:
        log.warning(
            "session_wall_moved",
            session=each.session_id,
            coach=coach_id,
            booked_for=each.wall,
            now=each.wall_moved,
        )
