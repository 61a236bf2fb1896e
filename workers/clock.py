"""The periodic jobs, as one table and a loop. Any number of replicas may run."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from storage.reports import samples
from storage.rows import (
    channels,
    clock_jobs,
    outbox,
    refresh_jobs,
    unknown_rows,
)
from storage.rows import holds as hold_rows
from storage.schema import doorways
from storage.schema.outages import OUT, Unavailable, kind_of
from storage.slots import slot_sets
from storage.transactions import erasures, holds, looks, recovery
from workers import queues
from workers.actors import Actors
from workers.jobs import (
    account_linking,
    announcements,
    bulk_deeds,
    calendar_mails,
    channel_audit,
    erasure,
    farewell,
    overdue,
    reconciling,
    retention,
    webhook_endpoints,
)
from workers.services import Services
from workers.skew import Setbacks

log = structlog.get_logger()

QUARTER_MINUTE_MS = 15_000
# Of the calls to Cronofy, what looking at late writes may take; one a look.
LOOK_SHARE = 0.25
AUDIT_EVERY = timedelta(days=1)
AUDIT_SHARE = 0.02
ERASED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every_ms: int
    run: Callable[[Services, Actors], int]


def sweep(services: Services, actors: Actors) -> int:
    """Wake for whatever is owed or has come due and nobody was woken for lately: a lost message, a
    dead worker, an ended gap or wait, a reminder's time.

    Not while Redis is away: a row counts as woken for once it was swept, and would wait again when
    Redis is back.
    """
    if services.breaker.open:
        return 0
    now = services.now()
    with services.database.read() as tx:
        if not (refresh_jobs.to_sweep(tx) or outbox.to_sweep(tx, now=now)):
            return 0
    # Each row that is handed out is not handed out again for some seconds: else every sweep would
    # queue all that wait, and a queue that grows faster than it is worked off never recovers. Where
    # nothing waits in the queue, a wake-up that led to nothing is lost, and is soon repeated. And
    # where nobody takes any, be it that the workers are gone, they would be repeated until Redis is
    # full of them, and could serve nobody any more: a queue that is long enough gets no more.
    depths = queues.depths(services)
    idle, full = actors.idle(depths), actors.full(depths)
    owed: list[str] = []
    with services.database.write() as tx:
        if "read" not in full:
            owed = refresh_jobs.sweep(tx, idle="read" in idle)
        due = outbox.sweep(tx, now=now, idle=idle, full=full)
    # After the commit: a worker that is woken before it would find the row as it was.
    if not (actors.wake(*owed) and actors.wake_outbox(due)):
        # Redis went away just now: the rows are swept as soon as it is back, and not when this
        # wake-up would have been repeated.
        with services.database.write() as tx:
            refresh_jobs.not_woken(tx, owed)
            outbox.not_woken(tx, [outbox_id for outbox_id, _ in due])
    return len(owed) + len(due)


def look(services: Services, actors: Actors) -> int:
    """Have the calendars looked at into which a write may still land, or have landed."""
    at_once = max(1, round(services.settings.rate_per_minute / 4 * LOOK_SHARE))
    with services.database.write() as tx:
        owed = looks.owe_due(tx, now=services.now(), limit=at_once)
    actors.wake_outbox(owed)
    return len(owed)


def audit(services: Services, actors: Actors) -> int:
    """Have each channel compared with Cronofy's list once a day, the longest ago first;
    and tell when none is.
    """
    now = services.now()
    at_once = max(1, round(services.settings.rate_per_minute * AUDIT_SHARE))
    with services.database.read() as tx:
        due = channels.due_for_audit(tx, before=now - AUDIT_EVERY, limit=at_once)
        oldest = channels.oldest_audit(tx)
    if "audit" in actors.full(queues.depths(services)):
        due = []
    actors.audit(*due)
    if oldest is not None and now - oldest > channel_audit.OVERDUE:
        log.error("audit_overdue", oldest=oldest.isoformat())
    return len(due)


def roll(services: Services, actors: Actors) -> int:
    """Make anew the sets of an earlier day, or of older time zone rules."""
    if "roll" in actors.full(queues.depths(services)):
        return 0
    with services.database.read() as tx:
        old = slot_sets.due_for_roll(tx, now=services.now())
    actors.roll(*old)
    return len(old)


def reopen(services: Services, _actors: Actors) -> int:
    """Open the times of ended holds."""
    terms = services.terms()
    with services.database.read() as tx:
        coaches = hold_rows.coaches_with_expired(tx, now=terms.now)
    count = 0
    for coach_id in coaches:
        # A transaction for each: a coach whose row somebody holds keeps no other one waiting.
        try:
            with services.database.write() as tx:
                holds.reopen(tx, coach_id, terms)
            count += 1
        except Unavailable as error:
            if kind_of(error) in OUT:
                raise
            log.warning("coach_is_held", coach=coach_id)
    return count


def deadlines(services: Services, _actors: Actors) -> int:
    """Tell ops of what did not come in time: participants of a pod, the link of a session."""
    return overdue.tell(services)


def sample(services: Services, _actors: Actors) -> int:
    """Write down how things stand, for the plots;
    and tell once of each kind of rows that we do not know.
    """
    now = services.now()
    with services.database.write() as tx:
        values = samples.gauges(tx, now=now, stale_after=services.stale_after())
        values |= samples.summarise(tx)
        # To the minute: a clock that took this turn twice writes the same sample again.
        minute = now.replace(second=0, microsecond=0)
        samples.put(tx, values, at=minute)
        reconciling.count(services, tx, at=minute)
        strange = unknown_rows.rows(tx)
    for (table, said), count in strange.items():
        if services.once.first(table, said):
            log.warning("unknown_rows", table=table, kind=said, count=count)
    return 0


def erase(services: Services, actors: Actors) -> int:
    """Go on with whoever is to be erased: a command may have died over it, or an account been
    revoked meanwhile.

    And give back what somebody consented to and never confirmed.
    """
    with services.database.read() as tx:
        owed = erasures.owed(tx, limit=ERASED_AT_ONCE)
    for person in owed:
        erasure.advance(services, person)
    told = farewell.go_on(services, actors)
    return len(owed) + told + account_linking.forget_abandoned(services)


# The sweep needs no turn of its own: each row is handed to one sweeper only.
SWEEP = Job("sweep", 0, sweep)
JOBS = (
    Job("holds", 1_000, reopen),
    Job("announce", 1_000, announcements.announce),
    Job("calendar_mails", 1_000, calendar_mails.owe),
    Job("deeds", 1_000, bulk_deeds.go_on),
    Job("reconcile", QUARTER_MINUTE_MS, reconciling.reconcile),
    Job("looks", QUARTER_MINUTE_MS, look),
    Job("audit", 60_000, audit),
    Job("sample", 60_000, sample),
    Job("roll", 60_000, roll),
    Job("deadlines", 60_000, deadlines),
    Job("endpoints", 60_000, webhook_endpoints.look_after),
    Job("erase", QUARTER_MINUTE_MS, erase),
    Job("retention", 3_600_000, retention.drop),
)


def tick(services: Services, actors: Actors) -> None:
    """Whatever is due now; nothing while this machine's clock is off."""
    if services.clock.off():
        return
    attempt(services, actors, SWEEP)
    with services.database.read() as tx:
        waiting = clock_jobs.waiting(tx)
    for job in JOBS:
        if job.name in waiting:
            continue
        # The race: several clocks, since any number of replicas may run. The turn is taken by
        # compare and swap of the job's row, by the database's clock; whoever loses goes on.
        with services.database.write() as tx:
            turn = clock_jobs.take(tx, job.name, every_ms=job.every_ms)
        if turn is not None:
            attempt(services, actors, job, turn)


def attempt(services: Services, actors: Actors, job: Job, turn: str | None = None) -> None:
    """Run a job. One that raises is told and counted, and tried again at its next run: the others
    go on meanwhile. Raises Unavailable.
    """
    count = None
    try:
        with doorways.within("clock", job.name):
            count = job.run(services, actors)
    except Unavailable as error:
        # The race: somebody holds a row that this job waits for in vain, or needs what it holds.
        # The database is there, and the others need not wait for that row.
        if kind_of(error) in OUT:
            raise
        log.warning("clock_job_stood_aside", name=job.name, kind=kind_of(error))
    except Exception:  # whatever is wrong with one job, the others must not wait for it
        log.exception("clock_job_failed", name=job.name)
    # The sweep has work all the time: a line for each would be all that the log says.
    if count and job is not SWEEP:
        log.info("clock_job", name=job.name, count=count)
    with services.database.write() as tx:
        clock_jobs.ended(tx, job.name, turn, well=count is not None)


def run(services: Services, actors: Actors, stop: threading.Event) -> None:
    """Tick until told to stop. A database that is away is waited for: that is when the clock is
    needed most. It is said once that it is waited for, and once that it is back.
    """
    waiting = False
    setbacks = Setbacks(services.database, lease_seconds=services.settings.lease_seconds)
    while not stop.wait(services.settings.sweep_seconds):
        try:
            # Rows that failed while the database was away wait for the end of their back-off, up to
            # a quarter of an hour: they are pulled forward, some at a time.
            if waiting:
                with services.database.write() as tx:
                    recovery.pull_forward(tx, now=services.now())
            setbacks.look()
            tick(services, actors)
        except Unavailable as error:
            kind = kind_of(error)
            if not waiting:
                log.warning("clock_waits_for_database", kind=kind, error=type(error).__name__)
            # A lock that did not come is no outage: nobody's wake-up was in vain.
            waiting = waiting or kind in OUT
        except Exception:  # a schema in the middle of a migration: without a clock nothing heals
            log.exception("clock_tick_failed")
        else:
            if waiting:
                log.info("clock_has_database_again")
            waiting = False
