"""The scene over several hosts. Database and Redis have addresses of their own in the network; what
the product wants on its own machine, because it speaks plain HTTP to it, each host has a way to.
"""

import contextlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis, RedisError

from tests.chaos import proxies
from tests.chaos.fleet import Fleet, Member
from tests.chaos.hosts.database import Replicated
from tests.chaos.hosts.network import HUB, REDISES, Host
from tests.chaos.journal import Journal
from tests.chaos.proxies import Proxies
from tests.chaos.scene import (
    RETRY_SCALE,
    Scene,
    environment_of,
    introduce,
    migrated_with_key,
    neighbours,
    sandbox_in,
)
from tests.support import callback_server, mail_server
from tests.support.places import HERE, Place
from tests.support.sandbox import Control
from tests.support.sentinel import WatchedRedis, watched_redis

PORTS = {"cronofy": 8001, "smtp": 8002, "platform": 8003}
"""Below those that are given to clients, and the same on each host."""
DOWN_MS = 1500
LOOK_SECONDS = 2.0
FOLLOW_SECONDS = 60.0


@dataclass
class ScatteredScene(Scene):
    """`watched`: Redis with its replica; a sentinel is on each host."""

    hosts: tuple[Host, ...] = ()
    watched: WatchedRedis | None = None

    def lose_redis(self) -> int:
        """The server that takes writes is killed, and its replica promoted -> which of the two was
        killed.
        """
        watched = self._redis
        watched.wait_until_watched(by=2)  # the host of the third may be away
        lost = _master(watched)
        watched.servers[lost].kill()
        watched.wait_for_promotion(watched.ports[1 - lost])
        return lost

    def bring_redis_back(self, lost: int) -> None:
        """As the replica of the other one."""
        watched = self._redis
        watched.servers[lost].restart()
        end = time.monotonic() + FOLLOW_SECONDS
        while not _follows(watched.asked[lost], REDISES[1 - lost], watched.ports[1 - lost]):
            assert time.monotonic() < end, "the replica does not follow"
            time.sleep(0.1)

    def lose_host(self, host: Host) -> None:
        """All at once, and no connection is closed: nobody hears of it."""
        self.fleet.cut_off(host.number)
        host.silence()
        for name in self.fleet.names_on(host.number):
            self.fleet.kill(name)
        self._redis.sentinels[host.number - 1].kill()

    def bring_host_back(self, host: Host) -> None:
        """Another machine at its address."""
        host.hear()
        self._redis.sentinels[host.number - 1].restart()
        for name in self.fleet.names_on(host.number):
            self.fleet.start(name)

    @property
    def store(self) -> Replicated:
        assert isinstance(self.database, Replicated)
        return self.database

    @property
    def _redis(self) -> WatchedRedis:
        assert self.watched is not None
        return self.watched


def _master(watched: WatchedRedis) -> int:
    for number, client in enumerate(watched.asked):
        if _replication(client).get("role") == "master":
            return number
    raise AssertionError("neither Redis takes writes")


def _follows(client: Redis, address: str, port: int) -> bool:
    """Whether it has all that the other one has; it is told to."""
    told = _replication(client)
    if told.get("role") == "master":
        client.replicaof(address, str(port))
    return bool(told.get("master_link_status") == "up")


def _replication(client: Redis) -> dict[str, Any]:
    """Empty while it does not answer."""
    info: Any = client.info
    with contextlib.suppress(RedisError):
        found: dict[str, Any] = info("replication")
        return found
    return {}


@contextlib.contextmanager
def raised(folder: Path, hosts: tuple[Host, ...]) -> Iterator[ScatteredScene]:
    """Everything up, in good health. `folder` is new; logs and evidence stay in it."""
    journal = Journal()
    with ExitStack() as stack:
        ways = stack.enter_context(proxies.opened())
        gates = [stack.enter_context(proxies.opened(host.place)) for host in hosts]
        office = stack.enter_context(mail_server.opened())
        receiver = stack.enter_context(callback_server.opened())
        places = [host.place for host in hosts]
        servers = [Place(address) for address in REDISES]
        watched = stack.enter_context(watched_redis([*servers, *places], down_ms=DOWN_MS))
        store = Replicated()
        stack.callback(store.close)
        calendars = stack.enter_context(sandbox_in(folder))
        control = stack.enter_context(Control(calendars["origin"]))

        def way(name: str, url: str) -> str:
            return _way(name, url, ways, gates)

        addresses = {
            "DATABASE_URL": store.url_of_both,
            "REDIS_URL": watched.url,
            "COACHCAL_PUBLIC_URL": ways.add("front", "http://127.0.0.1:9"),
            **neighbours(way, calendars, office, receiver),
        }
        (folder / "origin").write_text(addresses["COACHCAL_CRONOFY_ORIGIN"])
        control.pushes(retry_scale=RETRY_SCALE, timeout=5.0)
        key = migrated_with_key(store.url)

        def balance(web: Member) -> None:
            ways.point("front", web.port, web.address)

        fleet = Fleet(folder, environment_of(addresses), journal, balance, places)
        stack.callback(fleet.close)
        fleet.open()
        scene = ScatteredScene(
            folder,
            journal,
            store,
            watched.primary,
            office,
            receiver,
            control,
            ways,
            fleet,
            key,
            coaches={},
            disks={},
            look_seconds=LOOK_SECONDS,
            hosts=hosts,
            watched=watched,
        )
        introduce(scene, addresses["COACHCAL_PUBLIC_URL"])
        yield scene


def _way(name: str, url: str, ways: Proxies, gates: list[Proxies]) -> str:
    """From this machine, and from each host by way of the network, at one address for all."""
    port = PORTS[name]
    reached = ways.add(name, url, ("0.0.0.0", port))
    for gate in gates:
        gate.add(name, f"http://{HUB}:{port}", (HERE.address, port))
    return reached
