"""The whole scene: neighbours, each behind its proxy, the product's processes, and coaches with
connected calendars.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from redis import Redis

from storage.rows import api_keys
from storage.schema import database
from tests.chaos import disks, proxies
from tests.chaos.databases import Postgres, Sqlite
from tests.chaos.disks import Disk
from tests.chaos.fleet import Fleet
from tests.chaos.journal import Journal
from tests.chaos.people import BY_VIDEO, CANARY, COACHES, Coach, settings_of
from tests.chaos.proxies import Proxies
from tests.support import callback_server, mail_server
from tests.support.callback_server import Platform
from tests.support.databases import migrate
from tests.support.mail_server import PostOffice
from tests.support.processes import FAR_LIMITS
from tests.support.sandbox import Control
from webhooks.demo import browser
from webhooks.demo.stage import Api
from workers.embedded.child import Child
from workers.embedded.redis import redis_server

Kind = Literal["sqlite", "postgresql"]
NEIGHBOURS = ("database", "redis", "cronofy", "smtp", "platform")
START_SECONDS = 180.0
LEASE_SECONDS = 5
GAP_SECONDS = 0.2
DISK_MEGABYTES = 320
# G2: lease, sweep, gap and a read of several calls; and as much again for a machine that does all
# of this at once.
BOUND_SECONDS = LEASE_SECONDS + 2 + GAP_SECONDS + 8
# Cronofy repeats a push after 1, 5, 30, 120 s ...; here after 0.1, 0.5, 3, 12: faults last seconds,
# not minutes.
RETRY_SCALE = 0.1


@dataclass
class Scene:
    folder: Path
    journal: Journal
    database: Postgres | Sqlite
    redis: Child
    office: PostOffice
    platform: Platform
    control: Control
    proxies: Proxies
    fleet: Fleet
    key: str
    coaches: dict[str, Coach]
    disks: dict[str, Disk]
    primary: str = "database"
    """The proxy that leads to the database that can be written."""
    look_seconds: float = 7.0
    """How long one web process is asked for a listing, before the next one is."""
    patience: float = 1.0
    """How many times as long as is promised everything may take: others use this machine too."""

    def spoil(self, neighbour: str, mode: str, *, seconds: float = 0.0) -> None:
        """See tests.support.tcp_proxy for the modes."""
        for name in self._ways(neighbour):
            self.proxies.misbehave(name, mode, seconds=seconds)

    def mend(self, neighbour: str) -> None:
        for name in self._ways(neighbour):
            self.proxies.behave(name)

    def fail_over(self) -> None:
        """The proxy that leads to nobody leads to the standby, which takes over."""
        assert isinstance(self.database, Postgres)
        spare, self.primary = self._other, self._other
        self.database.fail_over(lambda port: self.proxies.point(spare, port))

    @property
    def _other(self) -> str:
        return "database-2" if self.primary == "database" else "database"

    def _ways(self, neighbour: str) -> tuple[str, ...]:
        return ("database", "database-2") if neighbour == "database" else (neighbour,)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def versions(self) -> dict[str, str]:
        """What was tested, for the report."""
        with Redis.from_url(self.redis.url) as client:
            redis = client.info("server")
        return {
            "database": self.database.version,
            "redis": f"Redis {redis['redis_version']}",
            "python": f"Python {sys.version.split()[0]}",
        }


@contextlib.contextmanager
def raised(folder: Path, kind: Kind) -> Iterator[Scene]:
    """Everything up, in good health. `folder` is new; logs and evidence stay in it."""
    journal = Journal()
    with ExitStack() as stack:
        small = _disks(folder)
        ways = stack.enter_context(proxies.opened())
        office = stack.enter_context(mail_server.opened())
        receiver = stack.enter_context(callback_server.opened())
        with _home(small, "redis"):
            redis = stack.enter_context(redis_server())
        store = _database(stack, folder, kind, small)
        _forget_unused(small, {"redis": redis.folder, "data": store.folder})
        calendars = stack.enter_context(sandbox_in(folder))
        control = stack.enter_context(Control(calendars["origin"]))
        addresses = {
            "DATABASE_URL": _by_way_of(ways, store),
            "REDIS_URL": ways.add("redis", redis.url),
            "COACHCAL_PUBLIC_URL": ways.add("front", "http://127.0.0.1:9"),
            **neighbours(ways.add, calendars, office, receiver),
        }
        (folder / "origin").write_text(addresses["COACHCAL_CRONOFY_ORIGIN"])
        control.pushes(retry_scale=RETRY_SCALE, timeout=5.0)
        key = migrated_with_key(store.url)
        environment = environment_of(addresses)
        fleet = Fleet(folder, environment, journal, lambda web: ways.point("front", web.port))
        stack.callback(fleet.close)
        fleet.open()
        scene = Scene(
            folder, journal, store, redis, office, receiver, control, ways, fleet, key, {}, small
        )
        introduce(scene, addresses["COACHCAL_PUBLIC_URL"])
        yield scene


def neighbours(
    way: Callable[[str, str], str],
    calendars: Mapping[str, str],
    office: PostOffice,
    receiver: Platform,
) -> dict[str, str]:
    """What the product is told of whom it calls. `way`: of a name and a URL makes a proxy, and
    answers the URL by way of it.
    """
    return {
        "COACHCAL_CRONOFY_ORIGIN": way("cronofy", calendars["origin"]),
        "COACHCAL_CRONOFY_CLIENT_ID": calendars["client_id"],
        "COACHCAL_CRONOFY_CLIENT_SECRETS": calendars["client_secret"],
        "COACHCAL_SMTP_URL": way("smtp", office.url),
        "COACHCAL_CALLBACK_URL": way("platform", receiver.url),
    }


def environment_of(addresses: dict[str, str]) -> dict[str, str]:
    """All that the product is told: where its neighbours are, secrets, and short times."""
    return {
        **addresses,
        "COACHCAL_SECRET_KEYS": Fernet.generate_key().decode(),
        "COACHCAL_CALLBACK_SECRET": callback_server.SECRET,
        "COACHCAL_MAILER": "smtp",
        "COACHCAL_MAIL_FROM": "Coaching <coaching@example.test>",
        "COACHCAL_LEASE_SECONDS": str(LEASE_SECONDS),
        "COACHCAL_LINK_WAIT_SECONDS": "2",
        "COACHCAL_MINIMUM_GAP_SECONDS": str(GAP_SECONDS),
        "COACHCAL_RECONCILE_MINUTES": "1",
        "COACHCAL_RECONCILE_BUSY_MINUTES": "1",
        "COACHCAL_RATE_PER_MINUTE": "3000",
        **FAR_LIMITS,
        "COACHCAL_WEB_PROCESSES": "1",
        "COACHCAL_WORKER_PROCESSES": "1",
        "COACHCAL_WORKER_THREADS": "4",
    }


def _disks(folder: Path) -> dict[str, Disk]:
    made = {
        name: disks.small(folder / name, size)
        for name, size in (("data", DISK_MEGABYTES), ("redis", 8))
    }
    return {name: disk for name, disk in made.items() if disk is not None}


def _forget_unused(small: dict[str, Disk], homes: dict[str, Path]) -> None:
    """A server whose account cannot enter our folder keeps its files elsewhere: filling our disk
    would be no fault.
    """
    for name, home in homes.items():
        if name in small and not home.is_relative_to(small[name].folder):
            del small[name]


@contextlib.contextmanager
def _home(small: dict[str, Disk], name: str) -> Iterator[None]:
    if name not in small:
        yield
        return
    with small[name].home():
        yield


def _database(
    stack: ExitStack, folder: Path, kind: Kind, small: dict[str, Disk]
) -> Postgres | Sqlite:
    if kind == "sqlite":
        home = small["data"].folder if "data" in small else folder
        return Sqlite(home / "coachcal.sqlite")
    store = Postgres(lambda: _home(small, "data"))
    stack.callback(store.close)
    return store


def _by_way_of(ways: Proxies, store: Postgres | Sqlite) -> str:
    """The URL for the product. PostgreSQL has two hosts, each behind a proxy; at first the second
    leads to nobody.
    """
    if isinstance(store, Sqlite):
        return store.url
    first = urlsplit(ways.add("database", store.url))
    second = urlsplit(ways.add("database-2", "postgresql://127.0.0.1:9"))
    return first._replace(
        netloc=f"{first.netloc},{second.netloc}", query="target_session_attrs=read-write"
    ).geturl()


@contextlib.contextmanager
def sandbox_in(folder: Path) -> Iterator[dict[str, str]]:
    """Calendars, in a process of its own -> its origin and the secrets of the product there."""
    ready = folder / "sandbox.json"
    with (folder / "sandbox.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.cronofy", str(ready)], stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert child.poll() is None, "the sandbox has ended; see sandbox.log"
            assert time.monotonic() < end, "the sandbox does not serve; see sandbox.log"
            time.sleep(0.05)
        yield json.loads(ready.read_text())
    finally:
        child.kill()
        child.wait()


def migrated_with_key(url: str) -> str:
    """A database with all tables and one API key, which it answers."""
    migrate(url)
    opened = database.create(url, use="report")
    with opened.write() as tx:
        key = api_keys.create_key(tx, "chaos", api_keys.SCOPES, now=datetime.now(UTC))
    opened.close()
    return key


def introduce(scene: Scene, public_url: str) -> None:
    """The coaches and their calendars, connected as people do it, and read once."""
    api = Api(public_url, scene.key)
    for coach_id in (*COACHES, CANARY):
        api.put(f"/v1/coaches/{coach_id}", settings_of(coach_id))
        seat = scene.control.create_account(coach_id)
        if coach_id in BY_VIDEO:
            scene.control.add_conferencing(seat.sub)
        link = str(api.post(f"/v1/coaches/{coach_id}/connect", {})["authorize_url"])
        browser.connect(link, scene.control, profile=seat.profiles[0])
        scene.coaches[coach_id] = Coach(coach_id, seat.sub, seat.calendars[0])
    end = time.monotonic() + START_SECONDS
    while not all(
        api.get(f"/v1/coaches/{coach_id}")["state"] == "fresh" for coach_id in scene.coaches
    ):
        assert time.monotonic() < end, (
            f"the calendars were not read; see {scene.folder}/worker-1.log"
        )
        time.sleep(0.2)
