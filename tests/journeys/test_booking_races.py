"""32 clients race for the same few slots and seats, while workers and web processes are killed:
nothing overlaps.

The history is checked from the answers that the clients saw and from the database, never from the
product's own checks; and a naive way of booking, raced in the same manner, does double-book: so the
check can see it.
"""

import os
import random
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from sqlalchemy import select

from domain.sessions import Session
from storage.rows import api_keys, coaches, outbox_claims, sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import slot_sets
from tests.support import processes
from tests.support.databases import migrate
from tests.support.processes import Town

CLIENTS = 32
ROUNDS = 12
SLOTS = 8
CAPACITY = 3
MOST_KILLS = 6  # on a slow machine a process may need longer to start than it would then live
PAUSE_SECONDS = 1.0  # between two kills: a worker takes a second to start
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


@dataclass
class History:
    """What the clients saw: for each key its answers, and every status."""

    answers: dict[str, set[tuple[int, bytes]]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    repeats: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, key: str, status: int, body: bytes) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.answers.setdefault(key, set()).add((status, body))


@dataclass
class Racer:
    """A client that asks until it is answered: after a cut connection it repeats itself with the
    same key.
    """

    origin: str
    key: str
    history: History
    dice: random.Random
    participant: dict[str, str]
    mine: list[dict[str, Any]] = field(default_factory=list)

    def run(self, starts: list[str], pod_id: str) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self.key}"
            for _ in range(ROUNDS):
                self._act(session, starts, pod_id)

    def _act(self, session: requests.Session, starts: list[str], pod_id: str) -> None:
        start, die = self.dice.choice(starts), self.dice.random()
        if self.mine and die < 0.25:
            booked = self.mine.pop()
            self._post(session, f"/v1/bookings/{booked['id']}/cancel", {})
        elif self.mine and die < 0.5 and self.mine[-1]["kind"] == "one_to_one":
            booked = self.mine.pop()
            moved = self._post(session, f"/v1/bookings/{booked['id']}/rebook", {"start": start})
            self.mine.append(moved or booked)
        elif die < 0.65:
            self._keep(
                self._post(session, f"/v1/pods/{pod_id}/seats", {"participant": self.participant})
            )
        else:
            body = {
                "coach_id": "ada",
                "start": start,
                "duration": 60,
                "participant": self.participant,
            }
            self._keep(self._post(session, "/v1/bookings", body))

    def _keep(self, booked: dict[str, Any] | None) -> None:
        if booked:
            self.mine.append(booked)

    def _post(
        self, session: requests.Session, path: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The answer to a 2xx. Some are repeated though they were answered, as impatient clients
        do.
        """
        key = secrets.token_hex(8)
        answer = self._ask(session, path, body, key)
        if self.dice.random() < 0.2:
            self._ask(session, path, body, key)
        return answer.json() if answer.ok else None

    def _ask(
        self, session: requests.Session, path: str, body: dict[str, Any], key: str
    ) -> requests.Response:
        end = time.monotonic() + 60
        while True:
            try:
                headers = {"Idempotency-Key": key}
                answer = session.post(self.origin + path, json=body, headers=headers, timeout=30)
            except requests.RequestException:
                assert time.monotonic() < end, "no answer for a minute"
                self.history.repeats += 1
                time.sleep(0.05)
                continue
            self.history.saw(key, answer.status_code, answer.content)
            return answer


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

    def book(number: int) -> None:
        wanted = starts[number % len(starts)]
        barrier.wait()
        if wanted in unguarded.slots()["starts"]:
            _insert(unguarded.database, wanted)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(book, range(CLIENTS)))
    assert overlaps(unguarded.database) != []


def overlaps(database: Database) -> list[tuple[str, str]]:
    """Pairs of active sessions of one coach that are closer than the larger of their gaps, the
    naive way.
    """
    row = tables.sessions.c
    with database.read() as tx:
        found = tx.execute(
            select(row.id, row.coach_id, row.starts, row.ends, row.gap).where(row.active)
        ).all()
    return [
        (one.id, other.id)
        for one, other in pairwise(sorted(found, key=lambda each: (each.coach_id, each.starts)))
        if one.coach_id == other.coach_id and other.starts - one.ends < max(one.gap, other.gap)
    ]


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


class Killing:
    """While the block runs, workers and one web process at a time are killed, and started again."""

    def __init__(self, raced: Town) -> None:
        self._raced = raced
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.kills = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        assert self.kills >= 2

    def _run(self) -> None:
        acts: list[Callable[[], None]] = [self._kill_one_web, self._kill_worker]
        while (not self._over.wait(PAUSE_SECONDS) or self.kills < 2) and self.kills < MOST_KILLS:
            acts[self.kills % 2]()
            self.kills += 1

    def _kill_worker(self) -> None:
        self._raced.kill("worker")
        self._raced.start("worker")

    def _kill_one_web(self) -> None:
        """Gunicorn starts another one in its place."""
        master = self._raced.processes.pid("web")
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        if children:
            os.kill(int(children[0]), signal.SIGKILL)


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
