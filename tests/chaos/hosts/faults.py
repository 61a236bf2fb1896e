"""What befalls hosts, and the servers that all of them share."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.faults.base import Fault, Turn
from tests.chaos.hosts.network import DATABASES, REDISES, Host
from tests.chaos.hosts.scene import ScatteredScene
from tests.chaos.scene import LEASE_SECONDS

PAST_LEASE = LEASE_SECONDS + 2.5


def _scene(turn: Turn) -> ScatteredScene:
    assert isinstance(turn.scene, ScatteredScene)
    return turn.scene


def _host(turn: Turn) -> Host:
    """Each in turn."""
    hosts = _scene(turn).hosts
    return hosts[turn.number % len(hosts)]


@contextmanager
def cut_off(turn: Turn) -> Iterator[str]:
    """It reaches nobody, and nobody reaches it; everything runs on there."""
    fleet, host = turn.scene.fleet, _host(turn)
    ways = {"unplugged": (host.unplug, host.plug_in), "silent": (host.silence, host.hear)}
    how = turn.dice.choice(tuple(ways))
    cut, mend = ways[how]
    fleet.cut_off(host.number)
    cut()
    yield f"host {host.number} {how}"
    mend()
    fleet.take_back(host.number)


@contextmanager
def halved(turn: Turn) -> Iterator[str]:
    """Clients reach it, and it reaches all but the database; or all but Redis."""
    fleet, host = turn.scene.fleet, _host(turn)
    name = turn.dice.choice(("the database", "the database", "Redis"))
    addresses = REDISES if name == "Redis" else DATABASES
    with host.parted_from(addresses):
        if name != "Redis":
            fleet.leave_out(host.number)
        yield f"host {host.number} without {name}"
    fleet.take_back(host.number)


@contextmanager
def lost(turn: Turn) -> Iterator[str]:
    """Its power fails; another one takes its place."""
    scene, host = _scene(turn), _host(turn)
    scene.lose_host(host)
    yield f"host {host.number}"
    scene.bring_host_back(host)


@contextmanager
def primary_lost(turn: Turn) -> Iterator[None]:
    """kill -9, and the standby takes over; another standby is set up, for which the primary stops a
    moment.
    """
    store = _scene(turn).store
    store.lose_primary()
    yield
    store.replace()


@contextmanager
def redis_lost(turn: Turn) -> Iterator[None]:
    """kill -9, and the sentinels promote its replica."""
    scene = _scene(turn)
    number = scene.lose_redis()
    yield
    scene.bring_redis_back(number)


_HOSTS = frozenset({"hosts"})
HOSTS: tuple[Fault, ...] = (
    Fault("host cut off", "F16", PAST_LEASE, _HOSTS, cut_off, leaves_a_rest=True),
    Fault("host halved", "F16", PAST_LEASE, _HOSTS, halved, leaves_a_rest=True),
    Fault("host lost", "F16", PAST_LEASE, _HOSTS, lost, leaves_a_rest=True),
    Fault("primary lost", "F4", 2.0, frozenset({"database"}), primary_lost),
    Fault("redis master lost", "F2", 1.0, frozenset({"redis"}), redis_lost),
)
