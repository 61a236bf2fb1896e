"""Every benchmark there is, by its name, in the order that they run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.benchmarks import (
    bench_bookings,
    bench_front,
    bench_growth,
    bench_listings,
    bench_lists,
    bench_memory,
    bench_pools,
    bench_pushes,
    bench_rebuilds,
    bench_refreshes,
    bench_scale,
    bench_siege,
    bench_slots,
    bench_starts,
    bench_storms,
    bench_visible,
    bench_wakes,
)
from tests.benchmarks.figures import Told
from tests.benchmarks.work import Work


@dataclass(frozen=True)
class Bench:
    """`light`: what of it takes less than 3 s in a quick run where SQLite is enough: a test runs
    that. `in_quick`: False for what is not quick in any form; `in_whole`: for what runs only when
    it is named.
    """

    what: str
    measure: Callable[[Work], Iterator[Told]]
    light: Callable[[Work], Iterator[Told]] | None = None
    in_quick: bool = True
    in_whole: bool = True


BENCHES = {
    "P1": Bench("slot sets of one coach", bench_slots.measure, bench_slots.measure),
    "P2": Bench(
        "one refresh, without the upstream's time",
        bench_refreshes.measure,
        bench_refreshes.measure_reading,
    ),
    "P3": Bench("pushes acknowledged", bench_pushes.measure),
    "P4": Bench("from a push to its slots, idle", bench_visible.measure),
    "P5": Bench("storms of pushes", bench_storms.measure),
    "P6": Bench("slots of one coach over HTTP", bench_listings.measure),
    "P7": Bench("pools of 200 coaches", bench_pools.measure, bench_pools.measure),
    "P8": Bench("all coaches' sets made anew", bench_rebuilds.measure),
    "P9": Bench("wake-ups that lead to nothing", bench_wakes.measure),
    "P10": Bench("growth: busy periods, coaches", bench_growth.measure, bench_slots.measure_growth),
    "P11": Bench("bookings under race", bench_bookings.measure),
    "P12": Bench("cold starts", bench_starts.measure),
    "P13": Bench("lists and exports", bench_lists.measure_all, bench_lists.measure_all),
    "front": Bench("our worker for gunicorn", bench_front.measure, in_quick=False),
    "memory": Bench(
        "memory over an hour of load", bench_memory.measure, in_quick=False, in_whole=False
    ),
    "scale": Bench("fleets, in virtual time", bench_scale.measure, in_quick=False),
    "siege": Bench("a siege, and what another notices", bench_siege.measure, in_quick=False),
}
QUICK_ORDER = ("P1", "P7", "P2", "P12", "P9", "P8", "P11", "P3", "P6", "P4", "P13", "P10", "P5")
"""Of a quick run: what tells most for its time first, for the time may end."""
