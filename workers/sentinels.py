"""A Redis that Sentinel watches: which server takes writes is asked with each new connection, so
that a replica that was promoted is found without a restart.

    sentinel://:password@a,b:26380,c/name?sentinel_password=...&db=0
    sentinels://...   the same over TLS, to the sentinels and to the servers

`name` is what the sentinels call it. The password before the hosts is the servers'. What else may
follow the question mark is redis-py's, such as ssl_ca_certs.
"""

from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import redis
from redis.connection import parse_url
from redis.sentinel import Sentinel

PORT, LAST_PORT = 26379, 65535
PLAIN = {"sentinel": "redis", "sentinels": "rediss"}
"""Each scheme, and the one of a single server that is reached alike."""
EXAMPLE = "sentinel://:password@a,b,c/name"
OF_SENTINELS = {"sentinel_username": "username", "sentinel_password": "password"}


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """`servers`, `sentinels`: how to connect to each, as redis-py calls it."""

    name: str
    addresses: tuple[tuple[str, int], ...]
    servers: dict[str, Any] = field(repr=False)
    sentinels: dict[str, Any] = field(repr=False)

    @property
    def over_tls(self) -> bool:
        return "ssl" in self.servers


class WatchedClient(redis.Redis):
    def close(self) -> None:
        """And what asks the sentinels."""
        super().close()
        manager_of(self).close()


class Watchers(Sentinel):
    """The sentinels of one Redis. Threads may ask them together."""

    sentinels: list[redis.Redis]

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Raises what redis-py's raises."""
        # The race: redis-py puts the one that answered first by swapping two places of the list.
        # Of two threads that do so at once the second one writes over a sentinel, which is lost for
        # good. So each call swaps in a list of its own, and a whole list takes a whole one's place.
        own = copy(self)
        own.sentinels = list(self.sentinels)
        ask: Any = super(Watchers, own).discover_master
        host, port = ask(service_name)
        self.sentinels = own.sentinels
        return host, port


def is_watched(url: str) -> bool:
    return url.partition("://")[0] in PLAIN


def create(url: str, **options: Any) -> redis.Redis:
    """A client of the server that takes writes. `options`: of each connection, as redis-py's; what
    the URL says counts instead of them.
    """
    watched = parse(url)
    manager = Watchers(  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        watched.addresses, sentinel_kwargs=options | watched.sentinels
    )
    made: Any = manager.master_for
    client: redis.Redis = made(
        watched.name, redis_class=WatchedClient, **(options | watched.servers)
    )
    return client


def manager_of(client: redis.Redis) -> Watchers:
    """Of a client that was made here."""
    pool: Any = client.connection_pool
    manager: Watchers = pool.sentinel_manager
    return manager


def parse(url: str) -> SentinelUrl:
    """Raises ValueError without the URL, which may hold a password."""
    scheme, _, rest = url.partition("://")
    authority, _, tail = rest.partition("/")
    login, at, hosts = authority.rpartition("@")
    name, _, query = tail.partition("?")
    if scheme not in PLAIN or not name or "/" in name:
        raise ValueError(f"write it as {EXAMPLE}")
    addresses = tuple(_address(host) for host in hosts.split(","))
    asked = dict(parse_qsl(query))
    if "ssl" in asked:  # redis-py takes any text for a yes; here the scheme says it
        raise ValueError(f"write it as {EXAMPLE}")
    sentinels = {}
    for given, called in OF_SENTINELS.items():
        if given in asked:
            sentinels[called] = asked.pop(given)
    # As a single server's, by redis-py's own reader.
    read: Any = parse_url
    servers = dict(read(f"{PLAIN[scheme]}://{login}{at}server/?{urlencode(asked)}"))
    for one in ("host", "connection_class"):
        servers.pop(one, None)
    shared = {key: servers[key] for key in servers if key.startswith(("ssl_", "socket_"))}
    if scheme == "sentinels":
        shared["ssl"] = True
    return SentinelUrl(name, addresses, servers | shared, sentinels | shared)


def _address(host: str) -> tuple[str, int]:
    """Of one sentinel: a name or an address, [::1] too, and perhaps its port."""
    named, bracket, port = host.rpartition("]")
    if bracket:
        named, port = named.removeprefix("["), port.removeprefix(":")
    else:
        named, _, port = host.partition(":")
    if not named or (port and not port.isdecimal()) or int(port or PORT) > LAST_PORT:
        raise ValueError(f"write it as {EXAMPLE}")
    return named, int(port or PORT)
