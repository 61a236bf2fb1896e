"""The product as it is deployed: web, worker and clock as processes of their own, which tests stop,
freeze and kill.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from requests.adapters import HTTPAdapter

from storage.rows import api_keys, coaches
from storage.schema import database
from storage.schema.database import Database
from storage.schema.outages import Unavailable
from storage.slots import slot_sets
from tests.support import forks, people
from tests.support.ports import free_port
from tests.support.sandbox import Control, Sandbox
from webhooks.cli import runs
from webhooks.demo import browser
from webhooks.demo.processes import Processes, Starter, StepFailed
from webhooks.demo.stage import Api
from workers.cronofy.sandbox.control import ReadyAccount

LEASE_SECONDS = 5
GAP_SECONDS = 0.2
POLL_SECONDS = 0.05
"""Between two looks at slots, each of which costs us and the web process milliseconds."""
FAR_LIMITS = {
    f"COACHCAL_LIMIT_{kind}": "1000000000" for kind in ("READS", "WRITES", "HOLDS", "WRONG")
}
"""For load that one client makes alone; it is counted all the same."""


@dataclass
class Town:
    sandbox: Sandbox
    database: Database
    processes: Processes
    environment: dict[str, str]
    api: Api
    key: str

    @property
    def control(self) -> Control:
        return self.sandbox.control

    def start(self, name: str) -> None:
        self.processes.start(
            name, {"web": "serve", "worker": "work", "clock": "clock"}[name], env=self.environment
        )
        if name == "web":
            until_served(self.processes, f"{self.api.origin}/readyz")

    def start_mortal(self, name: str, point: str, *queues: str) -> None:
        """A worker that kills or freezes itself at a point of tests.support.failpoints. `queues`:
        only these.

        One that freezes has one thread: another could be writing then, and lock a whole SQLite.
        """
        threads = 1 if point.endswith(":frozen") else 4
        options: tuple[str, ...] = ("--processes=1", f"--threads={threads}", "--skip-logging")
        if queues:
            options += ("--queues", *queues)
        dramatiq = ("dramatiq", "workers.bootstrap:start", *options)
        environment = self.environment | {"dramatiq_worker_timeout": runs.IDLE_MS}
        self.processes.start(
            name, point, "--", *dramatiq, env=environment, module="tests.support.failpoints"
        )

    def wait_until_frozen(self, name: str, seconds: float = 60.0) -> None:
        """Until this process has started, and stopped itself with every thread."""
        end = time.monotonic() + seconds
        while set(threads_of(self.processes.pid(name))) - {"X", "Z"} != {"T"}:
            assert time.monotonic() < end, f"the {name} runs after {seconds} s"
            time.sleep(0.02)

    def wait_until_dead(self, name: str, seconds: float = 60.0) -> None:
        """Until this process has ended by itself."""
        end = time.monotonic() + seconds
        with contextlib.suppress(StepFailed):
            while True:
                self.processes.check()
                assert time.monotonic() < end, f"the {name} is alive after {seconds} s"
                time.sleep(0.02)
        self.processes.stop(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the process and its children: dramatiq's and gunicorn's workers are in its group."""
        os.killpg(self.processes.pid(name), number)

    def freeze(self, name: str) -> None:
        """Until SIGCONT. Waits for every thread: kill() returns before the kernel has stopped them,
        and a busy machine lets one go on for milliseconds more, enough to send a mail.

        Between two of its transactions: within one it would keep all others out of SQLite.
        """
        group = self.processes.pid(name)
        for _ in range(20):
            self.signal(name, signal.SIGSTOP)
            while any(state not in "TXZ" for state in threads_of(group)):
                time.sleep(0.001)
            with contextlib.suppress(*Unavailable), self.database.write():
                return
            self.signal(name, signal.SIGCONT)
        raise AssertionError(f"the {name} was never between two transactions")

    def rename(self, name: str, new: str) -> None:
        """Make room for another process of the same name; its log stays where it was."""
        self.processes.rename(name, new)

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)
        self.processes.stop(name)

    def connect(self) -> tuple[ReadyAccount, str]:
        """Ada with a calendar that was read. Answers her account and the id of the connection."""
        with self.database.write() as tx:
            ada = coaches.put(tx, people.ADA)
            slot_sets.recompute(tx, ada, now=datetime.now(UTC))
        seat = self.control.create_account("ada")
        link = str(self.api.post("/v1/coaches/ada/connect", {})["authorize_url"])
        browser.connect(link, self.control, profile=seat.profiles[0])
        self.wait(lambda found: found["state"] == "fresh")
        shown: Any = self.api.get("/v1/coaches/ada")
        time.sleep(GAP_SECONDS)
        return seat, shown["connections"][0]["id"]

    def slots(self, coach_id: str = "ada", seconds: float = 60.0) -> dict[str, Any]:
        """The race: on a machine that others use a look may wait for its turn for longer than the
        product lets it. A 503 that says when to ask again is no answer yet, for so long.
        """
        begin = datetime.now(UTC).date()
        until = begin + timedelta(days=28)
        query = {"from": str(begin), "to": str(until), "duration": "60"}
        path, end = f"{self.api.origin}/v1/coaches/{coach_id}/slots", time.monotonic() + seconds
        while True:
            answer = self.api._session.get(path, params=query, timeout=60)
            is_told_later = answer.status_code == 503 and "Retry-After" in answer.headers
            if not is_told_later or time.monotonic() > end:
                return self.api._json(answer)
            time.sleep(POLL_SECONDS)

    def wait(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60.0) -> float:
        """Seconds until the slots are as wanted. Fails after `seconds`."""
        begin, took = time.monotonic(), 0.0
        while not wanted(found := self.slots(seconds=seconds - took)):
            took = time.monotonic() - begin
            assert took < seconds, (
                f"not within {seconds} s: {found['state']}, version {found['version']}"
            )
            time.sleep(POLL_SECONDS)
        return time.monotonic() - begin

    def a_free_time(self) -> datetime:
        starts = self._starts()
        return starts[len(starts) // 2]

    def free_times(self) -> tuple[datetime, datetime]:
        """Two that are offered, the second on a later day: after a Friday that is no Saturday."""
        starts = self._starts()
        first = starts[len(starts) // 2]
        return first, next(start for start in starts if start >= first + timedelta(hours=20))

    def _starts(self) -> list[datetime]:
        return [datetime.fromisoformat(start) for start in self.slots()["starts"]]

    def until_accepted(self, pushes: int) -> None:
        """Until so many were, each however often it was tried: on a busy machine an answer may come
        too late, and Cronofy repeats it.
        """
        end, accepted = time.monotonic() + 60, set[int]()
        while len(accepted) < pushes:
            assert time.monotonic() < end, self.control.deliveries()
            for push in self.control.deliveries():
                if push["status"] is not None and 200 <= push["status"] < 300:
                    accepted.add(push["number"])
            time.sleep(POLL_SECONDS)

    def row(self, connection_id: str) -> Any:
        with self.database.read() as tx:
            return people.row_of(tx, connection_id)


class _Patient(HTTPAdapter):
    """An answer has a minute; a demo gives it ten seconds."""

    def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
        return super().send(request, *arguments, **options | {"timeout": 60})


def api_at(origin: str, key: str) -> Api:
    api = Api(origin, key)
    api._session.mount("http://", _Patient())
    return api


def until_served(processes: Processes, url: str) -> None:
    """A minute: twice as long as a demo has, for whoever starts beside other testers."""
    try:
        processes.wait_for_url(url)
    except StepFailed:
        processes.wait_for_url(url)


def threads_of(group: int) -> Iterator[str]:
    """The state of each thread of each process of a group, as a letter of proc(5): T is stopped, X
    and Z have ended.
    """
    for thread in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, its_group, *_ = thread.read_text().rpartition(")")[2].split()
            if int(its_group) == group:
                yield state


@contextmanager
def raised(
    folder: Path,
    database_url: str,
    redis_url: str,
    starter: Starter = forks.process,
    /,
    **more: str,
) -> Iterator[Town]:
    """A town with nobody working yet. `more` goes into the environment of all.

    What measures wants `true_process` for a starter: its processes share no memory with others.
    """
    port = free_port()
    with Sandbox(seeds=(), page_size=3) as sandbox:
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PORT": str(port),
            "COACHCAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "COACHCAL_SECRET_KEYS": Fernet.generate_key().decode(),
            "COACHCAL_CRONOFY_ORIGIN": sandbox.origin,
            "COACHCAL_CRONOFY_CLIENT_ID": sandbox.client_id,
            "COACHCAL_CRONOFY_CLIENT_SECRETS": sandbox.client_secret,
            "COACHCAL_MINIMUM_GAP_SECONDS": str(GAP_SECONDS),
            "COACHCAL_LEASE_SECONDS": str(LEASE_SECONDS),
            "COACHCAL_WEB_PROCESSES": "1",
            "COACHCAL_WORKER_PROCESSES": "1",
            "COACHCAL_WORKER_THREADS": "4",
            **more,
        }
        # The test's own: where processes fight for two cores, an answer may take it longer than the
        # product waits for one.
        opened = database.create(database_url, use="report")
        with opened.write() as tx:
            key = api_keys.create_key(tx, "tests", api_keys.SCOPES, now=datetime.now(UTC))
        processes = Processes(folder, starter)
        try:
            yield Town(
                sandbox,
                opened,
                processes,
                environment,
                api_at(environment["COACHCAL_PUBLIC_URL"], key),
                key,
            )
        finally:
            processes.stop()
            opened.close()
