"""A Redis, its replica, and three sentinels that promote it when the first one is gone: the same
program five times.
"""

import contextlib
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from redis import AuthenticationError, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.embedded.child import Child, on_free_port
from workers.embedded.redis import redis_binaries

NAME = "coachcal-redis"
SENTINELS = 3
SERVER = """\
bind 127.0.0.1
port {port}
requirepass {password}
masterauth {password}
save ""
appendonly no
maxmemory-policy noeviction
repl-diskless-sync-delay 0
"""
SENTINEL = """\
bind 127.0.0.1
port {port}
requirepass {own}
sentinel sentinel-pass {own}
sentinel monitor {name} 127.0.0.1 {primary} 2
sentinel auth-pass {name} {password}
sentinel down-after-milliseconds {name} 500
sentinel failover-timeout {name} 5000
"""
SECONDS = 90.0
"""A sentinel that finds its clock off (TILT), as on a loaded machine, does nothing for 30 s."""


@dataclass
class WatchedRedis:
    """`url`: as REDIS_URL takes it. `ports`: of the first server and its replica."""

    url: str
    ports: list[int]
    primary: Child
    sentinels: list[Child]
    clients: list[Redis]

    def wait_for_promotion(self, port: int) -> None:
        """Until a sentinel that is there says that this server takes writes."""
        end = time.monotonic() + SECONDS
        while self._told() != ("127.0.0.1", port):
            assert time.monotonic() < end, f"nobody was promoted within {SECONDS} s"
            time.sleep(0.05)

    def wait_until_watched(self) -> None:
        """Until each sentinel knows the others and the replica."""
        end = time.monotonic() + SECONDS
        while not all(map(_knows_all, self.clients)):
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
def watched_redis() -> Iterator[WatchedRedis]:
    binary = str(next(iter(redis_binaries().values())))
    password, own = secrets.token_hex(8), secrets.token_hex(8)
    with ExitStack() as stack:
        children: list[Child] = []
        ports: list[int] = []
        clients: list[Redis] = []
        for number in range(2 + SENTINELS):
            child = Child("redis")
            stack.callback(child.close)
            text = SERVER
            if number == 1:
                text += f"replicaof 127.0.0.1 {ports[0]}\n"
            key = password
            if number > 1:
                text, key = SENTINEL, own
            values = {"password": password, "own": own, "name": NAME}
            port = _started(child, binary, text, values, ports)
            children.append(child)
            ports.append(port)
            clients.append(stack.enter_context(_asking(port, key)))
            if number == 1:
                _wait_for_replica(clients[0])
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports[2:])
        url = f"sentinel://:{password}@{hosts}/{NAME}?sentinel_password={own}"
        house = WatchedRedis(url, ports[:2], children[0], children[2:], clients[2:])
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


def _asking(port: int, password: str | None = None) -> Redis:
    """Who is gone is told at once: by redis-py's ten retries a round would take seconds, and what
    is waited for be seen late.
    """
    return Redis(port=port, password=password, socket_timeout=1, retry=Retry(NoBackoff(), 0))


def _started(child: Child, binary: str, text: str, values: dict[str, str], ports: list[int]) -> int:
    def start(port: int) -> None:
        primary = (*ports, port)[0]
        (child.folder / "redis.conf").write_text(text.format(port=port, primary=primary, **values))
        command = [binary, "redis.conf"]
        if text is SENTINEL:
            command.append("--sentinel")
        child.start(command, ready=lambda: _listens(port))

    return on_free_port(start)


def _listens(port: int) -> bool:
    with _asking(port) as client:
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
