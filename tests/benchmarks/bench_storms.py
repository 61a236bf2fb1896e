"""P5: a storm of pushes, as fast as they can be sent and spread over time, on real processes.

What to hold are the reads a coach, and the seconds after the last push until everybody was read
after it; the rate is told beside them, of a sender on the same cores.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from time import monotonic, sleep

from tests.benchmarks.figures import Figure, Plot, Spread, Told, at_most, ratio_at_most
from tests.benchmarks.servers import NO_CONTENT, serve
from tests.benchmarks.work import Work
from tests.journeys.storm import GAP_SECONDS, PRODUCTION, connect, reads, wait
from tests.support import http_load
from tests.support.processes import Town

LINES = 16
STORMS = ((20_000, 20), (10_000, 100))
QUICK_STORMS = ((1_000, 10),)
SPREADS, QUICK_SPREADS = (0, 20, 40, 60), (0,)
SWEEP_SECONDS = 0.5
BOUND = "the bound, 1 + ceil(T / 5 s)"
# Cronofy allows 500 calls a minute, which 100 coaches connected at once use up: this is about us.
NO_BUDGET = {"COACHCAL_RATE_PER_SECOND": "1000", "COACHCAL_RATE_PER_MINUTE": "60000"}


def measure(work: Work) -> Iterator[Told]:
    for pushes, coaches in work.amount(STORMS, QUICK_STORMS):
        options = PRODUCTION | NO_BUDGET
        with work.town("web", "worker", "clock", env=options) as raised:
            work.tell(f"connecting {coaches} coaches")
            targets = [target.push for target in connect(raised, coaches)]
            yield from _storms(work, raised, targets, pushes)


def _storms(work: Work, raised: Town, targets: Sequence[bytes], amount: int) -> Iterator[Told]:
    floor = serve(raised, NO_CONTENT)
    one_read = _one_read(raised, targets)
    most = list[float]()
    spreads = work.amount(SPREADS, QUICK_SPREADS)
    for seconds in spreads:
        work.tell(f"{amount} pushes over {seconds} s")
        sleep(GAP_SECONDS + 1)  # whoever was read just now would have to wait
        before, began = reads(raised), monotonic()
        bare = _rate(floor, targets, amount // 4)
        began = monotonic()
        http_load.send(raised.api.origin, _spread(targets, amount, seconds), lines=LINES)
        took, last = monotonic() - began, monotonic()
        fresh = _until_fresh(raised, len(targets), last)
        counted = reads(raised) - before
        most.append(max(counted.values()))
        name = f"P5 {amount:,} pushes, {len(targets)} coaches, {seconds} s"
        bound = Spread.of([1 + ceil(took / GAP_SECONDS)])
        yield Figure(
            f"{name}: reads", "a coach", Spread.of(most[-1:]), BOUND, bound, (ratio_at_most(1),)
        )
        limit = GAP_SECONDS + SWEEP_SECONDS + one_read.middle
        goals = (at_most(round(limit, 2)),)
        told = "one read, from its push"
        yield Figure(f"{name}: fresh", "s", Spread.of([fresh]), told, one_read, goals)
        if seconds == 0:
            rate = Spread.of([amount / took])
            yield Figure(f"{name}: rate", "pushes/s", rate, "a Flask view's 204", bare)
    if len(spreads) > 1:
        title = f"Reads of the coach who was read most, of {amount:,} pushes over so many seconds"
        bounds = [float(1 + ceil(each / GAP_SECONDS)) for each in spreads]
        lines = {"reads": most, "bound": bounds}
        yield Plot(f"performance-storm-{len(targets)}", title, "seconds", spreads, lines)


def _one_read(raised: Town, targets: Sequence[bytes]) -> Spread:
    sleep(GAP_SECONDS + 1)
    began = monotonic()
    http_load.send(raised.api.origin, targets[:1], lines=1)
    _until_fresh(raised, 1, began)
    return Spread.of([monotonic() - began])


def _until_fresh(raised: Town, coaches: int, began: float) -> float:
    for number in range(coaches):
        wait(raised, f"coach-{number:02}", lambda found: found["state"] == "fresh", began + 20)
    return monotonic() - began


def _rate(origin: str, pushes: Sequence[bytes], amount: int) -> Spread:
    began = monotonic()
    http_load.send(origin, _spread(pushes, amount, 0), lines=LINES)
    return Spread.of([amount / (monotonic() - began)])


def _spread(pushes: Sequence[bytes], amount: int, seconds: int) -> Iterator[bytes]:
    began = monotonic()
    for number in range(amount):
        sleep(max(0.0, began + seconds * number / amount - monotonic()))
        yield pushes[number % len(pushes)]
