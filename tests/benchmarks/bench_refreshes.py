"""P2: one refresh, without the upstream's time.

Reading: JSON bytes of 1,000 free/busy items -> a Reading, beside `orjson.loads` of the same bytes.
The whole job, beside its parts: reading, computing, and its statements by hand. And how many two
processes do a second.
"""

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import orjson

from domain.slots import build
from tests.benchmarks import refresh_work
from tests.benchmarks.figures import Figure, Goal, Spread, Told, at_least, ratio_at_most
from tests.benchmarks.refresh_work import COACH, free_busy, read, refreshing
from tests.benchmarks.statements import ByHand, copied
from tests.benchmarks.work import PROCESSES, Work, microseconds
from workers.cronofy.wire import stamps

KINDS: dict[str, tuple[float, tuple[Goal, ...]]] = {
    "all timed": (0.0, (ratio_at_most(2),)),
    "5 % all-day": (0.05, ()),
    "all all-day": (1.0, (ratio_at_most(2.6),)),
}
FLOOR = "orjson.loads"
PARTS = "its parts: read, compute, statements by hand"


def measure(work: Work) -> Iterator[Told]:
    yield from measure_reading(work)
    key = refresh_work.new_key()
    count = work.amount(20, 6)
    with work.database() as database:
        url = database.engine.url.render_as_string(hide_password=False)
        ids = refresh_work.connect(database, key, count)
    parts = Spread.of([0.0])
    for figure in _job(work, url, key, ids):
        assert figure.floor is not None
        parts = figure.floor
        yield figure
    yield _rate(work, url, key, ids, parts)


def measure_reading(work: Work) -> Iterator[Told]:
    for name, (all_day, goals) in KINDS.items():
        raw = free_busy(random.Random(1), all_day)
        times = work.amount(100, 20)
        sides = {
            FLOOR: microseconds(partial(orjson.loads, raw), times),
            "ours": microseconds(partial(read, raw), times),
        }
        items = orjson.loads(raw)["free_busy"]
        times_in = [item[edge] for item in items for edge in ("start", "end")]
        parts: dict[str, Callable[[], object]] = {
            "of it, each item looked at once": partial(_look_at, items),
            "of it, the times": partial(stamps.parse, times_in),
        }
        sides |= {part: microseconds(run, times) for part, run in parts.items()}
        found = work.in_turn(sides, work.amount(9, 3))
        yield Figure(f"P2 reading, {name}", "us", found["ours"], FLOOR, found[FLOOR], goals)
        for part in parts:
            yield Figure(f"P2 reading, {name}, {part}", "us", found[part], FLOOR, found[FLOOR])


def _look_at(items: list[dict[str, Any]]) -> None:
    """The least that Python does to know what an item says."""
    found = []
    for item in items:
        found.append((item["calendar_id"], item.get("free_busy_status")))
        found.append((item["start"], item["end"]))


def _job(work: Work, url: str, key: str, ids: list[str]) -> Iterator[Figure]:
    with copied(url) as copy, refreshing(url, key) as ours:
        hands = ByHand(ours.services.database, copy)
        raw = free_busy(random.Random(1), 0.0)
        reading = read(raw)
        periods = np.stack([reading.start, reading.end], axis=1)
        origin = int(refresh_work.FIRST.timestamp())
        computing = partial(build, COACH, periods, (), origin=origin, days=90, reasons=True)
        whole, parts = [], []
        for turn in range(work.amount(10, 3) + 1):
            for connection_id in ids:
                hands.follow(partial(ours.owe, connection_id))
                read_us = microseconds(partial(read, raw), 1)()
                built_us = microseconds(computing, 1)()
                took, asked, _ = hands.follow(partial(ours.refresh, connection_id))
                if turn > 0:
                    whole.append(1000 * took)
                    parts.append(1000 * asked + (read_us + built_us) / 1000)
    goals = (ratio_at_most(1.5),)
    yield Figure("P2 whole job", "ms", Spread.of(whole), PARTS, Spread.of(parts), goals)


def _rate(work: Work, url: str, key: str, ids: list[str], parts: Spread) -> Figure:
    each = work.amount(400, 40)
    context = multiprocessing.get_context("spawn")
    shares = [ids[number::PROCESSES] for number in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        jobs = [pool.submit(refresh_many, url, key, share, each) for share in shares]
        ended = [job.result() for job in jobs]
    took = max(end for _, end in ended) - max(begin for begin, _ in ended)
    reached = Spread.of([PROCESSES * each / took])
    floor = Spread.of([PROCESSES * 1000 / parts.middle])
    name = f"{PROCESSES} at a time of {PARTS}"
    return Figure("P2 two processes", "refreshes/s", reached, name, floor, (at_least(300),))


def refresh_many(url: str, key: str, ids: list[str], count: int) -> tuple[float, float]:
    """When a process began, and ended; each connection in its turn is owed a read, and read."""
    with refreshing(url, key) as ours:
        for connection_id in ids:
            ours.owe(connection_id)
            ours.refresh(connection_id)
        began = time.monotonic()
        for number in range(count):
            connection_id = ids[number % len(ids)]
            ours.owe(connection_id)
            ours.refresh(connection_id)
        return began, time.monotonic()
