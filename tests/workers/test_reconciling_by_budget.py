"""A fleet that is larger than Cronofy's calls allow: the clock's own code, while time is moved."""

import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.reconciling import Pace, Turns
from storage.reports import fleet as figures
from storage.schema.database import Database, Tx
from tests.support import fleets, people
from tests.support.clock_work import drain
from tests.support.fleets import Fleet
from tests.support.in_process import House
from tests.support.query_plans import plan_of
from webhooks.api.coach_list import COACHES
from webhooks.api.schemas.coach_lists import CoachesQuery
from workers import clock
from workers.jobs import reconciling
from workers.services import Services
from workers.staleness import LOOKED_AT_EVERY, Staleness

TICK = timedelta(seconds=15)
HOUR = timedelta(hours=1)
# One read at each tick is all that these calls allow: four a minute.
FEW_CALLS = 24
MIXED = {Pace.LIVELY: 14, Pace.STEADY: 24, Pace.QUIET: 30}


def with_few_calls(house: House) -> None:
    """And with shorter turns, so that less time has to pass."""
    services = house.runtime.services
    shorter = {"reconcile_minutes": 15, "reconcile_busy_minutes": 5, "stale_minutes": 20}
    settings = services.settings.model_copy(update={"rate_per_minute": FEW_CALLS} | shorter)
    staleness = Staleness(services.database, settings.least_stale_after)
    services = replace(services, settings=settings, staleness=staleness)
    house.runtime = replace(house.runtime, services=services)


def at(house: House, now: datetime) -> None:
    services = replace(house.runtime.services, now=lambda: now)
    house.runtime = replace(house.runtime, services=services)


def reconcile(house: House, fleet: Fleet, since: datetime, until: datetime) -> None:
    """As the clock does it; whoever is owed a read gets it at once."""
    now = since
    while now < until:
        at(house, now)
        if not (now - since) % HOUR:
            clock.sample(house.runtime.services, house.runtime.actors)
        reconciling.reconcile(house.runtime.services, house.runtime.actors)
        fleet.read([connection_id for _, connection_id in drain(house)], now)
        now += TICK


def turns(house: House, sizes: dict[Pace, int]) -> Turns:
    return reconciling.turns_of(house.runtime.services, sizes)


def waits(computed: Turns) -> dict[Pace, timedelta]:
    return {pace: span * computed.stretch for pace, span in computed.spans.items()}


def test_nobody_waits_longer_than_the_turn_that_was_computed(house: House) -> None:
    # Given a fleet for which there are too few calls
    house.introduce()
    with_few_calls(house)
    computed = turns(house, MIXED)
    assert computed.stretch > 1
    fleet = fleets.raised(house.runtime.services.database, MIXED, people.NOW, waits(computed))
    # When it is reconciled for longer than the longest turn
    reconcile(house, fleet, people.NOW, people.NOW + 1.2 * computed.longest)
    # Then each was read within its own pace's turn, and what changes often more often
    for pace, span in waits(computed).items():
        # One is read at a time, and one of each pace may have come due at the same moment.
        assert fleet.longest[pace] <= span + TICK * len(Pace), pace
    assert fleet.longest[Pace.LIVELY] < fleet.longest[Pace.STEADY] < fleet.longest[Pace.QUIET]


def test_after_an_outage_the_fleet_that_was_read_at_once_waits_twice_as_long_at_most(
    house: House,
) -> None:
    house.introduce()
    with_few_calls(house)
    fleet = fleets.raised(house.runtime.services.database, MIXED, people.NOW)
    computed = turns(house, MIXED)
    reconcile(house, fleet, people.NOW, people.NOW + 1.2 * computed.longest)
    for pace, span in waits(computed).items():
        assert fleet.longest[pace] <= 2 * span, pace


@pytest.mark.deep
def test_a_hundred_thousand_calendars_are_read_within_the_turn_that_was_computed(
    house: House,
) -> None:
    house.introduce()
    sizes = {Pace.LIVELY: 10_000, Pace.STEADY: 30_000, Pace.QUIET: 60_000}
    computed = turns(house, sizes)
    fleet = fleets.raised(house.runtime.services.database, sizes, people.NOW, waits(computed))
    reconcile(house, fleet, people.NOW, people.NOW + 1.2 * computed.longest)
    for pace, span in waits(computed).items():
        assert fleet.longest[pace] <= span + TICK, pace


def test_a_large_fleet_makes_no_calendar_stale(house: House) -> None:
    house.introduce()
    with_few_calls(house)
    fleets.raised(house.runtime.services.database, MIXED, people.NOW)
    least = house.runtime.services.settings.least_stale_after
    assert house.runtime.services.stale_after() == least
    # When the clock has written down how long a turn takes, and a process looks after a minute
    clock.sample(house.runtime.services, house.runtime.actors)
    assert house.runtime.services.stale_after() == least
    services = later(house.runtime.services, seconds=LOOKED_AT_EVERY)
    longest = turns(house, MIXED).longest
    assert longest > least
    assert services.stale_after() == services.terms().stale_after == 1.5 * longest
    # Then the list of coaches knows it too
    services = replace(services, now=lambda: people.NOW + least + TICK)
    with services.database.read() as tx:
        assert listed(services, tx, "stale") == []
        assert listed(services, tx, "fresh") == [("ada", "fresh")]


def listed(services: Services, tx: Tx, state: str) -> list[tuple[str, str]]:
    """The coaches in it, and the state that each is shown in."""
    read = COACHES.reader(services, CoachesQuery.model_validate({"state": state}))
    return [(each["id"], each["state"]) for each in read(tx, None, 10).items]


def later(services: Services, *, seconds: float) -> Services:
    """As a process has them that looked last so long ago."""
    least = services.settings.least_stale_after
    staleness = Staleness(services.database, least, monotonic=lambda: time.monotonic() + seconds)
    return replace(services, staleness=staleness)


def test_how_large_the_fleet_is_is_counted_once_a_minute(house: House) -> None:
    house.introduce()
    database = house.runtime.services.database
    fleets.raised(database, MIXED, people.NOW)
    with database.write() as tx:
        assert figures.latest(tx, since=people.NOW - HOUR) is None
    clock.sample(house.runtime.services, house.runtime.actors)
    with database.read() as tx:
        assert figures.latest(tx, since=people.NOW - HOUR) == MIXED
        # And a count that is older says nothing of how it is now
        assert figures.latest(tx, since=people.NOW + HOUR) is None


def test_whoever_waits_longest_is_found_by_an_index(database: Database) -> None:
    # Given a fleet, as the database knows it: of a table of few rows any index will do.
    people.introduce(database)
    sizes = {Pace.LIVELY: 1_000, Pace.STEADY: 1_000, Pace.QUIET: 50}
    fleets.raised(database, sizes, people.NOW)
    with database.write() as tx:
        tx.exec_driver_sql("ANALYZE connections")
    now = round(people.NOW.timestamp() * 1000)
    statement = (
        f"SELECT id FROM connections WHERE pace = {Pace.QUIET:d} AND done_gen >= req_gen"
        f" AND (trouble IS NULL OR trouble != 'revoked') AND last_ok_at <= {now}"
        " ORDER BY last_ok_at LIMIT 21"
    )
    assert "ix_connections_reconciled" in plan_of(database, statement)
