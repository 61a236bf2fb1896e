"""P10: what more busy periods cost one coach, and what more coaches cost everybody.

Coaches are made by `coachcal seed`, as many bookings as two each, on PostgreSQL. Reads are of one
coach after another, none asked before; bookings are of one client, each of another coach. Memory
over an hour is for another tool: `./run chaos` and the load of a deployment.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median

from storage.rows import api_keys
from tests.benchmarks import bench_slots
from tests.benchmarks.bench_bookings import booking
from tests.benchmarks.bench_siege import memory_mb
from tests.benchmarks.figures import Figure, Plot, Spread, Told, at_most, ratio_at_most
from tests.benchmarks.work import Work
from tests.support import http_load
from tests.support.http_load import Answer
from tests.support.processes import Town

SIZES, QUICK_SIZES = (1_000, 20_000, 100_000), (100, 1_000)
FLAT = 1.2
"""Of what it is at the smallest size: more than a run's own noise."""
WEB_MB = 180


def measure(work: Work) -> Iterator[Told]:
    yield from bench_slots.measure_growth(work)
    sizes = work.amount(SIZES, QUICK_SIZES)
    with ExitStack() as stack:
        houses = [_House(work, stack, size) for size in sizes]
        for what in ("read", "booking"):
            sides = {f"{house.size:,}": getattr(house, what) for house in houses}
            found = work.in_turn(sides, work.amount(5, 2))
            yield from _figures(what, sizes, [found[f"{size:,}"] for size in sizes])
        memory = Spread.of([memory_mb(houses[-1].raised)])
        least = Spread.of([memory_mb(houses[0].raised)])
        name = f"P10 {sizes[-1]:,} coaches, memory of a web process"
        yield Figure(name, "MB", memory, f"{sizes[0]:,} coaches", least, (at_most(WEB_MB),))


def _figures(what: str, sizes: tuple[int, ...], found: list[Spread]) -> Iterator[Told]:
    beside = f"{sizes[0]:,} coaches"
    goals = (ratio_at_most(FLAT),)
    yield Figure(f"P10 {sizes[-1]:,} coaches, a {what}", "ms", found[-1], beside, found[0], goals)
    if len(sizes) > 2:
        title = f"A {what} over HTTP, milliseconds, where so many coaches are stored"
        lines = {what: [spread.middle for spread in found]}
        yield Plot(f"performance-coaches-{what}", title, "coaches stored", sizes, lines)


def seed(raised: Town, coaches: int) -> None:
    """So many made-up coaches, and twice as many bookings."""
    words = ("seed", f"--coaches={coaches}", f"--bookings={2 * coaches}", "--yes")
    subprocess.run(
        [sys.executable, "-m", "webhooks", *words],
        env={"PYTHON_DOTENV_DISABLED": "1", **raised.environment},
        check=True,
        capture_output=True,
        timeout=600,
    )


def coach_id(number: int, coaches: int) -> str:
    """Of one of so many: far from the one before, so that no page of the table is read twice in a
    row.
    """
    return f"seed-{100_000 + number * 7_919 % coaches}"


class _House:
    """The product over so many made-up coaches, with one web process."""

    def __init__(self, work: Work, stack: ExitStack, size: int) -> None:
        work.tell(f"making {size:,} coaches")
        self.size = size
        self._amount = work.amount(200, 30)
        self.raised = stack.enter_context(work.town(env={"COACHCAL_WEB_PROCESSES": "1"}))
        seed(self.raised, size)
        self.raised.start("web")
        with self.raised.database.write() as tx:
            scopes = ("slots:read", "bookings:write")
            self._key = api_keys.create_key(tx, "bench", scopes, now=datetime.now(UTC))
        self._numbers = count()
        self._today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def read(self) -> float:
        return self._milliseconds(self._question, 200)

    def booking(self) -> float:
        return self._milliseconds(self._order, 201, 409)

    def _milliseconds(self, request: Callable[[int], bytes], *fine: int) -> float:
        asked = [request(next(self._numbers)) for _ in range(self._amount)]
        answers: list[Answer] = http_load.send(self.raised.api.origin, asked, lines=1, fine=fine)
        return median(1000 * answer.seconds for answer in answers)

    def _question(self, number: int) -> bytes:
        end = self._today + timedelta(days=14, seconds=number)
        asked = f"from={self._today.date()}&to={end:%Y-%m-%dT%H:%M:%SZ}&duration=60"
        url = f"{self.raised.api.origin}/v1/coaches/{coach_id(number, self.size)}/slots?{asked}"
        return http_load.request("GET", url, Authorization=f"Bearer {self._key}")

    def _order(self, number: int) -> bytes:
        day = self._today + timedelta(days=10 + number // self.size)
        start = day + timedelta(hours=14 - day.weekday() // 5)
        origin = self.raised.api.origin
        return booking(origin, self._key, start, f"p{number}", coach_id(number, self.size))
