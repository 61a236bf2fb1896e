"""Delivering what the outbox owes: claim the row, act, record the outcome. The message that woke us
decides nothing.

Nothing is sent inside a transaction. Between the other side's acceptance and our commit lies the
one point where a death is not told from a failure: the row is then delivered again, as the same
mail, and that is counted.
"""

import time
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from storage.rows import outbox, outbox_claims, well_again, withheld_addresses
from storage.rows.outbox_claims import DeliveryClaim, Wake
from storage.schema.database import Tx, Unavailable
from workers import waiting
from workers.delivery import callbacks, mails, write_back
from workers.delivery.delivery import (
    Dead,
    Later,
    NoMailbox,
    Outcome,
    Sent,
    Skipped,
    Turn,
    WaitsForText,
    usual_wait_ms,
)
from workers.services import Services
from workers.skew import LIMIT, ClockOff

log = structlog.get_logger()

# A calendar row takes two calls to Cronofy with deadlines of 20 s each; a mail takes less than half
# a lease.
CALENDAR_LEASES = 2
# Two machines may differ by so much, each by what is borne: nothing is delivered earlier than that.
CLOCKS_APART = timedelta(seconds=2 * LIMIT)


def deliver(services: Services, outbox_id: str, *, leases: int = 1) -> list[Wake]:
    """Deliver a row, if it is due and its turn. Answers the rows that may have waited for it, or
    for the neighbour to be well that it went to: wake them.
    """
    seconds = services.settings.lease_seconds * leases
    # The race: messages come twice, sweepers wake again, and several workers find the same row due.
    # The claim is one conditional UPDATE, so one of them has it; its time is counted from before.
    began = time.monotonic()
    # The race: who owes a row writes down when it is due by a clock of their own. By ours, a bit
    # behind, what is due at once would not be due yet: the wake-up would be dropped, and the row
    # wait for the next one.
    claimed_at, lease_ms = services.now(), seconds * 1000
    with services.database.write() as tx:
        soon = claimed_at + CLOCKS_APART
        held = outbox_claims.claim(tx, outbox_id, lease_ms=lease_ms, now=soon)
    if held is None:
        return []
    if held.unsure:
        log.warning("delivery_may_repeat", outbox=held.id, kind=held.kind, unsure=held.unsure)
    outcome = _act(services, Turn(held, seconds, began))

    def record(tx: Tx) -> tuple[bool, list[Wake]]:
        if not _record(services, tx, held, _by_its_cause(tx, held, outcome, claimed_at)):
            return False, []
        # A row that waits for an earlier one of the same session goes as soon as that is over.
        callbacks.note_attempt(tx, held, outcome, now=services.corrected_now())
        behind = outbox.followers(tx, held, now=services.corrected_now())
        # The first that is taken tells that its neighbour is well: the others need not wait for the
        # end of their back-off. Last: whoever needs one of those waits for no more than the commit.
        if isinstance(outcome, Sent):
            behind += _pull_forward(services, tx, held)
        return True, behind

    # What was sent is sent: neither a deadlock nor a database that is away for a while makes us
    # send it again.
    kept, behind = services.database.insist(record, until=began + seconds)
    if kept:
        _log_outcome(held, outcome)
        _note(services, held, outcome)
    else:
        kind = type(outcome).__name__
        log.warning("late_outcome_refused", outbox=held.id, kind=held.kind, outcome=kind)
    return behind


def _act(services: Services, turn: Turn) -> Outcome:
    senders = {"mail": mails.deliver, "calendar": write_back.deliver, "callback": callbacks.deliver}
    in_time = replace(services, cronofy=services.cronofy.until(turn.until))
    try:
        return senders[turn.held.kind](in_time, turn)
    except Unavailable:
        # A mail or a callback asks the database nothing once it was sent; a calendar write does.
        return Later("the database was away", retry_in_ms=0, unsure=turn.held.kind == "calendar")
    except ClockOff as error:
        # What it was about to decide by the clock is decided once that is right.
        return Later(str(error), unsure=False)
    except Exception as error:  # a bug that one row meets must not make it spin: it backs off
        log.exception("delivery_broke", outbox=turn.held.id, kind=turn.held.kind)
        return Later(f"our fault: {type(error).__name__}", unsure=True)


def _by_its_cause(tx: Tx, held: DeliveryClaim, outcome: Outcome, claimed_at: datetime) -> Outcome:
    """A write that failed while Cronofy was well had a reason of its own, and keeps its wait."""
    if held.kind != "calendar" or not isinstance(outcome, Later) or outcome.trouble != "away":
        return outcome
    if well_again.cronofy_was_well(tx, at=claimed_at):
        return replace(outcome, trouble=None)
    return outcome


def _pull_forward(services: Services, tx: Tx, held: DeliveryClaim) -> list[Wake]:
    mark = services.waiting.mark(_neighbour(held))
    if mark is None:
        return []
    now = services.corrected_now()
    if held.kind == "callback":
        pulled = well_again.callbacks(tx, held.endpoint_id, now=now)
    elif held.kind == "calendar":
        pulled = well_again.cronofy(tx, gap_ms=services.settings.minimum_gap_ms, now=now)
    else:
        pulled = well_again.mails(tx, now=now)
    if not pulled.more:
        services.waiting.over(_neighbour(held), mark)
    return pulled.wakes


def _note(services: Services, held: DeliveryClaim, outcome: Outcome) -> None:
    """What it says of the neighbour."""
    if isinstance(outcome, Later) and outcome.trouble is not None:
        services.waiting.failed(_neighbour(held))
    if isinstance(outcome, Sent) and held.kind == "mail":
        services.waiting.took_mail(services.corrected_now())


def _neighbour(held: DeliveryClaim) -> str:
    """Where the row goes to."""
    if held.kind == "callback":
        return waiting.endpoint(held.endpoint_id)
    if held.kind == "calendar":
        return waiting.CRONOFY
    return waiting.MAIL_SERVER


def _record(services: Services, tx: Tx, held: DeliveryClaim, outcome: Outcome) -> bool:
    """False: the lease was lost to somebody else; nothing is written."""
    match outcome:
        case Sent():
            return outbox.sent(tx, held, now=services.corrected_now())
        case Skipped(why, reason):
            return outbox.superseded(tx, held, reason=reason, error=why)
        case Dead(error):
            return outbox.dead(tx, held, error=error)
        case NoMailbox(error, None):
            return withheld_addresses.keep(tx, held, error=error)
        case NoMailbox(error, reply):
            return withheld_addresses.refused(
                tx, held, reason=error, reply=reply or "", now=services.corrected_now()
            )
        case WaitsForText(error, retry_in_ms):
            return outbox.wait_for_text(tx, held, error=error, retry_in_ms=retry_in_ms)
        case Later(error, retry_in_ms, unsure, trouble, tried=tried):
            if retry_in_ms is None:
                retry_in_ms = usual_wait_ms(held.attempts)
            return outbox.give_back(
                tx,
                held,
                error=error,
                retry_in_ms=retry_in_ms,
                unsure=unsure,
                trouble=trouble,
                tried=tried,
            )


def _log_outcome(held: DeliveryClaim, outcome: Outcome) -> None:
    """One line, without any address:
    ops alerts on `delivery_dead`, `mail_held` and `address_withheld`.
    """
    about = {"outbox": held.id, "kind": held.kind, "attempts": held.attempts}
    match outcome:
        case Sent():
            log.info("delivered", **about)
        case Skipped(why, reason):
            log.info("delivery_skipped", **about, reason=reason, why=why)
        case Dead(error):
            log.error("delivery_dead", **about, error=error)
        case NoMailbox(error, None):
            log.warning("mail_withheld", **about, error=error)
        case NoMailbox(error):
            log.error("address_withheld", **about, error=error)
        case WaitsForText(error):
            log.error("mail_held", **about, error=error)
        case Later(error, tried=False):
            log.info("delivery_waits", **about, error=error)
        case Later(error):
            log.warning("delivery_failed", **about, error=error)
