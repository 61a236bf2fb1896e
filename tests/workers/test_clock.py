"""The clock wakes whoever is owed, reads whoever nobody pushed about, and rolls the day on."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from storage.reports import metrics
from storage.rows import clock_jobs, idempotency, outbox, refresh_jobs, sessions
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import holds, pods
from tests.support import people
from tests.support.clock_work import book, drain, later
from tests.support.in_process import Connected, House
from workers import clock
from workers.jobs import reconciling, retention
from workers.jobs.slots import recompute


@pytest.fixture
def connected(house: House) -> Connected:
    house.introduce()
    account = house.connect()
    house.refresh(account.connection_id)
    drain(house)
    return account


def tick(house: House) -> None:
    clock.tick(house.runtime.services, house.runtime.actors)


@pytest.fixture
def wakes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wake-up is believed to be on its way for a minute: this machine may need more than two
    seconds from one line to the next.
    """
    for module in (outbox, refresh_jobs):
        monkeypatch.setattr(module, "FIRST_WAKE_MS", 60_000)


@pytest.mark.usefixtures("wakes_last")
def test_a_lost_wake_up_is_sent_again(house: House, connected: Connected) -> None:
    house.mark_dirty(connected.connection_id)
    house.set_row(connected.connection_id, wake_after_ms=0)
    tick(house)
    assert drain(house) == [("refresh_freebusy", connected.connection_id)]
    tick(house)
    assert drain(house) == []


def test_a_calendar_nobody_pushed_about_is_read_after_an_hour(
    house: House, connected: Connected
) -> None:
    reconciling.reconcile(house.runtime.services, house.runtime.actors)
    assert drain(house) == []
    later(house, minutes=61)
    reconciling.reconcile(house.runtime.services, house.runtime.actors)
    assert drain(house) == [("refresh_freebusy", connected.connection_id)]
    assert house.owed(connected.connection_id)


def test_a_lost_push_is_made_up_for_by_reconciling(house: House, connected: Connected) -> None:
    start = people.NOW.replace(day=2, hour=10)
    house.control.add_event(connected.calendar, start, start + timedelta(hours=1), notify=False)
    later(house, minutes=61)
    reconciling.reconcile(house.runtime.services, house.runtime.actors)
    house.refresh(connected.connection_id)
    assert people.at(2, 10) not in house.listing().slots.open_starts(60)


def test_the_day_rolls_on_without_any_push(house: House, connected: Connected) -> None:
    last = house.listing().slots.open_starts(60)[-1]
    later(house, days=2)
    clock.roll(house.runtime.services, house.runtime.actors)
    assert drain(house) == [("recompute_slots", "ada")]
    recompute(house.runtime.services, "ada")
    rolled = house.listing().slots
    assert rolled.origin == people.at(3, 0)
    # What was never read is not open: the calendar is known up to where it was read.
    assert rolled.open_starts(60)[-1] > last - 86_400
    clock.roll(house.runtime.services, house.runtime.actors)
    assert drain(house) == []


def test_a_roll_for_a_coach_who_is_gone_does_nothing(house: House) -> None:
    recompute(house.runtime.services, "nobody")


def test_one_tick_in_a_quarter_minute_reconciles_however_many_clocks_tick(house: House) -> None:
    tick(house)
    with house.runtime.services.database.write() as tx:
        assert not clock_jobs.take(tx, "reconcile", every_ms=15_000)


def test_a_tick_that_finds_nothing_due_asks_for_all_jobs_at_once(house: House) -> None:
    # Given that each job had its turn just now, and the next lies far ahead
    services, actors = house.runtime.services, house.runtime.actors
    with services.database.write() as tx:
        for job in clock.JOBS:
            clock_jobs.take(tx, job.name, every_ms=3_600_000)
    begun: list[object] = []
    event.listen(services.database.engine, "begin", begun.append)
    # When the clock ticks once more
    clock.tick(services, actors)
    # Then it takes as many transactions as the sweep does, and one
    sweep_takes = len(begun) - 1
    begun.clear()
    clock.attempt(services, actors, clock.SWEEP)
    assert len(begun) == sweep_takes


def forget_wakes(house: House) -> None:
    """As if each wake-up had been lost long ago."""
    with house.runtime.services.database.write() as tx:
        tx.execute(tables.outbox.update().values(wake_after_ms=0))


@pytest.mark.usefixtures("wakes_last")
def test_a_mail_and_a_calendar_row_that_nobody_woke_for_are_woken_for(
    house: House, connected: Connected
) -> None:
    done = book(house)
    tick(house)
    assert drain(house) == []  # the first wake-up is on its way
    forget_wakes(house)
    tick(house)
    jobs = {"mail": "deliver_mail", "calendar": "write_calendar"}
    assert sorted(drain(house)) == sorted((jobs[kind], outbox_id) for outbox_id, kind in done.wake)
    tick(house)
    assert drain(house) == []


def test_a_reminder_is_woken_for_when_it_is_due(house: House, connected: Connected) -> None:
    book(house)
    with house.runtime.services.database.write() as tx:
        tx.execute(
            tables.outbox.update().where(tables.outbox.c.topic != "reminder").values(state="sent")
        )
    forget_wakes(house)
    later(house, days=6)
    clock.sweep(house.runtime.services, house.runtime.actors)
    assert drain(house) == []
    later(house, days=1, hours=2)
    clock.sweep(house.runtime.services, house.runtime.actors)
    assert [job for job, _ in drain(house)] == ["deliver_mail"]


def test_the_time_of_a_hold_opens_when_it_ends(house: House, connected: Connected) -> None:
    start = people.at(2, 10)
    with house.runtime.services.database.write() as tx:
        holds.hold(tx, Wanted("ada", start, 60), "somebody", 10, house.runtime.services.terms())
    assert start not in house.listing().slots.open_starts(60)
    later(house, minutes=9)
    assert clock.reopen(house.runtime.services, house.runtime.actors) == 0
    later(house, minutes=2)
    assert clock.reopen(house.runtime.services, house.runtime.actors) == 1
    assert start in house.listing().slots.open_starts(60)
    assert clock.reopen(house.runtime.services, house.runtime.actors) == 0


def test_a_pod_short_of_participants_at_its_deadline_is_told_to_ops_once(
    house: House, connected: Connected
) -> None:
    deadline = people.NOW + timedelta(days=1)
    plan = pods.Plan(Wanted("ada", people.at(9, 10), 60), 2, 4, "open", deadline)
    with house.runtime.services.database.write() as tx:
        pod = pods.create(tx, plan, [people.GRACE], house.runtime.services.terms()).pod
    assert clock.deadlines(house.runtime.services, house.runtime.actors) == 0
    later(house, days=1)
    with capture_logs() as logs:
        assert clock.deadlines(house.runtime.services, house.runtime.actors) == 1
        assert clock.deadlines(house.runtime.services, house.runtime.actors) == 0
    assert [(each["event"], each["log_level"], each["pod"]) for each in logs] == [
        ("pod_below_minimum", "warning", pod.id)
    ]
    with house.runtime.services.database.read() as tx:
        assert sessions.get(tx, pod.id).flagged_at is not None


def test_stored_answers_are_dropped_after_two_days(house: House) -> None:
    with house.runtime.services.database.write() as tx:
        idempotency.begin(tx, "os", "key", b"digest", now=people.NOW)
    later(house, hours=47)
    assert retention.drop(house.runtime.services, house.runtime.actors) == 0
    later(house, hours=1)
    assert retention.drop(house.runtime.services, house.runtime.actors) == 1


def test_the_clock_stops_when_it_is_told_to(house: House) -> None:
    stop = threading.Event()
    thread = threading.Thread(
        target=clock.run, args=(house.runtime.services, house.runtime.actors, stop)
    )
    thread.start()
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def failing(house: House) -> dict[str, float]:
    """The jobs that raised since they went well, and how often."""
    with house.runtime.services.database.read() as tx:
        found = metrics.clock_failures(tx, [job.name for job in (clock.SWEEP, *clock.JOBS)])
    return {name: times for name, times in found.items() if times}


def breaks(job: clock.Job) -> clock.Job:
    def broken(*_: object) -> int:
        raise ValueError("a row that nobody thought of")

    return replace(job, run=broken)


def due_again(house: House) -> None:
    with house.runtime.services.database.write() as tx:
        tx.execute(tables.schedule.update().values(next_run_at_ms=0))


def not_yet_again(house: House, job: str) -> None:
    """However long this machine takes from one line to the next."""
    mine = tables.schedule.c.name == job
    with house.runtime.services.database.write() as tx:
        tx.execute(tables.schedule.update().where(mine).values(next_run_at_ms=2**50))


def test_a_job_that_raises_is_told_and_counted_and_the_others_go_on(
    house: House, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a clock whose sweep and whose first job raise
    later(house, days=1, hours=2)
    whole = clock.JOBS
    monkeypatch.setattr(clock, "SWEEP", breaks(clock.SWEEP))
    monkeypatch.setattr(clock, "JOBS", (breaks(whole[0]), *whole[1:]))
    # When it ticks, twice
    with capture_logs() as logs:
        for _ in range(2):
            due_again(house)
            tick(house)
    # Then the others have run, and both are told with their exceptions
    assert {job for job, _ in drain(house)} >= {"refresh_freebusy", "recompute_slots"}
    told = [line for line in logs if line["event"] == "clock_job_failed"]
    assert [line["name"] for line in told] == ["sweep", "holds"] * 2
    assert all(line["exc_info"] for line in told)
    assert failing(house) == {"sweep": 2, "holds": 2}
    # And once they go well it is over
    monkeypatch.undo()
    not_yet_again(house, "holds")
    tick(house)
    assert failing(house) == {"holds": 2}  # its next run is to come
    due_again(house)
    tick(house)
    assert failing(house) == {}


def test_a_job_that_raises_is_tried_again_at_its_next_run_and_not_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        clock, "JOBS", tuple(breaks(job) for job in clock.JOBS if job.name == "retention")
    )
    for _ in range(3):
        tick(house)
    assert failing(house) == {"retention": 1}


def test_a_database_that_goes_away_in_the_middle_of_a_job_is_waited_for_and_no_failure_of_the_job(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> int:
        raise OperationalError("select", {}, ConnectionError("gone"))

    monkeypatch.setattr(clock, "JOBS", (replace(clock.JOBS[0], run=away),))
    with pytest.raises(OperationalError):
        tick(house)
    assert failing(house) == {}
