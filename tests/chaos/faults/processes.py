"""The product's own processes: killed, frozen past their lease, renewed one by one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.faults.base import Fault, Inflict, Turn
from tests.chaos.scene import LEASE_SECONDS


def killed(role: str) -> Inflict:
    """kill -9 of one of two; its supervisor starts it again a moment later."""

    @contextmanager
    def inflict(turn: Turn) -> Iterator[None]:
        name = turn.one_of(f"{role}-1", f"{role}-2")
        turn.scene.fleet.kill(name)
        yield
        turn.scene.fleet.start(name)

    return inflict


@contextmanager
def worker_frozen(turn: Turn) -> Iterator[None]:
    """It and a clock sleep past their leases: others take over, and what they still wanted to write
    is refused.
    """
    number = turn.one_of("2", "1")
    names = [f"worker-{number}", f"clock-{number}"]
    for name in names:
        turn.scene.fleet.freeze(name)
    yield
    for name in names:
        turn.scene.fleet.thaw(name)


@contextmanager
def rolling_restart(turn: Turn) -> Iterator[None]:
    """A deploy of half of the fleet: new ones start, then the old ones are asked to end."""
    number = turn.one_of("1", "2")
    names = [f"{role}-{number}" for role in ("web", "worker", "clock")]
    renewing = [threading.Thread(target=turn.scene.fleet.renew, args=(name,)) for name in names]
    for each in renewing:
        each.start()
    for each in renewing:
        each.join()
    yield


def _touching(*things: str) -> frozenset[str]:
    return frozenset(things)


PROCESSES = (
    Fault("kill web", "F1", 0.7, _touching("web"), killed("web")),
    Fault("kill worker", "F1", 0.7, _touching("worker"), killed("worker")),
    Fault("kill clock", "F1", 0.7, _touching("clock"), killed("clock")),
    Fault("freeze worker", "F6", LEASE_SECONDS + 1.5, _touching("worker", "clock"), worker_frozen),
    Fault("rolling restart", "F1", 0.1, _touching("web", "worker", "clock"), rolling_restart),
)
