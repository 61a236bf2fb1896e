"""32 clients race for the same few slots and seats, while workers and web processes are killed:
nothing overlaps.

The history is checked from the answers that the clients saw and from the database, never from the
product's own checks; and a naive way of booking, raced in the same manner, does double-book: so the
check can see it.
"""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from domain.sessions import Session
from storage.rows import api_keys, coaches, outbox_claims, sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets
from tests.journeys.racers import History, Killing, Racer, overlaps
from tests.support import processes
from tests.support.databases import migrate
from tests.support.processes import Town

CLIENTS = 32
SLOTS = 8
CAPACITY = 3
SCOPES = ("slots:read", "bookings:read", "bookings:write")
SETTINGS = {
    "name": "Ada",
    "email": "ada@example.test",
    "zone": "UTC",
    "hours": {
        key: [["00:00", "24:00"]] for key in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    },
    "durations": [60],
    "pre": 15,
    "post": 15,
    "horizon_days": 28,
}


@pytest.fixture
def raced(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Town]:
    with _raised(tmp_path, database_url, redis_url) as raised:
        yield raised


@pytest.fixture
def unguarded(tmp_path: Path, empty_database_url: str, redis_url: str) -> Iterator[Town]:
    """The same over a database, used by nobody afterwards, that lets sessions overlap."""
    with _raised(tmp_path, migrate(empty_database_url), redis_url) as raised:
        with raised.database.write() as tx:
            if tx.dialect.name == "postgresql":
                tx.exec_driver_sql("ALTER TABLE sessions DROP CONSTRAINT no_overlap")
            else:
                tx.exec_driver_sql("DROP TRIGGER no_overlap_INSERT")
                tx.exec_driver_sql("DROP TRIGGER no_overlap_UPDATE")
        yield raised


@contextmanager
def _raised(folder: Path, database_url: str, redis_url: str) -> Iterator[Town]:
    """Two web processes, a worker and a clock, and Ada with a calendar that was read."""
    with processes.raised(folder, database_url, redis_url) as raised:
        raised.environment |= {"COACHCAL_WEB_PROCESSES": "2"} | processes.FAR_LIMITS
        for name in ("web", "worker", "clock"):
            raised.start(name)
        raised.connect()
        raised.api.put("/v1/coaches/ada", SETTINGS)
        yield raised


def test_nothing_overlaps_however_many_race_and_whoever_is_killed(raced: Town) -> None:
    # Given a few slots that everybody wants, and a pod with few seats
    starts = _starts(raced)
    pod = _pod(raced, starts.pop())
    history = History()
    # When 32 clients book, move and cancel, while workers and web processes are killed
    with Killing(raced):
        _race(raced, history, starts, pod)
    # Then no answer was an error of ours, and every key has one answer
    assert set(history.statuses) <= {200, 201, 409}, history.statuses
    assert history.statuses[201] > SLOTS
    assert history.repeats > 0, "no client lost its connection: nobody was killed in time"
    assert history.statuses[409] > CLIENTS
    assert [answers for answers in history.answers.values() if len(answers) != 1] == []
    # And the database holds what the answers say: no overlap, no seat too many, one booking a key
    assert overlaps(raced.database) == []
    _check_seats(raced.database)
    booked = {key for key, ((status, _),) in history.answers.items() if status == 201}
    with raced.database.read() as tx:
        assert len(tx.execute(select(tables.bookings.c.id)).all()) == len(booked)
    _until_everything_due_is_delivered(raced)


def test_a_naive_way_of_booking_double_books_and_the_check_sees_it(unguarded: Town) -> None:
    """Look at the listing, then insert: what everybody writes first."""
    starts = _starts(unguarded)
    barrier = threading.Barrier(CLIENTS)
    # Fewer at once than the pool has connections: on a slow machine the others wait too long.
    inserting = threading.Semaphore(8)

    def book(number: int) -> None:
        wanted = starts[number % len(starts)]
        barrier.wait()
        if wanted in unguarded.slots()["starts"]:
            with inserting:
                _insert(unguarded.database, wanted)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(book, range(CLIENTS)))
    assert overlaps(unguarded.database) != []


def _starts(raced: Town) -> list[str]:
    """A few open starts of two days ahead, an hour apart: their buffers make neighbours collide."""
    found = [start for start in raced.slots()["starts"] if start.endswith(":00:00Z")]
    chosen: list[str] = found[48 : 48 + SLOTS + 1]
    return chosen


def _pod(raced: Town, start: str) -> str:
    now = datetime.now(UTC)
    with raced.database.write() as tx:
        key = api_keys.create_key(tx, "racers", SCOPES, now=now)
    raced.environment["RACERS_KEY"] = key
    plan = {
        "coach_id": "ada",
        "start": start,
        "duration": 60,
        "min_seats": 1,
        "max_seats": CAPACITY,
    }
    headers = {"Idempotency-Key": "the-pod", "Authorization": f"Bearer {key}"}
    answer = requests.post(f"{raced.api.origin}/v1/pods", json=plan, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["session_id"])


def _race(raced: Town, history: History, starts: list[str], pod_id: str) -> None:
    racers = [
        Racer(
            raced.api.origin,
            raced.environment["RACERS_KEY"],
            history,
            random.Random(number),
            {
                "id": f"p{number}",
                "name": f"P {number}",
                "email": f"p{number}@example.test",
                "zone": "UTC",
            },
        )
        for number in range(CLIENTS)
    ]
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(racer.run, starts, pod_id) for racer in racers]:
            done.result()


def _check_seats(database: Database) -> None:
    with database.read() as tx:
        for pod in tx.execute(tables.sessions.select().where(tables.sessions.c.kind == "pod")):
            seated = tx.execute(
                select(tables.bookings.c.id).where(
                    tables.bookings.c.session_id == pod.id, tables.bookings.c.status == "booked"
                )
            ).all()
            assert len(seated) == pod.taken <= pod.capacity == CAPACITY


def _until_everything_due_is_delivered(raced: Town) -> None:
    end = time.monotonic() + 60
    row = tables.outbox.c
    owed = select(row.id, row.kind, row.state, row.last_error).where(
        row.state.in_(outbox_claims.OPEN)
    )
    while True:
        with raced.database.read() as tx:
            found = tx.execute(owed.where(row.due_at <= datetime.now(UTC))).all()
        if not found:
            return
        assert time.monotonic() < end, found[:5]
        time.sleep(0.1)


def _insert(database: Database, start: str) -> None:
    starts = int(datetime.fromisoformat(start).timestamp())
    with database.write() as tx:
        ada = coaches.get(tx, "ada")
        assert ada is not None
        naive = Session(
            sessions.new_id(), "ada", "one_to_one", starts, starts + 3600, 900, datetime.now(UTC)
        )
        sessions.add(tx, replace(naive, taken=1, status="booked"))
        slot_sets.recompute(tx, ada, now=datetime.now(UTC))
