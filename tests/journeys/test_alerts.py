"""Each alert fires when its condition is made true in a real database, and none of them before."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.serving import make_server

from domain.reconciling import Pace
from storage.reports import fleet
from storage.rows import api_keys, clock_jobs, outbox, outbox_claims, pauses, withheld_addresses
from storage.rows.pauses import Pause
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import changed_events, exposition, people
from tests.support import http_client as desks
from tests.support.http_client import Desk
from tests.support.people import NOW, at
from webhooks.demo.processes import free_port
from workers import clock

Condition = Callable[[Desk, str], None]
LATER = NOW + timedelta(minutes=16)


@contextmanager
def quiet(database_url: str, redis_url: str, **changes: Any) -> Iterator[tuple[Desk, str]]:
    """All is well: the clock has just ticked, and Ada's calendar was read. The desk, and the id of
    her connection.
    """
    with desks.opened(database_url, redis_url, **changes) as desk:
        people.introduce(desk.database, people.MAILED)
        connection_id = desks.connect(desk)
        with desk.database.write() as tx:
            people.has_channel(tx, connection_id, "chn_1", now=NOW)
            for job in clock.JOBS:
                clock_jobs.take(tx, job.name, every_ms=job.every_ms)
        yield desk, connection_id


def set_row(desk: Desk, connection_id: str, **values: object) -> None:
    with desk.database.write() as tx:
        tx.execute(
            tables.connections.update()
            .where(tables.connections.c.id == connection_id)
            .values(values)
        )


def book(desk: Desk, _: str = "") -> None:
    with desk.database.write() as tx:
        bookings.book(
            tx, Wanted("ada", at(4, 10), 60), people.GRACE, people.PROGRAMME, people.terms()
        )


def held(desk: Desk) -> outbox_claims.DeliveryClaim:
    """A claimed mail."""
    book(desk)
    with desk.database.write() as tx:
        chosen = tx.execute(tables.outbox.select().where(tables.outbox.c.topic == "booked")).first()
        assert chosen is not None
        found = outbox_claims.claim(tx, chosen.id, lease_ms=1000, now=NOW)
    assert found is not None
    return found


def nobody_ticks(desk: Desk, _: str) -> None:
    row = tables.schedule.c
    with desk.database.write() as tx:
        tx.execute(tables.schedule.update().values(next_run_at_ms=row.next_run_at_ms - 3_800_000))


def a_job_never_ran(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        tx.execute(tables.schedule.delete().where(tables.schedule.c.name == "roll"))


def a_job_raises(desk: Desk, _: str) -> None:
    clock.attempt(desk.runtime.services, desk.runtime.actors, clock.Job("roll", 60_000, broken))


def broken(*_: object) -> int:
    raise ValueError("a row that nobody thought of")


def a_read_is_owed_for_long(desk: Desk, connection_id: str) -> None:
    people.mark_dirty(desk.database, connection_id)
    set_row(desk, connection_id, dirty_since_ms=tables.connections.c.dirty_since_ms - 601_000)


def pushes_waited(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        for number in range(20):
            tx.execute(tables.visible.insert().values(id=f"v{number}", at=NOW, ms=31_000))
    clock.sample(desk.runtime.services, desk.runtime.actors)


def nobody_read(desk: Desk, connection_id: str) -> None:
    set_row(desk, connection_id, last_ok_at=NOW - timedelta(hours=2))


def nobody_audited(desk: Desk, connection_id: str) -> None:
    with desk.database.write() as tx:
        people.has_channel(tx, connection_id, "chn_1", now=NOW - timedelta(days=3))


def a_channel_was_never_audited(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        tx.execute(tables.channels.update().values(audited_at=None))


def an_event_lies_over_a_session(desk: Desk, connection_id: str) -> None:
    book(desk)
    people.mark_dirty(desk.database, connection_id)
    set_row(desk, connection_id, next_attempt_at_ms=0)
    people.read(desk.database, connection_id, (at(4, 10), at(4, 11)), account=None)


def a_link_does_not_come(desk: Desk, _: str) -> None:
    book(desk)
    with desk.database.write() as tx:
        tx.execute(tables.sessions.update().values(conferencing_state="failed"))
        tx.execute(tables.outbox.update().values(state="sent"))


def an_event_was_moved_and_nobody_settled_it(desk: Desk, connection_id: str) -> None:
    book(desk)
    with desk.database.write() as tx:
        [session_id] = tx.scalars(tables.sessions.select().with_only_columns(tables.sessions.c.id))
        changed_events.found(tx, session_id, connection_id, since=NOW - timedelta(days=2))


def a_calendar_entry_is_late(desk: Desk, _: str) -> None:
    book(desk)
    with desk.database.write() as tx:
        mine = tables.outbox.update().where(tables.outbox.c.kind == "calendar")
        tx.execute(mine.values(due_at=NOW - timedelta(minutes=61)))


def the_mails_are_paused(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        pauses.put(tx, Pause("mail", "", NOW, "ops/1"))


def a_mail_was_refused_for_good(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        outbox.dead(tx, found, error="550 no such user")


def a_mail_is_held(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        outbox.wait_for_text(tx, found, error="programme_name is empty", retry_in_ms=1000)


def more_calendars_than_calls(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        fleet.put(tx, {Pace.STEADY: 6_000}, timedelta(hours=2), at=NOW)


def a_mailbox_does_not_exist(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        withheld_addresses.refused(
            tx, found, reason="550 5.1.1", reply="550 5.1.1 no such user", now=NOW
        )


def the_mail_server_refuses_us(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        outbox.give_back(tx, found, error="550 5.7.1", retry_in_ms=1000, trouble="refused")


CONDITIONS: list[tuple[str, Condition]] = [
    ("CoachcalClockStopped", nobody_ticks),
    ("CoachcalClockStopped", a_job_never_ran),
    ("CoachcalClockJobFailing", a_job_raises),
    ("CoachcalReadsLate", a_read_is_owed_for_long),
    ("CoachcalPushesSlow", pushes_waited),
    ("CoachcalCoachesStale", nobody_read),
    ("CoachcalFleetTooLarge", more_calendars_than_calls),
    ("CoachcalAuditOverdue", nobody_audited),
    ("CoachcalAuditOverdue", a_channel_was_never_audited),
    ("CoachcalSessionsInConflict", an_event_lies_over_a_session),
    ("CoachcalConferencingFailed", a_link_does_not_come),
    ("CoachcalEventsUnsettled", an_event_was_moved_and_nobody_settled_it),
    ("CoachcalCalendarWritesLate", a_calendar_entry_is_late),
    ("CoachcalDeadLetters", a_mail_was_refused_for_good),
    ("CoachcalPaused", the_mails_are_paused),
    ("CoachcalMailsHeld", a_mail_is_held),
    ("CoachcalMailsWithheld", a_mailbox_does_not_exist),
    ("CoachcalMailerTrouble", the_mail_server_refuses_us),
]
ELSEWHERE = {
    "CoachcalProcessGone",
    "CoachcalDatabaseAway",
    "CoachcalRedisAway",
    "CoachcalOutboxLate",
    "CoachcalClockOff",
}  # test_skew.py


@pytest.mark.parametrize(
    ("alert", "condition"), CONDITIONS, ids=[made.__name__ for _, made in CONDITIONS]
)
def test_an_alert_fires_when_its_condition_is_true(
    database_url: str, redis_url: str, alert: str, condition: Condition
) -> None:
    with quiet(database_url, redis_url) as (desk, connection_id):
        assert exposition.firing(desk.look("/metrics").text) == set()
        condition(desk, connection_id)
        assert exposition.firing(desk.look("/metrics").text) == {alert}


def test_a_mail_that_is_due_for_a_quarter_of_an_hour_alerts_and_one_that_is_held_does_not(
    database_url: str, redis_url: str
) -> None:
    with quiet(database_url, redis_url) as (desk, _):
        a_mail_is_held(desk, "")
        with desks.opened(database_url, redis_url, now=LATER) as later:
            only_late = exposition.firing(later.look("/metrics").text)
        assert only_late == {
            "CoachcalMailsHeld",
            "CoachcalOutboxLate",
        }  # the coach's own mail is late too
        with desk.database.write() as tx:
            tx.execute(tables.outbox.delete().where(tables.outbox.c.last_error.is_(None)))
        with desks.opened(database_url, redis_url, now=LATER) as later:
            assert exposition.firing(later.look("/metrics").text) == {"CoachcalMailsHeld"}


def test_a_database_and_a_redis_that_are_away_alert() -> None:
    with desks.opened("postgresql://127.0.0.1:1/nobody") as desk:
        assert exposition.firing(desk.look("/metrics").text) == {
            "CoachcalDatabaseAway",
            "CoachcalRedisAway",
        }


def test_a_process_that_is_gone_alerts(database_url: str, redis_url: str) -> None:
    """Asked over a real socket, as Prometheus asks; first it is there, then it is not."""
    port = free_port()
    with quiet(database_url, redis_url, internal_port=port) as (desk, _):
        server = make_server("127.0.0.1", port, desk.client.application)
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        there = exposition.scraped(url, instance="web")
        answering.join()
        server.server_close()
        gone = exposition.scraped(url, instance="web")
    assert exposition.value(there, "up", job="coachcal", instance="web") == 1
    assert exposition.firing(there) == set()
    assert exposition.firing(gone) == {"CoachcalProcessGone"}


def test_every_alert_has_a_condition_here() -> None:
    assert {alert for alert, _ in CONDITIONS} | ELSEWHERE == set(exposition.rules())


def test_what_is_told_does_not_grow_with_coaches_sessions_or_mails(
    database_url: str, redis_url: str
) -> None:
    with quiet(database_url, redis_url) as (desk, _):
        book(desk)
        desk.key("coaches:read")
        desk.get("/v1/coaches/ada", "coaches:read")
        desk.look("/metrics")
        before = desk.look("/metrics").text
        for number in range(20):
            person = people.coach(
                id=f"coach{number}", name="Ada", email=f"coach{number}@example.test"
            )
            people.ready(desk.database, person)
            with desk.database.write() as tx:
                wanted = Wanted(person.id, at(4, 10), 60)
                guest = replace(people.GRACE, id=f"grace{number}")
                bookings.book(tx, wanted, guest, people.PROGRAMME, people.terms())
                api_keys.create_key(tx, f"client{number}", ("ops",), now=NOW)
            desk.get(f"/v1/coaches/{person.id}", "coaches:read")
        after = desk.look("/metrics").text
    assert len(after.splitlines()) == len(before.splitlines())
    assert exposition.value(after, "coachcal_coaches", state="fresh") == 21
    for canary in ("coach1", "example.test", "grace", "con_0", "ses_", "out_0", "out_1", "out_a"):
        assert canary not in after
