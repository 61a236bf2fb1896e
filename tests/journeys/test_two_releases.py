"""The release before and this one at work over one database, as in every upgrade without a stop:
what one writes the other carries, nobody is refused anything, and nothing is lost or told twice.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage.rows.outbox_claims import UNSENT
from storage.schema import tables
from tests.journeys.racers import overlaps
from tests.support import callback_server, forks, mail_server, processes, release_before
from tests.support.callback_server import SECRET, Platform
from tests.support.databases import PostgresDatabases
from tests.support.mail_server import PostOffice
from tests.support.ports import free_port
from tests.support.processes import Town
from tests.support.waits import until
from webhooks.demo import browser
from webhooks.demo.processes import Processes
from webhooks.demo.stage import Api

SECONDS = 60.0
HOURS = 288
"""Of 24 days, each second one: what the calendar gets of its own is after them."""
BUSY_DAYS = 27
TURNS = 40
"""At most, while something else goes on: twice, of three hours each, leaves some for the rest."""
PAUSE_SECONDS = 0.2
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SETTINGS = {
    "name": "Ada",
    "email": "ada@example.test",
    "zone": "UTC",
    "hours": {day: [["00:00", "24:00"]] for day in DAYS},
    "durations": [60],
    "pre": 15,
    "post": 15,
    "horizon_days": 28,
}
COMMANDS = {"web": "serve", "worker": "work", "clock": "clock"}


@dataclass
class Release:
    """Its three processes. `api`: its own web."""

    processes: Processes
    environment: dict[str, str]
    api: Api

    def start(self, *names: str) -> None:
        for name in names:
            self.processes.start(name, COMMANDS[name], env=self.environment)
        if "web" in names:
            processes.until_served(self.processes, f"{self.api.origin}/readyz")

    def migrate(self) -> None:
        done = forks.run("webhooks", "migrate", env=os.environ | self.environment)
        assert done.returncode == 0, done.stderr


@dataclass
class Customers:
    """Who books, moves and cancels, each time something else. `statuses`: what they were told."""

    statuses: Counter[int] = field(default_factory=Counter)
    booked: list[str] = field(default_factory=list)
    _hours: Iterator[int] = field(default_factory=lambda: iter(range(HOURS)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> str:
        """A time that nobody else gets."""
        tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._lock:
            hour = next(self._hours)
        return (tomorrow + timedelta(days=2, hours=2 * hour)).isoformat()

    def book(self, api: Api) -> str:
        start = self.start()
        person = {"id": f"p{start}", "name": "Grace", "email": "grace@example.test", "zone": "UTC"}
        body = {"coach_id": "ada", "start": start, "duration": 60, "participant": person}
        booking_id = str(self._post(api, "/v1/bookings", body)["id"])
        self.booked.append(booking_id)
        return booking_id

    def rebook(self, api: Api, booking_id: str) -> None:
        self._post(api, f"/v1/bookings/{booking_id}/rebook", {"start": self.start()})

    def cancel(self, api: Api, booking_id: str) -> None:
        self._post(api, f"/v1/bookings/{booking_id}/cancel", {})

    def turn(self, first: Api, then: Api) -> None:
        """What is booked with one is moved and cancelled with the other."""
        booking_id = self.book(first)
        self.rebook(then, booking_id)
        self.cancel(first, booking_id)
        self.cancel(then, self.book(first))

    def _post(self, api: Api, path: str, body: dict[str, Any]) -> Any:
        answer = api.try_post(path, body)
        self.statuses[answer.status_code] += 1
        assert answer.ok, f"{path}: {answer.text}"
        return answer.json()


@dataclass
class Upgrade:
    town: Town
    old: Release
    new: Release
    platform: Platform
    office: PostOffice


@pytest.fixture
def upgrade(tmp_path: Path, postgres: PostgresDatabases, redis_url: str) -> Iterator[Upgrade]:
    """The release before at work, over a database with its own schema."""
    folder = release_before.unpacked(tmp_path / "before")
    url = postgres.blank()
    with ExitStack() as stack:
        stack.callback(postgres.drop, url)
        platform = stack.enter_context(callback_server.opened())
        office = stack.enter_context(mail_server.opened())
        starts = release_before.starter(folder)
        more = {
            "COACHCAL_CALLBACK_URL": platform.url,
            "COACHCAL_CALLBACK_SECRET": SECRET,
            "COACHCAL_MAILER": "smtp",
            "COACHCAL_SMTP_URL": office.url,
            "COACHCAL_MAIL_FROM": "sessions@example.test",
            "COACHCAL_LEASE_SECONDS": "30",  # each is to leave once, on a machine that stalls too
            **processes.FAR_LIMITS,
        }
        release_before.make_schema(folder, url)
        town = stack.enter_context(processes.raised(tmp_path, url, redis_url, starts, **more))
        new_folder = tmp_path / "new"
        new_folder.mkdir()
        new_processes = Processes(new_folder, forks.process)
        stack.callback(new_processes.stop)
        old = Release(town.processes, town.environment, town.api)
        port = free_port()
        here = town.environment | {"PORT": str(port)}
        new = Release(new_processes, here, processes.api_at(f"http://127.0.0.1:{port}", town.key))
        old.start("web", "worker", "clock")
        yield Upgrade(town, old, new, platform, office)


def until_left(town: Town, *, of_endpoints: bool) -> None:
    """Until all that is due has left; but for what goes to endpoints, unless that is said."""
    end = time.monotonic() + SECONDS
    while waiting := waits(town, of_endpoints=of_endpoints):
        assert time.monotonic() < end, f"after {SECONDS} s this has not left: {waiting}"
        time.sleep(0.05)


@contextmanager
def meanwhile(turn: Callable[[], None]) -> Iterator[None]:
    """Again and again while the block runs, TURNS times at most. What it raises is raised at the
    end.
    """
    over, raised = threading.Event(), []

    def run() -> None:
        try:
            for _ in range(TURNS):
                turn()
                if over.wait(PAUSE_SECONDS):
                    return
        except BaseException as error:  # noqa: BLE001 (whatever a thread raises, the test must see)
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    for error in raised:
        raise error


def is_owed_to_an_endpoint(town: Town) -> bool:
    row = tables.outbox.c
    with town.database.read() as tx:
        query = select(row.id).where(row.endpoint_id.is_not(None), row.state.in_(UNSENT))
        return tx.execute(query).first() is not None


def waits(town: Town, *, of_endpoints: bool) -> list[Any]:
    row = tables.outbox.c
    shown = (row.topic, row.booking_id, row.version, row.state, row.attempts, row.last_error)
    query = select(*shown).where(row.state.in_(UNSENT), row.due_at <= datetime.now(UTC))
    if not of_endpoints:
        query = query.where(row.endpoint_id.is_(None))
    with town.database.read() as tx:
        return list(tx.execute(query).all())


def heard(platform: Platform, path: str) -> dict[str, list[int]]:
    """Which versions of each booking this path of the platform was told of, in the order they
    came.
    """
    found: dict[str, list[int]] = {}
    for call in list(platform.calls):
        data = json.loads(call.body)["data"]
        if call.path == path and "booking_id" in data:
            found.setdefault(data["booking_id"], []).append(data["version"])
    return found


def states(town: Town) -> set[str]:
    """Of all that was due."""
    row = tables.outbox.c
    with town.database.read() as tx:
        query = select(row.state).where(row.due_at <= datetime.now(UTC)).distinct()
        return set(tx.scalars(query))


def connected(up: Upgrade) -> str:
    """Ada's calendar, which the release before reads."""
    up.old.api.put("/v1/coaches/ada", SETTINGS)
    seat = up.town.control.create_account("ada")
    link = str(up.old.api.post("/v1/coaches/ada/connect", {})["authorize_url"])
    browser.connect(link, up.town.control, profile=seat.profiles[0])
    up.town.wait(lambda found: found["state"] == "fresh")
    return seat.calendars[0]


@pytest.mark.timeout(300)  # processes of the release before import all they need, on any machine
def test_two_releases_work_side_by_side_over_one_database(upgrade: Upgrade) -> None:
    town, old, new, platform = upgrade.town, upgrade.old, upgrade.new, upgrade.platform
    customers = Customers()
    # Given the release before, which serves somebody
    calendar = connected(upgrade)
    # When the new release migrates the schema, then nobody notices
    with meanwhile(lambda: customers.turn(old.api, old.api)):
        new.migrate()
    # And what the new web and clock write, the old worker carries; but for what goes to an
    # endpoint, of which it knows nothing
    new.start("web", "clock")
    new.api.post("/v1/webhook_endpoints", {"url": f"{platform.origin}/mine"})
    told = [customers.book(new.api), customers.book(new.api)]
    customers.turn(new.api, old.api)
    # (Which clock gets a turn is luck, and may be the same each time: the new one alone knows.)
    old.processes.stop("clock")
    until(lambda: is_owed_to_an_endpoint(town))
    old.start("clock")
    until_left(town, of_endpoints=False)
    assert heard(platform, "/mine") == {}
    # And pushes are followed by a read
    version = town.slots()["version"]
    busy = datetime.now(UTC).replace(microsecond=0) + timedelta(days=BUSY_DAYS)
    town.control.add_event(calendar, busy, busy + timedelta(hours=1))
    town.wait(lambda found: found["version"] > version)
    # And all of both may be at work at once
    new.start("worker")
    with meanwhile(lambda: customers.turn(new.api, old.api)):
        customers.turn(old.api, new.api)
    # A wake-up for an endpoint is lost on the old worker: the sweeper wakes again later.
    until_left(town, of_endpoints=False)
    # And what the old web writes, the new worker and clock carry
    old.processes.stop("worker", "clock")
    customers.turn(old.api, old.api)
    # (Of what the old clock announced the new one learns at its next turn.)
    until(lambda: set(heard(platform, "/mine")) >= set(told))
    until_left(town, of_endpoints=True)
    # Then nobody was refused, nothing overlaps, and each heard all of it once, in order
    assert set(customers.statuses) <= {200, 201}, customers.statuses
    assert overlaps(town.database) == []
    versions = heard(platform, "/told")
    assert set(versions) == set(customers.booked)
    for each in versions.values():
        assert each == list(range(1, len(each) + 1))
    # (The clock may owe the platform a word more just now.)
    until(lambda: states(town) <= {"sent", "superseded"})
    sent = Counter(mail.id for mail in upgrade.office.taken)
    assert sent.most_common(1)[0][1] == 1
