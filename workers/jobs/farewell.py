"""The erasure of a coach whose coming sessions are called off first: what the clock does of it."""

import structlog

from domain.sessions import Refused, Unknown
from storage.reports.personal_data import Person
from storage.transactions import farewells
from workers.actors import Actors
from workers.jobs import erasure
from workers.services import Services

log = structlog.get_logger()

ACTOR = "clock"


def go_on(services: Services, actors: Actors) -> int:
    """Call off what is still to come, and erase whoever's participants are told. How many coaches
    there were.
    """
    with services.database.read() as tx:
        owed = farewells.owed(tx)
    for coach_id in owed:
        _call_off(services, actors, coach_id)
        with services.database.write() as tx:
            connected = farewells.end(tx, coach_id, actor=ACTOR, now=services.now())
        if connected is not None:
            erasure.advance(services, Person("coach", coach_id))
            actors.wake(*connected)
    return len(owed)


def _call_off(services: Services, actors: Actors, coach_id: str) -> None:
    """Each in a transaction of its own: a coach may have hundreds."""
    with services.database.read() as tx:
        coming = farewells.coming(tx, coach_id, now=services.now())
    for session_id in coming:
        try:
            with services.database.write() as tx:
                wake = farewells.call_off(tx, session_id, services.terms())
        except (Refused, Unknown) as error:
            # It has begun, or somebody changed it just now: the next turn looks again.
            log.info("not_called_off", session=session_id, why=type(error).__name__)
            continue
        actors.wake_outbox(wake)
