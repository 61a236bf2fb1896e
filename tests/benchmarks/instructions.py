"""How many instructions one slot set takes, by perf or valgrind: unlike time, that does not drift.

A child does the work so many times, and then many more: what it takes to start cancels out.
`python -m tests.benchmarks.instructions SIDE TIMES FOLDER` is that child.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from domain.slots import build
from tests.benchmarks.figures import Figure, Spread, Told, not_measured
from tests.benchmarks.slot_work import COACH, DAYS, ORIGIN, c_floor, random_periods
from tests.benchmarks.work import Work

FEW, MANY = 5, 105
SECONDS = 300
PERF = ("perf", "stat", "-x", ",", "-e", "instructions:u")
VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
SIDES = ("floor", "sets", "reasons")


def measure(work: Work) -> Iterator[Told]:
    tool = _tool()
    if tool is None:
        yield not_measured("P1 instructions", "neither perf nor valgrind counts here")
        return
    counted = {}
    for side in SIDES:
        work.tell(f"counting instructions: {side}")
        few, many = (_count(tool, side, times, work.new_folder()) for times in (FEW, MANY))
        counted[side] = (many - few) / (MANY - FEW)
    floor = Spread.of([counted["floor"]])
    for side, name in (("sets", "sets alone"), ("reasons", "with reasons")):
        beside = f"a bitmap in C, by {tool[0]}"
        yield Figure(
            f"P1 instructions, {name}", "instructions", Spread.of([counted[side]]), beside, floor
        )


def _tool() -> tuple[str, ...] | None:
    """The first that can count here: a virtual machine may have no counters for perf."""
    for tool in (PERF, VALGRIND):
        if shutil.which(tool[0]) is None:
            continue
        told = subprocess.run([*tool, "true"], capture_output=True, text=True, timeout=SECONDS)
        if _number(told.stderr) is not None:
            return tool
    return None


def _count(tool: tuple[str, ...], side: str, times: int, folder: Path) -> int:
    child = [sys.executable, "-m", __name__, side, str(times), str(folder)]
    told = subprocess.run(
        [*tool, *child],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        # One thread, and the same hash in each run: else the counts differ by chance.
        env=os.environ | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
    )
    counted = _number(told.stderr)
    assert told.returncode == 0, told.stderr[-2000:]
    assert counted is not None, told.stderr[-2000:]
    return counted


def _number(told: str) -> int | None:
    """What perf or callgrind counted; None where it says that it cannot."""
    found = re.search(r"Collected\s*:\s*(\d+)", told) or re.search(r"^(\d+),", told, re.MULTILINE)
    if found is None:
        return None
    return int(found[1])


def _side(side: str, folder: Path) -> Callable[[], object]:
    busy = random_periods(1_000)
    if side == "floor":
        # valgrind knows fewer instructions than the newest machines have
        floor = c_floor(busy, folder, native=False)
        assert floor is not None, "there is no gcc for the floor"
        return floor
    return partial(build, COACH, busy, (), origin=ORIGIN, days=DAYS, reasons=side == "reasons")


def main() -> None:
    side, times, folder = sys.argv[1:]
    run = _side(side, Path(folder))
    for _ in range(int(times)):
        run()


if __name__ == "__main__":
    main()
