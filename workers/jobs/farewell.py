"""The erasure of a coach whose coming sessions are called off first: what the clock does of it."""

import time
from collections.abc import Callable
from functools import partial

import structlog

from domain.sessions import Refused, Unknown
from storage.rows import farewells as rows
from storage.schema.outages import OUT, Unavailable, kind_of
from storage.transactions import farewells
from workers.actors import Actors
from workers.services import Services

log = structlog.get_logger()

SECONDS = 2.0
"""Of a turn: the clock has other work, and goes on with this at its next turn."""
AT_ONCE = 200


def go_on(services: Services, actors: Actors) -> int:
    """Call off what is still to come, and erase whoever's participants are told. How many coaches
    were looked at. Raises Unavailable while the database is away.
    """
    ends = time.monotonic() + SECONDS
    with services.database.read() as tx:
        owed = rows.owed(tx, limit=AT_ONCE)
    looked = 0
    for coach_id in owed:
        if time.monotonic() > ends:
            break
        looked += 1
        _try(partial(_go_on_with, services, actors, coach_id, ends), coach=coach_id)
    return looked


def _go_on_with(services: Services, actors: Actors, coach_id: str, ends: float) -> None:
    # First: a coach with whom it always fails is not the first again at the next turn.
    with services.database.write() as tx:
        rows.looked(tx, coach_id, services.now())
    with services.database.read() as tx:
        coming = farewells.coming(tx, coach_id, now=services.now())
    for session_id in coming:
        if time.monotonic() > ends:
            break
        _try(partial(_call_off, services, actors, session_id), session=session_id)
    with services.database.write() as tx:
        ended = farewells.end(tx, coach_id, now=services.now())
    if ended is None:
        return
    log.info("person_erased", kind="coach", revoking=len(ended.connected))
    if ended.coming or ended.unsent:
        log.warning("farewell_cut_short", coach=coach_id, coming=ended.coming, unsent=ended.unsent)
    actors.wake(*ended.connected)


def _call_off(services: Services, actors: Actors, session_id: str) -> None:
    """In a transaction of its own: a coach may have hundreds."""
    try:
        with services.database.write() as tx:
            wake = farewells.call_off(tx, session_id, services.terms())
    except (Refused, Unknown) as error:
        # It has begun, or somebody changed it just now: the next turn looks again.
        log.info("not_called_off", session=session_id, why=type(error).__name__)
        return
    actors.wake_outbox(wake)


def _try(work: Callable[[], None], **about: str) -> None:
    """One coach's trouble, or one session's, is told and keeps no other waiting. Raises Unavailable
    while the database is away: then nothing else goes well.
    """
    try:
        work()
    except Unavailable as error:
        if kind_of(error) in OUT:
            raise
        log.warning("farewell_waits", kind=kind_of(error), **about)
    except Exception:  # whatever it is, the next turn tries again, and the day has an end
        log.exception("farewell_failed", **about)
