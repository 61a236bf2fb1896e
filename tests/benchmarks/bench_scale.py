"""How large a fleet one application at Cronofy serves: weeks in virtual time.

`./run bench scale` runs the fleet of `fleet_model` in several sizes (some minutes), tells how it
goes, and writes docs/explanation/scale.md with its plots; `./run bench scale --quick` runs small
ones for a day. Nobody may wait longer than the computed turn.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np

from tests.benchmarks import line_plots
from tests.benchmarks.figures import Figure, Spread, Told, ratio_at_most
from tests.benchmarks.fleet_model import DAY, LOST, PER_MINUTE, Model, Seen
from tests.benchmarks.work import Work

FOLDER = Path(__file__).parents[2] / "docs" / "explanation"
SIZES, DAYS = (1_000, 5_000, 10_000, 20_000, 50_000, 100_000), 30
QUICK_SIZES, QUICK_DAYS = (500, 6_000), 1
SHOWN_HOURS = 14 * 24


@dataclass(frozen=True)
class Row:
    """What became of a fleet of this size; waits in minutes,
    `busiest` and `budget` in calls a
    minute: the budget with which each would be read within the hour."""

    coaches: int
    bound: float
    oldest: float
    share: float
    push_99: float
    lost_50: float
    lost_worst: float
    average: float
    busiest: float
    budget: float


def measured(coaches: int, seen: Seen) -> Row:
    pushes, lost = np.array(seen.pushes), np.array(seen.lost or [0.0])
    return Row(
        coaches=coaches,
        bound=max(seen.bound),
        oldest=max(seen.oldest),
        share=seen.worst_share,
        push_99=float(np.percentile(pushes, 99)),
        lost_50=float(np.percentile(lost, 50)),
        lost_worst=float(lost.max()),
        average=float(np.mean(seen.calls)) / 60,
        busiest=max(seen.calls) / 60,
        budget=max(seen.needed),
    )


def measure(work: Work) -> Iterator[Told]:
    """Writes the page, unless it is a quick run."""
    sizes, days = work.amount((SIZES, DAYS), (QUICK_SIZES, QUICK_DAYS))
    rows, seen = [], Seen()
    for coaches in sizes:
        seen = Model(coaches).run(days, _progress(work, coaches, days))
        row = measured(coaches, seen)
        rows.append(row)
        bound, oldest = Spread.of([row.bound]), Spread.of([row.bound * row.share])
        name = f"scale {coaches:,} coaches, {days} days"
        yield Figure(name, "min", oldest, "the computed turn", bound, (ratio_at_most(1),))
    if not work.quick:
        _write(rows, seen)


def _progress(work: Work, coaches: int, days: int) -> Callable[[int], None]:
    return lambda day: work.tell(f"{coaches:,} coaches: day {day + 1} of {days}")


def _span(minutes: float) -> str:
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"


def _write(rows: Sequence[Row], largest: Seen) -> None:
    lines = []
    for row in rows:
        cells = (
            f"{row.coaches:,}",
            _span(row.bound),
            _span(row.oldest),
            _span(max(90.0, 1.5 * row.bound)),
            _span(row.push_99),
            _span(row.lost_50),
            _span(row.lost_worst),
            f"{row.average:.0f}",
            f"{row.busiest:.0f}",
            f"{max(row.budget, PER_MINUTE):,.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    hours = largest.bound[:SHOWN_HOURS]
    oldest = [minutes / 60 for minutes in largest.oldest[:SHOWN_HOURS]]
    bound = [minutes / 60 for minutes in hours]
    line_plots.write(
        FOLDER / "scale-waits.svg",
        f"{rows[-1].coaches:,} coaches: hours since a calendar was read, two weeks from a Monday",
        {"may be": bound, "the longest": oldest},
        across="hours",
        top=float(np.ceil(max(bound) / 4) * 4),
    )
    line_plots.write(
        FOLDER / "scale-calls.svg",
        f"{rows[-1].coaches:,} coaches: calls to Cronofy a minute, two weeks from a Monday",
        {"calls": [calls / 60 for calls in largest.calls[:SHOWN_HOURS]]},
        across="hours",
        top=float(PER_MINUTE),
    )
    template = Template((Path(__file__).parent / "scale.md.template").read_text())
    text = template.substitute(
        rows="\n".join(lines),
        days=len(largest.oldest) * 60 // DAY,
        lost=f"{LOST:.1%}",
        calls=PER_MINUTE,
    )
    (FOLDER / "scale.md").write_text(text)
