"""Cases as JSON has them: drawn by Hypothesis around clock changes, or read from files of worked ones."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

Case = dict[str, Any]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "Asia/Kathmandu",
)
OWN_CASES = Path(__file__).parent / "cases.jsonl"
OPEN_CASES = Path(__file__).resolve().parents[3] / "shared" / "data" / "cases-open.jsonl"


def worked_cases() -> list[Case]:
    """Ours, and those beside the repository where they are at hand: the project does not need them."""
    files = [path for path in (OWN_CASES, OPEN_CASES) if path.exists()]
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def changes(zone: str) -> list[date]:
    """The dates of 2026 on which the zone changes its clocks; some day in June where it never does."""
    noons = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    offsets = [noon.astimezone(ZoneInfo(zone)).utcoffset() for noon in noons]
    changed = [
        noon.date() for noon, before, after in zip(noons[1:], offsets, offsets[1:], strict=False) if before != after
    ]
    return changed or [date(2026, 6, 10)]


PLACES = [(zone, day) for zone in ZONES for day in changes(zone)]


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def walls(step: int) -> st.SearchStrategy[str]:
    return st.integers(0, 1439 // step).map(lambda n: f"{n * step // 60:02}:{n * step % 60:02}")


USUAL = (
    [["00:00", "24:00"]],
    [["09:00", "17:00"]],
    [["08:00", "12:00"], ["12:00", "18:30"]],
    [["00:00", "04:00"], ["20:00", "24:00"]],
    [["22:00", "03:00"], ["06:10", "14:25"]],
)


def windows() -> st.SearchStrategy[list[list[str]]]:
    any_wall = st.one_of(walls(60), walls(15), walls(5))
    window = st.tuples(any_wall, st.one_of(any_wall, st.just("24:00"))).map(list)
    return st.one_of(st.sampled_from(USUAL), st.lists(window, min_size=1, max_size=3))


def weeks() -> st.SearchStrategy[dict[str, list[list[str]]]]:
    same = windows().map(lambda usual: dict.fromkeys(DAYS, usual))
    return st.one_of(same, same, st.fixed_dictionaries({}, optional=dict.fromkeys(DAYS, windows())))


def periods(around: datetime, days: int) -> st.SearchStrategy[list[str]]:
    """Mostly short ones; on whole minutes, odd seconds, the grid; some empty or reversed."""
    starts = st.one_of(
        st.integers(-days * 96, days * 96).map(lambda n: n * 900),
        st.integers(-days * 1440, days * 1440).map(lambda n: n * 60),
        st.integers(-days * 86400, days * 86400),
    )
    lengths = st.one_of(st.sampled_from((900, 1800, 3600)), st.integers(1, 5 * 3600), st.integers(-600, 86400))
    return st.tuples(starts, lengths).map(
        lambda drawn: [text(around + timedelta(seconds=sum(drawn[:end]))) for end in (1, 2)]
    )


def busy_items(around: datetime, days: int) -> st.SearchStrategy[list[str]]:
    status = st.sampled_from(([], [], ["busy"], ["tentative"], ["unknown"], ["free"]))
    all_day = st.tuples(st.integers(-days, days), st.integers(0, 2)).map(
        lambda drawn: [str(around.date() + timedelta(days=sum(drawn[:end]))) for end in (1, 2)]
    )
    period = st.one_of(*[periods(around, days)] * 5, all_day)
    return st.tuples(period, status).map(lambda drawn: drawn[0] + drawn[1])


def own_sessions(around: datetime, days: int) -> st.SearchStrategy[list[Any]]:
    session = periods(around, days).filter(lambda period: period[0] < period[1])
    return st.tuples(session, st.sampled_from(([], [], [0], [10], [50]))).map(lambda drawn: drawn[0] + drawn[1])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Some days around a clock change, with everything the rules speak of."""
    zone, changed = draw(st.sampled_from(PLACES))
    around = datetime.combine(changed, datetime.min.time(), UTC)
    since = around + timedelta(seconds=draw(st.integers(-2 * 86400, 86400)))
    minutes = st.one_of(st.integers(0, 4).map(lambda n: n * 15), st.integers(0, 60))
    dates = st.integers(-3, 3).map(lambda n: str(changed + timedelta(days=n)))
    mostly_none = [None] * 5
    return {
        "zone": zone,
        "hours": draw(weeks()),
        "overrides": draw(st.dictionaries(dates, st.one_of(st.just([]), windows()), max_size=2)),
        "busy": draw(st.lists(busy_items(around, 3), max_size=8)),
        "own": draw(st.lists(own_sessions(around, 4), max_size=4)),
        "pre": draw(minutes),
        "post": draw(minutes),
        "duration": draw(st.one_of(st.sampled_from((15, 30, 45, 60, 90)), st.integers(1, 96).map(lambda n: n * 5))),
        "now": text(since + timedelta(seconds=draw(st.integers(-2 * 86400, 43200)))),
        "notice_min": draw(st.sampled_from((0, 45, 60, 1440))),
        "horizon_days": draw(st.sampled_from((365, 30, 4, 2, 1, 0))),
        "from": text(since),
        "to": text(since + timedelta(seconds=draw(st.integers(86400, 3 * 86400)))),
        "mode": draw(st.sampled_from(("flexible", "back_to_back"))),
        "per_day": draw(st.sampled_from((*mostly_none, 0, 1, 2))),
        "per_week": draw(st.sampled_from((*mostly_none, 1, 2, 3))),
        "tentative_blocks": draw(st.booleans()),
    }
