"""One benchmark after another, their lines as they come, and at the end what missed."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from tests.benchmarks.catalogue import BENCHES, QUICK_ORDER
from tests.benchmarks.figures import Figure, Told, not_measured, number
from tests.benchmarks.work import Work

QUICK_SECONDS, BENCH_SECONDS = 65, 15
"""Of 90, and of one benchmark: what was started has to end, too."""
AGAIN_SECONDS = 10
"""Until one that goes on all the same is told again: long enough to end what was started."""
WIDTHS = (42, 12, 12, 8, 16, 13)


class TimeIsOver(BaseException):
    """Of one benchmark in a quick run. Not an Exception: what retries would swallow it."""


def run(
    names: Sequence[str],
    work: Work,
    tell: Callable[[Told], None],
    *,
    seconds: float | None = None,
) -> None:
    """Tell what each of them measures, as it comes. One that breaks does not keep the others from
    running; what does not begin before `seconds` are over is not measured.
    """
    end = time.monotonic() + (seconds or 0)
    for name in names:
        left = None
        if seconds is not None:
            left = min(BENCH_SECONDS, end - time.monotonic())
        if work.quick and not BENCHES[name].in_quick:
            tell(not_measured(name, "not in a quick run"))
        elif left is not None and left <= 0:
            tell(not_measured(name, f"the {seconds:.0f} s were over"))
        else:
            work.tell(f"{name}: {BENCHES[name].what}")
            _run_one(name, work, tell, left)


def _run_one(name: str, work: Work, tell: Callable[[Told], None], seconds: float | None) -> None:
    try:
        with alarm(seconds):
            for told in BENCHES[name].measure(work):
                tell(told)
    except TimeIsOver:
        tell(not_measured(f"{name}, the rest", f"its {seconds:.0f} s were over"))
    except Exception as error:  # noqa: BLE001 (the others are measured all the same)
        reason = " ".join(str(error).split())[:160]
        tell(not_measured(f"{name}, the rest", f"it broke: {type(error).__name__}: {reason}"))


def chosen(names: Sequence[str], *, quick: bool) -> list[str]:
    """Those named, in their order; without a name all that do not have to be named."""
    order = list(BENCHES)
    if quick:
        order = [*QUICK_ORDER, *(name for name in BENCHES if name not in QUICK_ORDER)]
    wanted = names or [name for name, bench in BENCHES.items() if bench.in_whole]
    return [name for name in order if name in wanted]


@contextmanager
def alarm(seconds: float | None) -> Iterator[None]:
    """After so many seconds TimeIsOver is raised within, and again until it is left: Python drops
    what is raised in a finalizer. So in a quick run nothing hangs.
    """

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeIsOver

    if seconds is None:
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def heading() -> str:
    return _columns("", "floor", "ours", "ratio", "goal", "")


def line(figure: Figure) -> str:
    """A line of the table."""
    if figure.ours is None:
        return _columns(figure.id, "", "", "", "", f"not measured: {figure.why}")
    floor = ratio = ""
    if figure.floor is not None:
        floor = number(figure.floor.middle)
    if figure.ratio is not None:
        ratio = f"{number(figure.ratio)}x"
    ours = number(figure.ours.middle)
    verdict = figure.verdict
    beside = f"{verdict:<12} {figure.unit}; floor: {figure.beside}"
    if figure.why:
        beside = f"{verdict:<12} {figure.unit}; {figure.why}"
    return _columns(figure.id, floor, ours, ratio, goals(figure), beside)


def goals(figure: Figure) -> str:
    return ", ".join(str(goal) for goal in figure.goals)


def summary(figures: Sequence[Figure]) -> str:
    """How many hold, what missed, what was not measured."""
    lines = [f"{sum(each.verdict == 'holds' for each in figures)} hold"]
    for verdict in ("misses", "no floor", "not measured"):
        named = [each.id for each in figures if each.verdict == verdict]
        if named:
            lines.append(f"{verdict} ({len(named)}): {'; '.join(named)}")
    return "\n".join(lines)


def _columns(*cells: str) -> str:
    name, *rest = cells
    padded = [f"{name:<{WIDTHS[0]}}"]
    for cell, width in zip(rest[:-1], WIDTHS[1:], strict=False):
        padded.append(f"{cell:>{width}}")
    return "  ".join([*padded, rest[-1]]).rstrip()
