"""P2, the reading half: JSON bytes of 1,000 free/busy items -> a Reading, against `orjson.loads` of
    the same bytes.

Run: python -m tests.benchmarks.bench_wire. Floor and ours take turns, and the best of each counts:
what disturbs one disturbs the other. A new process lays its memory out anew, which alone moves the
ratio by a tenth: run it a few times.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from domain.freebusy import Reading
from workers.cronofy.wire import read_free_busy, read_page

ITEMS = 1_000
ROUNDS = 1_000
GOAL = 2.0


def main() -> None:
    print(f"{'1,000 items':<18}{'orjson.loads':>14}{'ours':>10}{'ratio':>8}  goal <= ~{GOAL}")
    for name, all_day in (("all timed", 0.0), ("5 % all-day", 0.05), ("all all-day", 1.0)):
        raw = free_busy(random.Random(1), all_day)
        floor, ours = best(partial(orjson.loads, raw), partial(read, raw))
        print(f"{name:<18}{floor:>11.0f} us{ours:>7.0f} us{ours / floor:>8.2f}")


def read(raw: bytes) -> Reading:
    return read_free_busy([read_page(raw)])


def best(*works: Callable[[], object]) -> list[float]:
    """Microseconds of the fastest round of each."""
    fastest = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            began = time.perf_counter_ns()
            work()
            fastest[place] = min(fastest[place], time.perf_counter_ns() - began)
    return [nanoseconds / 1000 for nanoseconds in fastest]


def free_busy(chance: random.Random, all_day: float) -> bytes:
    """One page over 90 days, two calendars, mostly busy."""
    first = datetime(2026, 11, 1, tzinfo=UTC)
    return orjson.dumps(
        {
            "pages": {"current": 1, "total": 1},
            "free_busy": [_item(chance, first, chance.random() < all_day) for _ in range(ITEMS)],
        }
    )


def _item(chance: random.Random, first: datetime, all_day: bool) -> dict[str, Any]:
    start = first + timedelta(minutes=chance.randrange(90 * 1440))
    end = (
        start + timedelta(days=1)
        if all_day
        else start + timedelta(minutes=chance.choice((17, 30, 45, 60, 90)))
    )
    shape = "%Y-%m-%d" if all_day else "%Y-%m-%dT%H:%M:%SZ"
    return {
        "calendar_id": chance.choice(
            ("cal_ZfDA3mXwwN5l8MDe_k3Jq8mR1xTzYw0aB", "cal_ZfDA3mXwwN5l8MDe_h0L1dAy5uKxQz9sT")
        ),
        "start": start.strftime(shape),
        "end": end.strftime(shape),
        "free_busy_status": chance.choice(("busy",) * 8 + ("tentative", "unknown")),
    }


if __name__ == "__main__":
    main()
