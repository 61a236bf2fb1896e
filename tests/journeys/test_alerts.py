"""Each alert fires when its condition is made true in a real database, and none of them before."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.serving import make_server

from storage.rows import api_keys, clock_jobs
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.journeys.alert_conditions import CONDITIONS, Condition, a_mail_is_held, book
from tests.support import exposition, people
from tests.support import http_client as desks
from tests.support.http_client import Desk
from tests.support.people import NOW, at
from tests.support.ports import free_port
from workers import clock
from workers.actors import QUEUES
from workers.manned import key as manned_key

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
        for queue in QUEUES:
            desk.runtime.services.redis.set(manned_key(queue), 1)
        yield desk, connection_id


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
