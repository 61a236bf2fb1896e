"""Free/busy as last read: one packed row a connection, replaced whole or not at all.

A read in which most of a calendar vanished is made again before it is believed; until then all
stays as it was.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.accounts import Account, Trouble
from domain.coaches import Coach
from domain.event_differences import Standing
from domain.freebusy import Reading
from domain.push_stages import NO_WAITS, CronofyWaits
from domain.reconciling import Pace, pace_of
from domain.sessions import Terms
from storage.reports import samples
from storage.rows import calendars, coaches, conferencing_profiles, connections, refresh_jobs
from storage.rows.refresh_jobs import Before, ReadClaim
from storage.schema.database_clock import clock_ms
from storage.schema.tables import busy
from storage.slots import conflicts, slot_sets
from storage.transactions import (
    callbacks,
    event_readings,
    looks,
    reading_news,
    relink_mails,
    target_calendars,
    write_back,
)
from storage.transactions.event_readings import NOTHING, Judged
from storage.transactions.reading_news import News

# A profile in its first sync is looked at again this soon:
# its "completed" push is skipped when the sync won the race.
SYNC_POLL_MS = 30_000


@dataclass(frozen=True, slots=True)
class Observed:
    """What one read of a connection brought:
    the periods up to `window_end` (epoch seconds), userinfo if due, and our own events that stand,
    if any had to be looked at.
    """

    reading: Reading
    window_end: int
    account: Account | None = None
    events: tuple[Standing, ...] | None = None
    waits: CronofyWaits = NO_WAITS


@dataclass(frozen=True, slots=True)
class Stored:
    """`version` of the coach's slot set now, whether this read changed it, whether the next read is
    due already, and the ids of the sessions that it showed to be in conflict.

    `doubted`: it was not believed, and is owed again. `missed`: it found a change that no push had
    announced. `touched`: the sessions whose events the coach changed.
    """

    version: int
    changed: bool
    again: bool
    conflicts: tuple[str, ...] = ()
    doubted: bool = False
    missed: bool = False
    touched: tuple[str, ...] = ()


def store(
    tx: Connection,
    claimed: ReadClaim,
    observed: Observed,
    *,
    now: datetime,
    terms: Terms | None = None,
) -> Stored | None:
    """Periods, slot set and done_gen in one transaction: no reader sees one without the others.
    `terms`: by which sessions follow their events, where that is the coach's policy.

    None when the lease was lost to somebody else: then nothing is written.
    """
    # The race: two calendars of one coach are read at once, and each computes a set without the
    # other's news. The coach's lock comes first, before any row of a connection: one computes after
    # the other, and with bookings, which take it first too, there is no deadlock.
    coach = coaches.lock(tx, claimed.coach_id)
    before = refresh_jobs.before(tx, claimed)
    if coach is None or before is None:
        return None
    news = _news(tx, claimed.connection_id, observed, now=now)
    judged = _judge(tx, claimed, observed, now=now)
    if judged.doubt:
        news = replace(news, doubt=(news.doubt or news.digest) + judged.doubt)
    # The same doubtful read twice is believed: two reads of one lie are less likely than the truth.
    if news.doubt is not None and news.doubt != before.doubted:
        again = refresh_jobs.doubt(tx, claimed, news.doubt)
        if again is None:
            return None
        version = slot_sets.version(tx, coach.id)
        return Stored(version, changed=False, again=again, doubted=True)
    missed = _is_missed(news, before)
    served = before.served_by(claimed)
    values = _seen(observed.account) | _noted(news, before, missed=missed, now=now)
    values |= before.timed(served, now=now)
    again = refresh_jobs.finish(
        tx, claimed, last_ok_at=now, last_error=None, doubted=None, **values
    )
    if again is None:
        return None
    stored = _put(tx, coach, claimed, observed, news, judged, now=now, terms=terms)
    if served is not None:
        samples.seen(tx, claimed, observed.waits, pushed_since_ms=served, now=now)
    return replace(stored, again=again, missed=missed)


def _news(tx: Connection, connection_id: str, observed: Observed, *, now: datetime) -> News:
    reading, account, until = observed.reading, observed.account, observed.window_end
    return reading_news.compare(tx, connection_id, reading, account, until=until, now=now)


def _put(
    tx: Connection,
    coach: Coach,
    claimed: ReadClaim,
    observed: Observed,
    news: News,
    judged: Judged,
    *,
    now: datetime,
    terms: Terms | None,
) -> Stored:
    """What is believed: the periods, the events, and the slot set where they change it."""
    replaced = _replace(tx, claimed.connection_id, observed, news)
    touched = event_readings.store(tx, coach, claimed, judged, now=now)
    event_readings.keep_shown(tx, observed.events or (), now=now)
    met = _follow_up(tx, coach, claimed.connection_id, observed.account, now=now)
    # Nearly every reconcile finds nothing new: to compute the set again costs more than the rest.
    nothing_new = not replaced and observed.account is None and touched is None
    nothing_new = nothing_new and not event_readings.may_follow(coach, judged)
    if nothing_new and slot_sets.is_current(tx, coach, now=now):
        return Stored(slot_sets.version(tx, coach.id), changed=False, again=False, conflicts=met)
    version, changed = slot_sets.recompute(tx, coach, now=now)
    # Into the set as it is now, since the ordinary rule decides.
    if terms is not None and event_readings.follow(tx, coach, judged, terms):
        version, changed = slot_sets.version(tx, coach.id), True
    return Stored(version, changed, again=False, conflicts=met, touched=touched or ())


def _judge(tx: Connection, claimed: ReadClaim, observed: Observed, *, now: datetime) -> Judged:
    if observed.events is None:
        return NOTHING
    return event_readings.judge(tx, claimed, observed.events, observed.account, now=now)


def give_up(
    tx: Connection, claimed: ReadClaim, *, error: str, trouble: Trouble, now: datetime
) -> None:
    """Record that trying again is useless until the coach acts,
    and owe the mails that ask for it.
    """
    coach = coaches.lock(tx, claimed.coach_id)
    if refresh_jobs.give_up(tx, claimed, error=error, trouble=trouble) and coach is not None:
        relink_mails.follow(tx, coach, claimed.connection_id, now=now)


def erase(tx: Connection, claimed: ReadClaim, *, now: datetime, posted: bool = True) -> bool:
    """Forget a connection that its coach disconnected. False: the lease was lost, or it was
    connected again meanwhile, and nothing of it is touched.
    """
    coaches.lock(tx, claimed.coach_id)
    if not refresh_jobs.is_erasing(tx, claimed):
        return False
    forget(tx, claimed.connection_id, now=now, posted=posted)
    return True


def forget(tx: Connection, connection_id: str, *, now: datetime, posted: bool = True) -> None:
    """Erase a connection with everything that came from it, and make its coach's set anew without
    it. `posted`: whether the platform is told of its end by callbacks, too.
    """
    coach_id = connections.coach_of(tx, connection_id)
    coach = None
    if coach_id:
        coach = coaches.lock(tx, coach_id)
    if coach is not None:
        write_back.leave(tx, coach.id, connection_id, now=now)
        callbacks.owe_ends(tx, connection_id, now=now, posted=posted)
    connections.unlink(tx, connection_id)
    if coach is not None:
        conflicts.flag(tx, coach, now=now)
        slot_sets.recompute(tx, coach, now=now)


def _follow_up(
    tx: Connection, coach: Coach, connection_id: str, account: Account | None, *, now: datetime
) -> tuple[str, ...]:
    """What a read means for the coach, who may have to connect again, and for the sessions that are
    booked: where they are written, whose events are to be looked at, and which are in conflict now.

    An account in its first sync shows too little to tell either; one without credentials may list
    too few calendars.
    """
    trouble = None
    if account is not None:
        trouble = account.trouble
        calendars.describe(tx, connection_id, account)
        conferencing_profiles.describe(tx, connection_id, account)
        relink_mails.follow(tx, coach, connection_id, now=now)
        if trouble in (None, "no_access"):
            target_calendars.owe_moves(tx, coach.id, now=now)
        target_calendars.owe_unwritten(tx, coach.id, now=now)
    looks.owe_with_read(tx, connection_id, now=now)
    if trouble == "initial_sync":
        return ()
    return conflicts.flag(tx, coach, now=now)


def _is_missed(news: News, before: Before) -> bool:
    """Whether a push should have announced this, and none did.
    Of an account in trouble none comes.
    """
    is_change = news.changed and not news.first
    return is_change and before.trouble is None and before.pushed_since_ms is None


def _seen(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    values: dict[str, Any] = {
        "trouble": account.trouble,
        # No push tells of a login that is back: until then each read asks.
        "userinfo_due": account.trouble is not None or account.lacks_service,
    }
    # Owed again by this read itself: the push that tells of the end of a first sync may be lost.
    if account.trouble == "initial_sync":
        row = refresh_jobs.row
        values |= {"req_gen": row.req_gen + 1, "next_attempt_at_ms": clock_ms() + SYNC_POLL_MS}
    return values


def _noted(news: News, before: Before, *, missed: bool, now: datetime) -> dict[str, Any]:
    if not news.changed:
        return {"pace": pace_of(before.changed_at, now)}
    count = refresh_jobs.row.missed_pushes + int(missed)
    return {"changed_at": now, "pace": Pace.LIVELY, "missed_pushes": count}


def _replace(tx: Connection, connection_id: str, observed: Observed, news: News) -> bool:
    """Write the row unless it says the same already."""
    mine = busy.c.connection_id == connection_id
    before = tx.execute(select(busy.c.digest, busy.c.window_end).where(mine)).first()
    if before is not None and tuple(before) == (news.digest, observed.window_end):
        return False
    values = {
        "reading": observed.reading.pack(),
        "digest": news.digest,
        "window_end": observed.window_end,
    }
    if before is None:
        tx.execute(busy.insert().values(connection_id=connection_id, **values))
    else:
        tx.execute(busy.update().where(mine).values(values))
    return True
