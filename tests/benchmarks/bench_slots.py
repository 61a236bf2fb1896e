"""P1: the slot sets of one coach from stored busy periods, beside a bitmap in C and beside general
ways in Python.

All must agree to the bit before anything is measured. Instruction counts, where valgrind or perf is
there, do not drift with the machine.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from domain.slots import build
from domain.slots.cells import Periods
from tests.benchmarks import instructions, slot_peers
from tests.benchmarks.figures import (
    Figure,
    Plot,
    Told,
    not_measured,
    ratio_at_least,
    ratio_at_most,
)
from tests.benchmarks.slot_work import COACH, DAYS, ORIGIN, c_floor, plain_loop, random_periods
from tests.benchmarks.work import Work, microseconds

PERIODS = 1_000
GROWTH = (1_000, 2_000, 3_000, 4_000)
SETS = "sets alone"
FLOOR = "a bitmap in C"


def sets(busy: Periods, reasons: bool = False) -> bytes:
    return build(COACH, busy, (), origin=ORIGIN, days=DAYS, reasons=reasons).bits


def measure(work: Work) -> Iterator[Told]:
    # As a worker that has read one long answer: from then on malloc keeps what is freed
    np.ones(500_000)
    busy = random_periods(PERIODS)
    naive = partial(plain_loop, busy)
    assert sets(busy) == naive(), "the plain loop disagrees"
    yield from _beside_c(work, busy)
    yield from _beside_peers(work, busy, naive)
    if work.quick:
        yield not_measured("P1 instructions", "not in a quick run: it takes minutes")
    else:
        yield from instructions.measure(work)


def _beside_c(work: Work, busy: Periods) -> Iterator[Told]:
    floor = c_floor(busy, work.new_folder())
    times = work.amount(500, 60)
    sides = {
        SETS: microseconds(partial(sets, busy), times),
        "with reasons": microseconds(partial(sets, busy, reasons=True), times),
    }
    if floor is not None:
        assert sets(busy) == floor(), "the C floor disagrees"
        sides = {FLOOR: microseconds(floor, times), **sides}
    found = work.in_turn(sides, work.amount(7, 3))
    goals = {SETS: ratio_at_most(12), "with reasons": ratio_at_most(30)}
    why = "" if floor else "there is no gcc for the floor"
    for name, goal in goals.items():
        yield Figure(f"P1 {name}", "us", found[name], FLOOR, found.get(FLOOR), (goal,), why)


def _beside_peers(work: Work, busy: Periods, naive: Callable[[], bytes]) -> Iterator[Told]:
    """`ours` is the peer's time here: how many times ours it takes."""
    sides = {SETS: microseconds(partial(sets, busy), work.amount(500, 60))}
    sides["a naive loop"] = microseconds(naive, 1)
    for name, way in slot_peers.PEERS.items():
        try:
            assert way(busy) == sets(busy), f"{name} disagrees"
        except ImportError:
            yield not_measured(f"P1 {name}", "not installed: ./run peers")
            continue
        sides[name] = microseconds(partial(way, busy), work.amount(5, 1))
    found = work.in_turn(sides, work.amount(5, 1))
    ours = found.pop(SETS)
    for name, spread in found.items():
        yield Figure(f"P1 {name}", "us", spread, SETS, ours)
    best = min(found, key=lambda name: found[name].middle)
    goal = ratio_at_least(100)
    if found.keys() >= slot_peers.PEERS.keys():
        yield Figure("P1 the best of them", f"us, {best}", found[best], SETS, ours, (goal,))
    else:
        yield not_measured("P1 the best of them", "some are not installed: ./run peers")


def measure_growth(work: Work) -> Iterator[Told]:
    """P10's part of P1: what more busy periods cost."""
    amounts = work.amount(GROWTH, (GROWTH[0], GROWTH[-1]))
    times = work.amount(200, 30)
    for name, reasons in ((SETS, False), ("with reasons", True)):
        sides = {}
        for amount in amounts:
            side = partial(sets, random_periods(amount), reasons=reasons)
            sides[str(amount)] = microseconds(side, times)
        found = work.in_turn(sides, work.amount(7, 3))
        least, most = found[str(amounts[0])], found[str(amounts[-1])]
        goal = ratio_at_most(amounts[-1] / amounts[0])
        beside = f"{amounts[0]:,} of them"
        yield Figure(
            f"P10 {amounts[-1]:,} busy periods, {name}", "us", most, beside, least, (goal,)
        )
        if not work.quick:
            values = {name: [found[str(amount)].middle for amount in amounts]}
            title = f"Slot sets of one coach, {name}: microseconds for so many busy periods"
            file = f"performance-periods-{name.replace(' ', '-')}"
            yield Plot(file, title, "busy periods", amounts, values)
