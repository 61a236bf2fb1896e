"""The one table that a run ends with."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from statistics import median

from tests.chaos.evidence import Operation, Violation
from tests.chaos.faults import Fault
from tests.chaos.nemesis import Episode

COLUMNS = (
    "fault",
    "of",
    "times",
    "operations",
    "lost",
    "doubled",
    "overlapping",
    "recovery s",
    "ack p99 ms",
)
KINDS = ("lost", "doubled", "overlapping")
BOOKINGS = ("book", "move", "cancel", "hold", "release", "make_pod", "join", "leave", "call_off")
During = Callable[[float | None], bool]
Push = tuple[float, float]
"""When it was answered 2xx, and after how many seconds."""


@dataclass(frozen=True)
class Result:
    """All that the table tells."""

    faults: Sequence[Fault]
    left_out: Sequence[tuple[Fault, str]]
    episodes: Sequence[Episode]
    operations: Sequence[Operation]
    pushes: Sequence[Push]
    violations: Sequence[Violation]
    seconds: float


def table(result: Result) -> str:
    """Plain columns, for a terminal; also valid Markdown."""
    rows = [COLUMNS, *(_row(result, fault) for fault in result.faults), _total(result)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    left_out = [f"left out: {fault.name} ({why})" for fault, why in result.left_out]
    return "\n".join([*lines, *left_out])


def read_rows(text: str) -> dict[str, list[str]]:
    """The lines of a table within a run's output, by their first column; the next ones follow from
    place 2 on.
    """
    found = {}
    for line in text.splitlines():
        cells = line.split("|")
        if len(cells) >= len(COLUMNS):
            found[cells[1].strip()] = cells
    return found


def _row(result: Result, fault: Fault) -> tuple[str, ...]:
    mine = [(place, each) for place, each in enumerate(result.episodes) if fault in each.faults]
    spans = [(each.began, _end(result, place)) for place, each in mine]
    return (
        fault.name,
        fault.of,
        *_figures(result, [each for _, each in mine], partial(_within, spans=spans)),
    )


def _total(result: Result) -> tuple[str, ...]:
    return ("all", "", *_figures(result, result.episodes, lambda _: True))


def _figures(result: Result, episodes: Sequence[Episode], during: During) -> Iterator[str]:
    yield str(len(episodes))
    yield from _counts(result, during)
    yield _recovery(episodes)
    yield _acks(result, during)


def _counts(result: Result, during: During) -> Iterator[str]:
    yield str(sum(1 for each in result.operations if during(each.sent)))
    for kind in KINDS:
        yield str(sum(1 for each in result.violations if each.kind == kind and during(each.at)))


def _end(result: Result, place: int) -> float:
    """Until the next fault: what breaks in the calm after one is its doing."""
    if place + 1 < len(result.episodes):
        return result.episodes[place + 1].began
    return float("inf")


def _within(when: float | None, spans: Sequence[tuple[float, float]]) -> bool:
    return when is not None and any(began <= when < ended for began, ended in spans)


def _recovery(episodes: Sequence[Episode]) -> str:
    """Median and longest; how often service was not normal again as long as that was waited for."""
    found = [each.recovery.seconds for each in episodes if each.recovery.seconds is not None]
    shown = f"{median(found):.1f} / {max(found):.1f}" if found else ""
    never = len(episodes) - len(found)
    return f"{shown} never: {never}".strip() if never else shown


def _acks(result: Result, during: During) -> str:
    """Of pushes that were accepted, and of writes that were answered otherwise than with 5xx."""
    pushes = [seconds for when, seconds in result.pushes if during(when)]
    writes = [
        each.answered - each.sent
        for each in result.operations
        if each.kind in BOOKINGS
        and each.answered is not None
        and not each.unknown
        and during(each.sent)
    ]
    return f"{_p99(pushes)} / {_p99(writes)}"


def _p99(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    return f"{sorted(seconds)[ceil(len(seconds) * 0.99) - 1] * 1000:.0f}"
