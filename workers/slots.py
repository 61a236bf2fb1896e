"""Making a coach's slot set anew when time alone made it old: the day rolled on, or the time zone rules changed."""

from storage import coaches, slots
from workers.services import Services


def recompute(services: Services, coach_id: str) -> None:
    with services.database.write() as tx:
        coach = coaches.lock(tx, coach_id)
        if coach is not None:
            slots.recompute(tx, coach, now=services.now())
