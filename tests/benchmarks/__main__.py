"""`./run bench [P1 P2 P3 P5 P6 P7 P11 P13 front scale siege]`: measure what is asked, or all."""

import sys

from tests.benchmarks import (
    bench_bookings,
    bench_front,
    bench_listings,
    bench_lists,
    bench_pools,
    bench_pushes,
    bench_scale,
    bench_siege,
    bench_slots,
    bench_storms,
    bench_wire,
)

BENCHMARKS = {
    "P1": bench_slots.main,
    "P2": bench_wire.main,
    "P3": bench_pushes.main,
    "P5": bench_storms.main,
    "P6": bench_listings.main,
    "P7": bench_pools.main,
    "P11": bench_bookings.main,
    "P13": bench_lists.main,
    "front": bench_front.main,
    "scale": bench_scale.main,
    "siege": bench_siege.main,
}

if __name__ == "__main__":
    chosen = [name for name in sys.argv[1:] if not name.startswith("--")] or list(BENCHMARKS)
    if unknown := [name for name in chosen if name not in BENCHMARKS]:
        sys.exit(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    for name in chosen:
        BENCHMARKS[name]()
