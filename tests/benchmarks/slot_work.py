"""The work of P1, its floor in C, and what one writes first.

One coach, 90 days, Monday to Friday 09:00-17:00 in London, random overlapping busy periods, buffers
of 15 minutes, durations 30/45/60/90.
"""

import ctypes
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from domain.coaches import Coach, Policy
from domain.hours import DAY_SECONDS, Hours, open_windows, utc_date
from domain.slots.cells import GRID, Periods, closed_periods, columns

ORIGIN, DAYS = 20_458 * DAY_SECONDS, 90
CELLS = DAYS * 96
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
COACH = Coach(
    id="bench",
    hours=Hours.parse("Europe/London", OFFICE, {}),
    pre=15,
    post=15,
    notice=60,
    horizon_days=DAYS,
    durations=(30, 45, 60, 90),
    mode="flexible",
    per_day=None,
    per_week=None,
    tentative_blocks=True,
    policy=Policy("hide", 0),
    version=1,
)

C_FLOOR = r"""
#include <stdint.h>
#include <string.h>
#define WORDS 136  /* 90 days of quarter hours, and a margin for the longest session */

static void fill(uint64_t *map, long low, long high) {
    if (low < 0) low = 0;
    if (high > WORDS * 64) high = WORDS * 64;
    if (low >= high) return;
    long a = low >> 6, b = (high - 1) >> 6;
    uint64_t first = ~0ull >> (low & 63), last = ~0ull << (63 - ((high - 1) & 63));
    if (a == b) { map[a] |= first & last; return; }
    map[a] |= first;
    for (long word = a + 1; word < b; word++) map[word] = ~0ull;
    map[b] |= last;
}

static long down(long seconds) { return seconds >= 0 ? seconds / 900 : -((899 - seconds) / 900); }

/* Mark the quarter hours that periods touch; a session is open when all of its quarter hours
   are free. */
void slots(const int64_t *start, const int64_t *end, long n, const uint64_t *closed,
           int64_t origin, int64_t pad,
           const int64_t *quarters, long rows, uint64_t *out) {
    uint64_t taken[WORDS + 2];
    memcpy(taken, closed, WORDS * 8);
    taken[WORDS] = taken[WORDS + 1] = ~0ull;
    for (long i = 0; i < n; i++)
        fill(taken, down(start[i] - pad - origin), down(end[i] + pad - origin + 899));
    long done = 0;
    uint64_t closed_for[WORDS];
    for (long row = 0; row < rows; row++) {
        memset(closed_for, 0, sizeof closed_for);
        for (long k = 0; k < quarters[row]; k++)
            for (long word = 0; word < WORDS - 1; word++)
                closed_for[word] |=
                k ? taken[word] << k | taken[word + 1] >> (64 - k) : taken[word];
        for (long word = 0; word < 135; word++) out[done++] = __builtin_bswap64(~closed_for[word]);
    }
}
"""


def random_periods(count: int) -> Periods:
    random_ = random.Random(7)
    starts = (ORIGIN + 60 * random_.randrange(DAYS * 1440) for _ in range(count))
    return columns([(start, start + 60 * random_.randrange(15, 120)) for start in starts])


def plain_loop(busy: Periods) -> bytes:
    """What one writes first: every start of every working window, against every period."""
    periods, pad = busy.tolist(), 60 * COACH.pre
    open_cells = np.zeros((len(COACH.durations), CELLS), np.bool_)
    windows = open_windows(COACH.hours, utc_date(ORIGIN), utc_date(ORIGIN + DAYS * DAY_SECONDS))
    for row, minutes in enumerate(COACH.durations):
        for opens, closes in windows:
            for start in range(opens, closes - 60 * minutes + 1, GRID):
                low, high = start - pad, start + 60 * minutes + pad
                if not any(begins < high and ends > low for begins, ends in periods):
                    open_cells[row, (start - ORIGIN) // GRID] = True
    return np.packbits(open_cells, axis=1).tobytes()


def c_floor(busy: Periods, folder: Path, *, native: bool = True) -> Callable[[], bytes] | None:
    """The work in C, given working hours as a bitmap; None without a compiler. `native`: with
    whatever instructions this machine has.
    """
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    source, library = folder / "floor.c", folder / "floor.so"
    source.write_text(C_FLOOR, "utf-8")
    options: list[str | Path] = ["-O3", "-shared", "-fPIC", "-o", library]
    if native:
        options.append("-march=native")
    subprocess.run([compiler, *options, source], check=True)
    slots = ctypes.CDLL(str(library)).slots
    starts, ends = (np.ascontiguousarray(column) for column in busy.T)
    quarters = np.array([minutes // 15 for minutes in COACH.durations], np.int64)
    closed, out = closed_words(), np.empty(len(quarters) * CELLS // 8, np.uint8)
    arrays = [ctypes.c_void_p(it.ctypes.data) for it in (starts, ends, closed, quarters, out)]
    count, origin, pad, rows = (
        ctypes.c_int64(n) for n in (len(busy), ORIGIN, 60 * COACH.pre, len(quarters))
    )

    def work() -> bytes:
        slots(arrays[0], arrays[1], count, arrays[2], origin, pad, arrays[3], rows, arrays[4])
        return out.tobytes()

    work.kept = (starts, ends, closed, quarters)  # type: ignore[attr-defined] # C holds their addresses
    return work


def closed_words() -> npt.NDArray[np.uint64]:
    """A bit for each quarter hour outside working hours, the first in the highest bit, and a word
    of margin.
    """
    closed = np.zeros(CELLS + 64, np.bool_)
    for start, end in closed_periods(
        COACH.hours, ORIGIN, ORIGIN + DAYS * DAY_SECONDS + 64 * GRID
    ).tolist():
        closed[(start - ORIGIN) // GRID : -((ORIGIN - end) // GRID)] = True
    return np.packbits(closed).view(">u8").astype(np.uint64)
