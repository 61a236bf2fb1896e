"""What limits a rate on this machine's cores: the CPU that one answer takes, of which processes.

Beside it stands what the goal leaves for one answer. Where an answer takes more, no waiting that is
taken away reaches the goal: only less work does.
"""

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.benchmarks.figures import Figure, Spread
from tests.support.processes import Town

TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
SERVERS = {"postgres": "PostgreSQL", "redis-server": "Redis"}
US = "asking"
"""This process, which sends what is answered."""
T = TypeVar("T")


class CpuShares:
    """`names`: the processes of the town that answer."""

    def __init__(self, raised: Town, *names: str) -> None:
        self._groups = {raised.processes.pid(name): name for name in names}
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._answers = 0

    def during(self, side: Callable[[], T], answers: int) -> Callable[[], T]:
        """The same, which gives so many answers each time."""

        def measured() -> T:
            before = self._now()
            found = side()
            for kind, seconds in self._now().items():
                self._spent[kind] += seconds - before.get(kind, 0.0)
            self._answers += answers
            return found

        return measured

    def figure(self, of: str, rate: float) -> Figure:
        """Beside the CPU that an answer may take for the goal of `rate` answers a second."""
        shares = {name: 1e6 * spent / self._answers for name, spent in self._spent.items()}
        told = ", ".join(f"{name} {share:,.0f}" for name, share in shares.items())
        return Figure(
            f"{of}, the CPU of one",
            f"us: {told}",
            Spread.of([sum(shares.values())]),
            f"what the goal leaves on {CORES} cores",
            Spread.of([1e6 * CORES / rate]),
        )

    def _now(self) -> dict[str, float]:
        """Seconds of CPU so far, by kind of process."""
        found: defaultdict[str, float] = defaultdict(float)
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                told = (folder / "stat").read_text()
            except OSError:  # it ended while it was looked at
                continue
            head, _, rest = told.rpartition(")")
            fields = rest.split()
            kind = self._kind(head.partition("(")[2], int(fields[2]), int(folder.name))
            if kind is not None:
                found[kind] += (int(fields[11]) + int(fields[12])) / TICKS
        return found

    def _kind(self, program: str, group: int, process: int) -> str | None:
        if process == os.getpid():
            return US
        return SERVERS.get(program) or self._groups.get(group)
