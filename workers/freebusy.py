"""Refreshing a connection: claim it, read it from Cronofy, store periods and slot set together.

The path of a push ends here. Nothing is decided by the message that woke us: the row says whether a read is owed.
"""

import random

import structlog

from domain.accounts import Account, Trouble
from storage import coaches, connections, freebusy, slots
from storage.connections import Claim
from storage.freebusy import Observed
from workers import channels, erasure, tokens, tracing
from workers.cronofy.errors import CronofyError, Forbidden, InvalidGrant, Locked
from workers.services import Services

log = structlog.get_logger()

# What only the coach can mend, by connecting or relinking. Other lasting errors (our client secret, say) are the
# operator's: the coach's account is not at fault, and the read is tried again now and then.
NEEDS_A_PERSON: dict[type[CronofyError], Trouble] = {
    InvalidGrant: "revoked",
    Forbidden: "revoked",
    Locked: "disconnected",
}
FIRST_RETRY_MS = 5_000
LONGEST_RETRY_MS = 300_000


def refresh(services: Services, connection_id: str) -> bool:
    """Read the connection if it is owed a read. True: another one is owed and due already."""
    settings = services.settings
    with services.database.write() as tx:
        held = connections.claim(
            tx, connection_id, lease_ms=settings.lease_seconds * 1000, gap_ms=settings.minimum_gap_ms
        )
    if held is None:
        return False
    try:
        if held.erase_due:
            erasure.forget(services, connection_id)
            return False
        observed = observe(services, held)
    except CronofyError as error:
        _record_failure(services, held, error)
        return False
    with tracing.span("store slots"), services.database.write() as tx:
        stored = freebusy.store(tx, held, observed, now=services.now())
    if stored is None:
        log.warning("late_read_refused", connection=connection_id)
        return False
    if stored.doubted:
        log.warning("calendar_doubted", connection=connection_id, coach=held.coach_id)
        return stored.again
    if stored.missed:
        log.warning("missed_push", connection=connection_id, coach=held.coach_id)
    log.info("refreshed", connection=connection_id, coach=held.coach_id, version=stored.version, changed=stored.changed)
    for session_id in stored.conflicts:
        log.warning("session_conflict", session=session_id, coach=held.coach_id)
    return stored.again


def observe(services: Services, held: Claim) -> Observed:
    """Everything this read needs from Cronofy, outside any transaction; any failure drops all of it.

    The channel comes first: a change after it is pushed, a change before it is in the read.
    """
    with services.database.read() as tx:
        coach = coaches.get(tx, held.coach_id)
    if coach is None:
        raise InvalidGrant("the coach was removed meanwhile")
    window = slots.window(coach, services.now())

    def read(access: str) -> Observed:
        account: Account | None = None
        channels.ensure(services, held.connection_id, services.cronofy, access)
        if held.userinfo_due:
            account = services.cronofy.userinfo(access)
        reading = services.cronofy.free_busy(access, since=window.since, until=window.until, zone=coach.hours.zone)
        return Observed(reading, window.known_until, account)

    return tokens.authorised(services, held.connection_id, read)


def _record_failure(services: Services, held: Claim, error: CronofyError) -> None:
    log.warning("refresh_failed", connection=held.connection_id, error=str(error), permanent=error.permanent)
    with services.database.write() as tx:
        if trouble := NEEDS_A_PERSON.get(type(error)):
            freebusy.give_up(tx, held, error=str(error), trouble=trouble, now=services.now())
        else:
            connections.give_back(tx, held, error=str(error), retry_in_ms=_retry_ms(held.attempts, error))


def _retry_ms(attempts: int, error: CronofyError) -> int:
    """Doubling from 5 s to 5 min with jitter, and never sooner than Cronofy asked for."""
    backoff = LONGEST_RETRY_MS if error.permanent else FIRST_RETRY_MS * 2 ** min(attempts - 1, 6)
    jittered = min(backoff, LONGEST_RETRY_MS) * random.uniform(0.75, 1.25)  # noqa: S311 (spreads load, guards nothing)
    return round(max(jittered, (error.retry_after or 0) * 1000))
