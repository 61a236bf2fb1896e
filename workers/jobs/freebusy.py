"""Refreshing a connection: claim it, read it from Cronofy, store periods and slot set together.

The path of a push ends here. Nothing is decided by the message that woke us: the row says whether a
read is owed.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from domain.accounts import Account, Trouble
from domain.push_stages import Failure
from domain.sessions import Terms
from storage.rows import coaches, refresh_jobs, well_again
from storage.rows.refresh_jobs import ReadClaim
from storage.schema import doorways
from storage.schema.database import Tx
from storage.schema.outages import Unavailable
from storage.slots import slot_sets
from storage.transactions import store_reading, watched_events
from storage.transactions.store_reading import Observed, Stored
from workers import tracing
from workers.backoff import doubling_ms, jittered_ms
from workers.cronofy.errors import CronofyError, Forbidden, InvalidGrant, Locked, OverBudget
from workers.cronofy.outages import is_away
from workers.jobs import channels, erasure, own_events, tokens
from workers.services import Services
from workers.skew import ClockOff
from workers.waiting import CRONOFY

log = structlog.get_logger()

# What only the coach can mend, by connecting or relinking. Other lasting errors (our client secret,
# say) are the operator's: the coach's account is not at fault, and the read is tried again now and
# then.
NEEDS_A_PERSON: dict[type[CronofyError], Trouble] = {
    InvalidGrant: "revoked",
    Forbidden: "revoked",
    Locked: "disconnected",
}
FIRST_RETRY_MS = 5_000
LONGEST_RETRY_MS = 300_000
# Our own budget says when it has a call left, and Cronofy has nothing to recover from.
FIRST_BUDGET_RETRY_MS = 1_000
# Of its lease that a read may take at Cronofy: what is left is for storing. Past it, it asks for
# nothing more.
SHARE = 0.9


def refresh(services: Services, connection_id: str) -> bool:
    """Read the connection if it is owed a read. True: another one is owed and due already."""
    settings = services.settings
    # The race: a worker that is frozen between the claim and the read, and another that has taken
    # the row over meanwhile. Read before the claim, and from a clock that goes on while we are
    # frozen, the lease ends here no later than it does in the row.
    began = time.monotonic()
    lost = began + settings.lease_seconds
    services = replace(
        services, cronofy=services.cronofy.until(began + settings.lease_seconds * SHARE)
    )
    with services.database.write() as tx:
        held = refresh_jobs.claim(
            tx,
            connection_id,
            lease_ms=settings.lease_seconds * 1000,
            gap_ms=settings.minimum_gap_ms,
        )
    if held is None:
        return False
    try:
        if held.erase_due:
            return _erase(services, held)
        with doorways.within("calendar", connection_id):
            return _read(services, held, lost)
    except CronofyError as error:
        _record_failure(services, held, error, lost)
        return False
    except Unavailable:
        _hand_back(services, held, lost, error="the database was away", failure="database")
        raise
    except ClockOff as error:
        # Another machine's clock may be right: it need not wait until our lease ends.
        _hand_back(services, held, lost, error=str(error), failure="fault")
        raise
    except Exception as error:  # a bug that one row meets must not make it spin: it backs off
        wait = jittered_ms(_doubled_ms(held.attempts))
        fault = f"our fault: {type(error).__name__}"
        _hand_back(services, held, lost, error=fault, failure="fault", retry_in_ms=wait)
        raise


def _read(services: Services, held: ReadClaim, lost: float) -> bool:
    """Read it and store what was read; `lost`: when the lease ends, by time.monotonic."""
    observed = observe(services, held)
    # Of the whole read, a renewal of its tokens too.
    observed = replace(observed, waits=services.cronofy.spent.waits())
    terms = None
    # Only a session whose event was looked at may follow it.
    if observed.events is not None:
        terms = services.terms()

    with tracing.span("store slots"):
        # What was read is true of its moment whenever it is stored: a database that is away is
        # waited for.
        store = partial(_store, services=services, held=held, observed=observed, terms=terms)
        stored = services.database.insist(store, until=lost)
    if stored is None:
        log.warning("late_read_refused", connection=held.connection_id)
        return False
    # Cronofy answers 200 and empty while it syncs anew or has lost a calendar: a read in which all
    # is gone at once is read again before anybody is sold a time of it.
    if stored.doubted:
        log.warning("calendar_doubted", connection=held.connection_id, coach=held.coach_id)
        return stored.again
    if stored.missed:
        log.warning("missed_push", connection=held.connection_id, coach=held.coach_id)
    what = {"connection": held.connection_id, "coach": held.coach_id}
    log.info("refreshed", **what, version=stored.version, changed=stored.changed)
    for session_id in stored.conflicts:
        log.warning("session_conflict", session=session_id, coach=held.coach_id)
    for session_id in stored.touched:
        log.warning("event_touched", session=session_id, coach=held.coach_id)
    return stored.again


def _store(
    tx: Tx, *, services: Services, held: ReadClaim, observed: Observed, terms: Terms | None
) -> Stored | None:
    now, mark = services.now(), services.waiting.mark(CRONOFY)
    stored = store_reading.store(tx, held, observed, now=now, terms=terms)
    if stored is None or mark is None:
        return stored
    # Cronofy is well, and what failed while it was away need not wait for the end of its back-off.
    # The sweeper wakes for it. Last: whoever needs one of those waits for no more than the commit.
    pulled = well_again.cronofy(tx, gap_ms=services.settings.minimum_gap_ms, now=now)
    if not pulled.more:
        services.waiting.over(CRONOFY, mark)
    return stored


def _hand_back(
    services: Services,
    held: ReadClaim,
    lost: float,
    *,
    error: str,
    failure: Failure,
    retry_in_ms: int = 0,
    keeps_wait: Callable[[Tx], bool] | None = None,
) -> None:
    """What broke off is for somebody else, who need not wait until our lease ends. A database that
    is away is waited for; if it is away for longer, the lease ends by itself. `keeps_wait`: whether
    nobody may pull it forward.
    """

    def give_back(tx: Tx) -> None:
        mine = refresh_jobs.give_back(
            tx, held, error=error, failure=failure, retry_in_ms=retry_in_ms
        )
        if mine and keeps_wait is not None and keeps_wait(tx):
            well_again.keep_wait(tx, held.connection_id)

    with suppress(*Unavailable):
        services.database.insist(give_back, until=lost)


def observe(services: Services, held: ReadClaim) -> Observed:
    """Everything this read needs from Cronofy, outside any transaction; any failure drops all of
    it.

    The channel comes first: a change after it is pushed, a change before it is in the read.
    """
    now = services.now()
    with services.database.read() as tx:
        coach = coaches.get(tx, held.coach_id)
        last = watched_events.until(tx, held.coach_id, held.connection_id, now=now)
    if coach is None:
        raise InvalidGrant("the coach was removed meanwhile")
    window = slot_sets.window(coach, now)

    def read(access: str) -> Observed:
        account: Account | None = None
        channels.ensure(services, held.connection_id, access)
        # The price: most reads are one call, and Cronofy grants 500 a minute for all coaches. So
        # who is connected is asked only when something pointed at it.
        if held.userinfo_due:
            account = services.cronofy.userinfo(access)
        reading = services.cronofy.free_busy(
            access, since=window.since, until=window.until, zone=coach.hours.zone
        )
        # The same price: most accounts hold no session of ours, and are asked for none.
        events = None
        if last is not None:
            events = own_events.read(services, access, coach, window, until=last)
        return Observed(reading, window.known_until, account, events)

    return tokens.authorised(services, held.connection_id, read)


def _erase(services: Services, held: ReadClaim) -> bool:
    """Disconnect: revoke at Cronofy, then forget everything and make the coach's set anew.

    Who connects again takes it back: then nothing of the new consent is revoked or forgotten.
    """
    # The race: the coach connects again while the erasure runs. It is looked for before the account
    # is revoked, and once more in the transaction that forgets.
    with services.database.write() as tx:
        wanted = refresh_jobs.is_erasing(tx, held)
    if wanted:
        erasure.revoke(services, held.connection_id)
        with services.database.write() as tx:
            posted = services.receiver is not None
            wanted = store_reading.erase(tx, held, now=services.now(), posted=posted)
    event = "erased"
    if not wanted:
        event = "late_erasure_refused"
    log.info(event, connection=held.connection_id)
    return False


def _record_failure(services: Services, held: ReadClaim, error: CronofyError, lost: float) -> None:
    log.warning(
        "refresh_failed", connection=held.connection_id, error=str(error), permanent=error.permanent
    )
    trouble = NEEDS_A_PERSON.get(type(error))
    # Of an account that is to be erased no coach mends anything. Given up, it would count as read,
    # and nobody would ask again for its end.
    if trouble is None or held.erase_due:
        wait = _retry_ms(held.attempts, error)
        failure: Failure = "cronofy"
        if isinstance(error, OverBudget):
            failure = "budget"
        took = time.monotonic() - (lost - services.settings.lease_seconds)
        began = services.corrected_now() - timedelta(seconds=took)

        def keeps_wait(tx: Tx) -> bool:
            return not is_away(error) or well_again.cronofy_was_well(tx, at=began)

        _hand_back(
            services,
            held,
            lost,
            error=str(error),
            failure=failure,
            retry_in_ms=wait,
            keeps_wait=keeps_wait,
        )
        if is_away(error):
            services.waiting.failed(CRONOFY)
        return
    now = services.corrected_now()
    services.database.insist(
        lambda tx: store_reading.give_up(tx, held, error=str(error), trouble=trouble, now=now),
        until=lost,
    )


def _retry_ms(attempts: int, error: CronofyError) -> int:
    """Doubling from 5 s to 5 min with jitter, and never sooner than Cronofy, or our own budget,
    asked for.
    """
    # A lasting error is the operator's to mend; it is tried all the same, so that nobody has to
    # tell us when it is.
    wait = LONGEST_RETRY_MS
    if isinstance(error, OverBudget):
        wait = _doubled_ms(attempts, first_ms=FIRST_BUDGET_RETRY_MS)
    elif not error.permanent:
        wait = _doubled_ms(attempts)
    return max(jittered_ms(wait), round((error.retry_after or 0) * 1000))


def _doubled_ms(attempts: int, first_ms: int = FIRST_RETRY_MS) -> int:
    return doubling_ms(attempts, first_ms=first_ms, longest_ms=LONGEST_RETRY_MS)
