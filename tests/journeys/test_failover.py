"""A fail-over under load: the primary is killed and its standby promoted while clients write. With
a synchronous standby nothing acknowledged is lost; with an asynchronous one, what it had not heard
yet.
"""

import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

import requests
from sqlalchemy import select

from storage.schema import database, tables
from tests.journeys.outages import gone
from tests.support import forks, processes
from tests.support.databases import migrate
from tests.support.processes import Town
from tests.support.standby import Pair, replicated

WRITERS = 4
PROMISE = 10.0  # seconds until all is well
SLACK = 20.0  # what a machine that others use too may add; a process that stays dead is beyond it
SETTINGS = {"zone": "UTC", "hours": {"mon": [["09:00", "17:00"]]}, "durations": [60]}


@dataclass
class Load:
    """Clients that write, each a coach of its own each time, and what they were answered."""

    running: Town
    acknowledged: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.running.key}"}
        while not self.stop.is_set():
            name = secrets.token_hex(6)
            path = f"{self.running.api.origin}/v1/coaches/{name}"
            status = requests.put(path, json=SETTINGS, headers=headers, timeout=30).status_code
            self.statuses.add(status)
            if status < 300:
                self.acknowledged.append(name)
            else:
                time.sleep(0.05)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=self.run) for _ in range(WRITERS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        began, wanted = time.monotonic(), len(self.acknowledged) + more
        while len(self.acknowledged) < wanted:
            assert time.monotonic() - began < PROMISE + SLACK, "no write was acknowledged"
            time.sleep(0.02)


def doctor(running: Town) -> str:
    return forks.run("webhooks", "doctor", env=os.environ | running.environment).stdout


def lost(pair: Pair, names: list[str]) -> list[str]:
    opened = database.create(pair.url_of_primary("coachcal"))
    with opened.read() as tx:
        there = set(tx.execute(select(tables.coaches.c.id)).scalars())
    opened.close()
    return [name for name in names if name not in there]


def test_a_synchronous_standby_takes_over_under_load_and_nothing_acknowledged_is_lost(
    tmp_path: Path, redis_url: str
) -> None:
    with replicated(synchronous=True) as pair:
        url = pair.create_database("coachcal")
        migrate(pair.url_of_primary("coachcal"))
        with processes.raised(tmp_path, url, redis_url) as running:
            for name in ("web", "worker", "clock"):
                running.start(name)
            seat, _ = running.connect()
            with Load(running) as load:
                load.wait_for(20)
                assert "1 of them synchronously" in doctor(running)
                # When the primary is killed, and the standby promoted
                pair.promote()
                # Then writes go on, soon, at the other host
                load.wait_for(20)
            assert load.statuses <= {200, 201, 503}
            assert lost(pair, load.acknowledged) == []
            # And so do worker and clock: a push is read, nobody was restarted
            start = running.a_free_time()
            running.control.add_event(seat.calendars[0], start, start + timedelta(hours=1))
            running.wait(lambda found: gone(start) not in found["starts"], seconds=PROMISE + SLACK)
            running.processes.check()


def test_an_asynchronous_standby_loses_what_it_had_not_heard_and_no_more(
    tmp_path: Path, redis_url: str
) -> None:
    with replicated(synchronous=False) as pair:
        url = pair.create_database("coachcal")
        migrate(pair.url_of_primary("coachcal"))
        with processes.raised(tmp_path, url, redis_url) as running:
            running.start("web")
            with Load(running) as load:
                load.wait_for(10)
            assert "accept that a fail-over loses the lag" in doctor(running)
            heard = list(load.acknowledged)
            pair.fall_behind()
            with Load(running) as unheard:
                unheard.wait_for(10)
            pair.promote()
            with Load(running) as after:
                after.wait_for(10)
            assert after.statuses | load.statuses <= {200, 201, 503}
            running.processes.check()
        # Then the lag is what is lost, and it can be counted
        assert lost(pair, heard + after.acknowledged) == []
        assert len(lost(pair, unheard.acknowledged)) == len(unheard.acknowledged) > 0
