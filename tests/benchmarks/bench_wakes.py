"""P9: wake-ups that lead to nothing, a second: ours beside plain dramatiq with the same flags, and
beside other task queues where they are installed.

"Our broker" runs a job that ends at once; "clean connections" is the worker as deployed, whose
job asks the database and finds that nothing is owed.
"""

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter

import redis

from tests.benchmarks import plain_worker, wake_peers
from tests.benchmarks.cpu_shares import CpuShares
from tests.benchmarks.figures import Figure, Told, not_measured, ratio_at_least
from tests.benchmarks.work import PROCESSES, THREADS, Work
from tests.support import people
from tests.support.processes import Town

FLOOR = "plain dramatiq"
PATIENCE = 60


def measure(work: Work) -> Iterator[Told]:
    sizes = {
        "COACHCAL_WORKER_PROCESSES": str(PROCESSES),
        "COACHCAL_WORKER_THREADS": str(THREADS),
    }
    count = work.amount(5_000, 1_000)
    with work.town("worker", env=sizes) as raised:
        plain_worker.start(raised, "plain")
        plain_worker.start(raised, "ours")
        people.introduce(raised.database)
        clean = people.connect(raised.database)
        people.read(raised.database, clean)
        wake = plain_worker.wake("refresh_freebusy", "freebusy", clean)
        nothing = plain_worker.wake("nothing", "bench")
        spent = {
            "our broker": CpuShares(raised, "ours"),
            "clean connections": CpuShares(raised, "worker"),
        }
        rates = {
            "our broker": _rate(raised, plain_worker.QUEUES["ours"], nothing, count),
            "clean connections": _rate(raised, "coachcal:freebusy", wake, count),
        }
        sides = {FLOOR: _rate(raised, plain_worker.QUEUES["plain"], nothing, count)}
        for name, side in rates.items():
            sides[name] = spent[name].during(side, count)
        found = work.in_turn(sides, work.amount(5, 2))
        goals = (ratio_at_least(0.9),)
        for name in rates:
            yield Figure(f"P9 {name}", "wakes/s", found[name], FLOOR, found[FLOOR], goals)
            yield spent[name].figure(f"P9 {name}", 0.9 * found[FLOOR].middle)
        for name in ("worker", "plain", "ours"):
            raised.processes.stop(name)
        for name, peer in wake_peers.PEERS.items():
            if not wake_peers.is_installed(peer):
                yield not_measured(f"P9 {name}", "not installed: ./run peers")
                continue
            work.tell(name)
            reached = wake_peers.rate(raised, peer, work.amount(2_000, 200))
            yield Figure(f"P9 {name}", "wakes/s", reached, FLOOR, found[FLOOR])


def _rate(
    raised: Town, queue: str, message: plain_worker.Message, count: int
) -> Callable[[], float]:
    return partial(_drained, raised.environment["REDIS_URL"], queue, message, count)


def _drained(redis_url: str, queue: str, message: plain_worker.Message, count: int) -> float:
    """Messages a second, from the first that is sent to the last that is acknowledged."""
    with redis.Redis.from_url(redis_url) as client:
        began = perf_counter()
        plain_worker.push(client, queue, message, count)
        plain_worker.until_empty(client, queue, PATIENCE)
        return count / (perf_counter() - began)
