"""Clients that race for slots and seats, what each of them saw, and who is killed meanwhile."""

import os
import random
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import requests
from sqlalchemy import select

from storage.schema import tables
from storage.schema.database import Database
from tests.support.processes import Town

ROUNDS = 12
MOST_KILLS = 6  # on a slow machine a process may need longer to start than it would then live
PAUSE_SECONDS = 1.0  # between two kills: a worker takes a second to start


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
            # On a machine that others use, 32 at once may be too many to be served in time: that is
            # no answer yet, and says when to ask again.
            if answer.status_code == 503 and "Retry-After" in answer.headers:
                assert time.monotonic() < end, "nothing but 503 for a minute"
                time.sleep(0.2)
                continue
            self.history.saw(key, answer.status_code, answer.content)
            return answer


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
