"""P3: pushes answered a second, as a share of what a Flask view reaches that answers a constant 204
on the same server.

No worker reads meanwhile. In a storm every connection is owed a read already; at a clean edge none
is, so that each push is a commit and a wake-up in Redis.
"""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import select, text

from storage.rows import channels, coaches
from storage.schema import tables
from tests.benchmarks.cpu_shares import CpuShares
from tests.benchmarks.figures import (
    Figure,
    Plot,
    Spread,
    Told,
    at_most,
    ratio_at_least,
)
from tests.benchmarks.servers import NO_CONTENT, p99, p99_of, rate, sender, serve
from tests.benchmarks.work import Work
from tests.support import http_load, people
from tests.support.processes import Town

STORM_COACHES = 20
FLOOR = "a Flask view's 204"
LINES = (20, 40, 60, 80, 100)


def measure(work: Work) -> Iterator[Told]:
    with work.town("web") as raised:
        edges = work.amount(1_000, 200)
        pushes = connected(raised, edges)
        storm = [pushes[number % STORM_COACHES] for number in range(work.amount(3_000, 500))]
        floor = serve(raised, NO_CONTENT)
        yield from _rates(work, raised, floor, storm, pushes)
        yield _slowest(work, raised, floor, storm)
        yield _written(raised, storm)
        if not work.quick:
            yield _by_lines(work, raised, floor, storm)
        yield from _while_redis_is_frozen(work, raised, floor, pushes)


def connected(raised: Town, count: int) -> list[bytes]:
    """So many coaches, each connected; and the push of each."""
    pushes = []
    for number in range(count):
        with raised.database.write() as tx:
            coaches.put(tx, people.coach(id=f"coach-{number}"))
        connection_id = people.connect(raised.database, f"coach-{number}", f"acc-{number}")
        with raised.database.write() as tx:
            channels.plan_channel(
                tx, connection_id, channels.channel_hash(f"token-{number}"), b"sealed"
            )
        callback = f"{raised.api.origin}/webhooks/cronofy/token-{number}"
        pushes.append(http_load.change(callback, raised.sandbox.client_secret))
    return pushes


def _rates(
    work: Work, raised: Town, floor: str, storm: list[bytes], edges: list[bytes]
) -> Iterator[Told]:
    ours = raised.api.origin
    in_storm, at_edge = CpuShares(raised, "web"), CpuShares(raised, "web")
    stormy = in_storm.during(rate(sender(ours, storm, 100)), len(storm))
    clean = at_edge.during(rate(sender(ours, edges, 100)), len(edges))
    sides = {
        FLOOR: rate(sender(floor, storm, 100)),
        "storm": stormy,
        "clean edge": _clean_first(raised, clean),
    }
    found = work.in_turn(sides, work.amount(5, 2))
    bare = found[FLOOR]
    for name, share, spent in (("storm", 0.6, in_storm), ("clean edge", 0.2, at_edge)):
        goals = (ratio_at_least(share),)
        yield Figure(f"P3 {name}", "pushes/s", found[name], FLOOR, bare, goals)
        yield spent.figure(f"P3 {name}", share * bare.middle)


def _clean_first(raised: Town, side: Callable[[], float]) -> Callable[[], float]:
    def measured() -> float:
        _clean(raised)
        return side()

    return measured


def _clean(raised: Town) -> None:
    """As if every connection had just been read, long after its last read."""
    row = tables.connections.c
    with raised.database.write() as tx:
        tx.execute(
            tables.connections.update().values(
                done_gen=row.req_gen, pushed_since_ms=None, next_attempt_at_ms=0
            )
        )


def _slowest(work: Work, raised: Town, floor: str, storm: list[bytes]) -> Figure:
    sides = {
        FLOOR: p99(sender(floor, storm, 16)),
        "ours": p99(sender(raised.api.origin, storm, 16)),
    }
    found = work.in_turn(sides, work.amount(5, 2))
    goals = (at_most(10),)
    return Figure("P3 p99 over 16 lines", "ms", found["ours"], FLOOR, found[FLOOR], goals)


def _written(raised: Town, storm: list[bytes]) -> Figure:
    """Which rows a storm writes anew: PostgreSQL tells by whom each was written."""
    _send(raised, storm)
    before = _writers(raised)
    _send(raised, storm)
    changed = len(before.items() ^ _writers(raised).items()) // 2
    floor = Spread.of([len(storm)])
    return Figure(
        "P3 rows written in a storm",
        "rows",
        Spread.of([changed]),
        "pushes that came",
        floor,
        (at_most(0),),
    )


def _send(raised: Town, pushes: list[bytes]) -> None:
    http_load.send(raised.api.origin, pushes, lines=16)


def _writers(raised: Town) -> dict[str, str]:
    query = select(tables.connections.c.id, text("connections.xmin::text"))
    with raised.database.read() as tx:
        return {row[0]: row[1] for row in tx.execute(query)}


def _by_lines(work: Work, raised: Town, floor: str, storm: list[bytes]) -> Plot:
    values: dict[str, list[float]] = {FLOOR: [], "storm": []}
    for lines in LINES:
        sides = {
            FLOOR: rate(sender(floor, storm, lines)),
            "storm": rate(sender(raised.api.origin, storm, lines)),
        }
        found = work.in_turn(sides, 3)
        for name, reached in found.items():
            values[name].append(reached.middle)
    title = "Pushes answered a second, over so many connections"
    return Plot("performance-connections", title, "connections", LINES, values)


def _while_redis_is_frozen(
    work: Work, raised: Town, floor: str, edges: list[bytes]
) -> Iterator[Told]:
    """Last: the web leaves Redis alone for a while after it."""
    _clean(raised)
    redis = work.redis_process
    bare = Spread.of([p99_of(http_load.send(floor, edges, lines=1))])
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        ask = partial(http_load.send, raised.api.origin, lines=1)
        first = Spread.of([1000 * ask(edges[:1])[0].seconds])
        later = Spread.of([p99_of(ask(edges[1:]))])
    finally:
        os.kill(redis.pid, signal.SIGCONT)
    told = f"{FLOOR}, p99"
    yield Figure("P3 Redis frozen, the first", "ms", first, told, bare, (at_most(300),))
    yield Figure("P3 Redis frozen, p99 then", "ms", later, told, bare, (at_most(60),))
