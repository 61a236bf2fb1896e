"""A Redis, its replica, and three sentinels that promote it when the first one is gone: the same
program five times.
"""

import contextlib
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from redis import AuthenticationError, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.places import HERE, Place
from workers.embedded.child import Child, on_free_port
from workers.embedded.redis import redis_binaries

NAME = "coachcal-redis"
SENTINELS = 3
SERVER = """\
bind {address}
port {port}
requirepass {password}
masterauth {password}
replica-announce-ip {address}
save ""
appendonly no
maxmemory-policy noeviction
repl-diskless-sync-delay 0
"""
SENTINEL = """\
bind {address}
port {port}
requirepass {own}
sentinel sentinel-pass {own}
sentinel monitor {name} {first} {primary} 2
sentinel auth-pass {name} {password}
sentinel down-after-milliseconds {name} {down_ms}
sentinel failover-timeout {name} 5000
"""
SECONDS = 90.0
"""A sentinel that finds its clock off (TILT), as on a loaded machine, does nothing for 30 s."""


@dataclass
class WatchedRedis:
    """`url`: as REDIS_URL takes it. `servers`: the first and its replica, at `ports`, asked by
    `asked`. `clients`: of the sentinels.
    """

    url: str
    ports: list[int]
    servers: list[Child]
    asked: list[Redis]
    sentinels: list[Child]
    clients: list[Redis]

    @property
    def primary(self) -> Child:
        """Who took writes at first."""
        return self.servers[0]

    def wait_for_promotion(self, port: int) -> None:
        """Until a sentinel that is there says that this server takes writes."""
        end = time.monotonic() + SECONDS
        while (self._told() or (None, None))[1] != port:
            assert time.monotonic() < end, f"nobody was promoted within {SECONDS} s"
            time.sleep(0.05)

    def wait_until_watched(self, by: int = SENTINELS) -> None:
        """Until so many sentinels know the others and the replica."""
        end = time.monotonic() + SECONDS
        while sum(map(_knows_all, self.clients)) < by:
            assert time.monotonic() < end, "the sentinels do not find one another"
            time.sleep(0.05)

    def _told(self) -> tuple[str, int] | None:
        for client in self.clients:
            with contextlib.suppress(RedisError, OSError):
                asked: Any = client.sentinel_get_master_addr_by_name
                host, port = asked(NAME)
                return host.decode(), port
        return None


@contextmanager
def watched_redis(
    places: Sequence[Place] = (HERE,) * (2 + SENTINELS), *, down_ms: int = 500
) -> Iterator[WatchedRedis]:
    """`places`: of the server, its replica and the sentinels."""
    binary = str(next(iter(redis_binaries().values())))
    password, own = secrets.token_hex(8), secrets.token_hex(8)
    with ExitStack() as stack:
        children: list[Child] = []
        ports: list[int] = []
        clients: list[Redis] = []
        for number, place in enumerate(places):
            child = Child("redis")
            stack.callback(child.close)
            text = SERVER
            if number == 1:
                text += f"replicaof {places[0].address} {ports[0]}\n"
            key = password
            if number > 1:
                text, key = SENTINEL, own
            values = {"password": password, "own": own, "name": NAME, "down_ms": str(down_ms)}
            values |= {"address": place.address, "first": places[0].address}
            command = [*place.enter, binary, "redis.conf"]
            port = _started(child, command, text, values, ports)
            child.url = f"redis://:{key}@{place.address}:{port}"
            children.append(child)
            ports.append(port)
            clients.append(stack.enter_context(_asking(place.address, port, key)))
            if number == 1:
                _wait_for_replica(clients[0])
        addresses = [place.address for place in places[2:]]
        hosts = ",".join(map("{}:{}".format, addresses, ports[2:]))
        url = f"sentinel://:{password}@{hosts}/{NAME}?sentinel_password={own}"
        servers, sentinels = (children[:2], clients[:2]), (children[2:], clients[2:])
        house = WatchedRedis(url, ports[:2], *servers, *sentinels)
        house.wait_until_watched()
        yield house


def _wait_for_replica(primary: Redis) -> None:
    """A sentinel that asks before it is there asks again after 10 s."""
    end = time.monotonic() + SECONDS
    while not _has_replica(primary):
        assert time.monotonic() < end, "the replica does not come"
        time.sleep(0.02)


def _has_replica(primary: Redis) -> bool:
    info: Any = primary.info
    with contextlib.suppress(RedisError):
        return bool(info("replication")["connected_slaves"] == 1)
    return False


def _asking(address: str, port: int, password: str | None = None) -> Redis:
    """Who is gone is told at once: by redis-py's ten retries a round would take seconds, and what
    is waited for be seen late.
    """
    how: dict[str, Any] = {"socket_timeout": 1, "retry": Retry(NoBackoff(), 0)}
    return Redis(host=address, port=port, password=password, **how)


def _started(
    child: Child, command: list[str], text: str, values: dict[str, str], ports: list[int]
) -> int:
    def start(port: int) -> None:
        primary = (*ports, port)[0]
        (child.folder / "redis.conf").write_text(text.format(port=port, primary=primary, **values))
        sentinel = ["--sentinel"] * (text is SENTINEL)
        child.start([*command, *sentinel], ready=lambda: _listens(values["address"], port))

    return on_free_port(start)


def _listens(address: str, port: int) -> bool:
    with _asking(address, port) as client:
        try:
            client.ping()
        except RedisError as error:
            return isinstance(error, AuthenticationError)
        except OSError:
            return False
    return True


def _knows_all(client: Redis) -> bool:
    with contextlib.suppress(RedisError):
        states: Any = client.sentinel_masters()
        known = states[NAME]["num-slaves"], states[NAME]["num-other-sentinels"]
        return known == (1, SENTINELS - 1)
    return False
