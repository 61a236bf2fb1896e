"""Reading what nobody pushed about, by Cronofy's budget."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

from domain import reconciling as domain
from domain.reconciling import Pace, Turns
from storage.reports import fleet
from storage.rows import reconciling as rows
from storage.schema.database import Tx
from workers.actors import Actors
from workers.services import Services

# A fleet that went stale together is spread out: reconciling gets half of the calls to Cronofy, and
# takes up to three a read: who is connected, what is busy, how our own events stand.
RECONCILE_SHARE = 0.5 / 3
# Of that, what the turns are computed by: a fleet changes while somebody waits, and what was told
# has to hold meanwhile.
COUNTED_ON = 0.95
# The fleet is counted once a minute; a count that is older says nothing.
COUNT_HOLDS = timedelta(minutes=10)


def reconcile(services: Services, actors: Actors) -> int:
    """Read what nobody pushed about for too long, the stalest first:
    pushes get lost, and windows move without one.
    """
    settings = services.settings
    # A quarter of a minute's calls, since the job runs four times a minute.
    at_once = ceil(settings.rate_per_minute / 4 * RECONCILE_SHARE)
    now = services.now()
    with services.database.write() as tx:
        counted = fleet.latest(tx, since=now - COUNT_HOLDS) or rows.fleet(tx)
        turns = turns_of(services, counted)
        chosen = rows.owe_stalest(tx, now=now, turns=turns, limit=at_once)
    actors.wake(*chosen)
    return len(chosen)


def count(services: Services, tx: Tx, *, at: datetime) -> None:
    """Write down how large the fleet is, and how long its longest turn is."""
    counted = rows.fleet(tx)
    fleet.put(tx, counted, turns_of(services, counted).longest, at=at)


def turns_of(services: Services, counted: Mapping[Pace, int]) -> Turns:
    """How long the calendars of such a fleet wait for their reads, by the settings."""
    settings = services.settings
    return domain.turns(
        counted,
        steady=timedelta(minutes=settings.reconcile_minutes),
        lively=timedelta(minutes=settings.reconcile_busy_minutes),
        reads_per_minute=settings.rate_per_minute * RECONCILE_SHARE * COUNTED_ON,
    )
