"""The clock wakes whoever is owed, reads whoever nobody pushed about, and rolls the day on."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from dramatiq.brokers.stub import StubBroker

from storage import schedule
from tests import cast
from tests.house import Connected, House
from workers import clock
from workers.slots import recompute


@pytest.fixture
def connected(house: House) -> Connected:
    house.introduce()
    account = house.connect()
    house.refresh(account.connection_id)
    drain(house)
    return account


def drain(house: House) -> list[tuple[str, str]]:
    """(job, id) of the wake-ups that wait."""
    broker = house.runtime.broker
    assert isinstance(broker, StubBroker)
    found = []
    for name in ("freebusy", "slots"):
        while not broker.queues[name].empty():
            message = broker.queues[name].get_nowait()
            broker.queues[name].task_done()
            decoded = cast.decode(message)
            found.append((decoded.actor_name, str(decoded.args[0])))
    return found


def tick(house: House) -> None:
    clock.tick(house.runtime.services, house.runtime.actors)


def later(house: House, **by: float) -> None:
    """Time passes."""
    now = house.runtime.services.now() + timedelta(**by)
    house.runtime = replace(house.runtime, services=replace(house.runtime.services, now=lambda: now))


def test_a_lost_wake_up_is_sent_again(house: House, connected: Connected) -> None:
    house.mark_dirty(connected.connection_id)
    house.set_row(connected.connection_id, wake_after_ms=0)
    tick(house)
    assert drain(house) == [("refresh_freebusy", connected.connection_id)]
    tick(house)
    assert drain(house) == []


def test_a_calendar_nobody_pushed_about_is_read_after_an_hour(house: House, connected: Connected) -> None:
    clock.reconcile(house.runtime.services, house.runtime.actors)
    assert drain(house) == []
    later(house, minutes=61)
    clock.reconcile(house.runtime.services, house.runtime.actors)
    assert drain(house) == [("refresh_freebusy", connected.connection_id)]
    assert house.owed(connected.connection_id)


def test_a_lost_push_is_made_up_for_by_reconciling(house: House, connected: Connected) -> None:
    start = cast.NOW.replace(day=2, hour=10)
    house.control.add_event(connected.calendar, start, start + timedelta(hours=1), notify=False)
    later(house, minutes=61)
    clock.reconcile(house.runtime.services, house.runtime.actors)
    house.refresh(connected.connection_id)
    assert cast.at(2, 10) not in house.listing().slots.open_starts(60)


def test_the_day_rolls_on_without_any_push(house: House, connected: Connected) -> None:
    last = house.listing().slots.open_starts(60)[-1]
    later(house, days=2)
    clock.roll(house.runtime.services, house.runtime.actors)
    assert drain(house) == [("recompute_slots", "ada")]
    recompute(house.runtime.services, "ada")
    rolled = house.listing().slots
    assert rolled.origin == cast.at(3, 0)
    # What was never read is not open: the calendar is known up to where it was read.
    assert rolled.open_starts(60)[-1] > last - 86_400
    clock.roll(house.runtime.services, house.runtime.actors)
    assert drain(house) == []


def test_a_roll_for_a_coach_who_is_gone_does_nothing(house: House) -> None:
    recompute(house.runtime.services, "nobody")


def test_one_tick_in_a_quarter_minute_reconciles_however_many_clocks_tick(house: House) -> None:
    tick(house)
    with house.runtime.services.database.write() as tx:
        assert not schedule.take(tx, "reconcile", every_ms=15_000)


def test_the_clock_stops_when_it_is_told_to(house: House) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=clock.run, args=(house.runtime.services, house.runtime.actors, stop))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
