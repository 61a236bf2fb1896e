"""The periodic jobs, as one table and a loop. Any number of replicas may run."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from storage import connections, holds, idempotency, outbox, schedule, sessions, slots
from storage.database import Unavailable
from workers.actors import Actors
from workers.services import Services

log = structlog.get_logger()

RECONCILE_AT_ONCE = 50  # a fleet that went stale together is spread out, not read in one second


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every_ms: int
    run: Callable[[Services, Actors], int]


def sweep(services: Services, actors: Actors) -> int:
    """Wake for whatever is owed or has come due and nobody was woken for lately: a lost message, a dead worker, an
    ended gap or wait, a reminder's time."""
    with services.database.write() as tx:
        owed = connections.sweep(tx)
        due = outbox.sweep(tx, now=services.now())
    for connection_id in owed:
        actors.wake(connection_id)
    actors.wake_outbox(due)
    return len(owed) + len(due)


def reconcile(services: Services, actors: Actors) -> int:
    """Read what nobody pushed about for too long, the stalest first: pushes get lost, and windows move without one."""
    before = services.now() - timedelta(minutes=services.settings.reconcile_minutes)
    with services.database.write() as tx:
        chosen = connections.owe_stalest(tx, before=before, limit=RECONCILE_AT_ONCE)
    for connection_id in chosen:
        actors.wake(connection_id)
    return len(chosen)


def roll(services: Services, actors: Actors) -> int:
    """Make anew the sets of an earlier day, or of older time zone rules."""
    with services.database.read() as tx:
        old = slots.due_for_roll(tx, now=services.now())
    for coach_id in old:
        actors.roll(coach_id)
    return len(old)


def reopen(services: Services, _actors: Actors) -> int:
    """Open the times of ended holds."""
    terms = services.terms()
    with services.database.read() as tx:
        coaches = sessions.coaches_with_expired_holds(tx, now=terms.now)
    for coach_id in coaches:
        with services.database.write() as tx:
            holds.reopen(tx, coach_id, terms)
    return len(coaches)


def deadlines(services: Services, _actors: Actors) -> int:
    """Tell ops of each pod that had too few participants at its deadline."""
    with services.database.write() as tx:
        short = sessions.flag_short(tx, now=services.now())
    for pod_id in short:
        log.warning("pod_below_minimum", pod=pod_id)
    return len(short)


def retention(services: Services, _actors: Actors) -> int:
    """Drop the answers that are kept for repeated writes, once nobody repeats them any more."""
    with services.database.write() as tx:
        return idempotency.drop_old(tx, now=services.now())


# The sweep needs no turn of its own: each row is handed to one sweeper only.
JOBS = (
    Job("holds", 1_000, reopen),
    Job("reconcile", 15_000, reconcile),
    Job("roll", 60_000, roll),
    Job("deadlines", 60_000, deadlines),
    Job("retention", 3_600_000, retention),
)


def tick(services: Services, actors: Actors) -> None:
    """Whatever is due now."""
    sweep(services, actors)
    for job in JOBS:
        with services.database.write() as tx:
            mine = schedule.take(tx, job.name, every_ms=job.every_ms)
        if mine and (count := job.run(services, actors)):
            log.info("clock_job", name=job.name, count=count)


def run(services: Services, actors: Actors, stop: threading.Event) -> None:
    """Tick until told to stop. A database that is away is waited for: that is when the clock is needed most."""
    while not stop.wait(services.settings.sweep_seconds):
        try:
            tick(services, actors)
        except Unavailable as error:
            log.warning("clock_waits_for_database", error=type(error).__name__)
