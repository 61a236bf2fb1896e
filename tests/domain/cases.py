"""Cases as JSON has them: drawn by Hypothesis around clock changes, or read from files of worked
ones.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

Case = dict[str, Any]
DAY = 86_400
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
    """Ours, and those beside the repository where they are at hand: the project does
    not need them.
    """
    files = [path for path in (OWN_CASES, OPEN_CASES) if path.exists()]
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def changes(zone: str) -> list[date]:
    """The dates of 2026 on which the zone changes its clocks; some day in June where it
    never does.
    """
    noons = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    offsets = [noon.astimezone(ZoneInfo(zone)).utcoffset() for noon in noons]
    changed = [
        noon.date()
        for noon, before, after in zip(noons[1:], offsets, offsets[1:], strict=False)
        if before != after
    ]
    return changed or [date(2026, 6, 10)]


PLACES = [(zone, day) for zone in ZONES for day in changes(zone)]


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# Strategies are made once: making them anew for every case costs more than drawing from them.
WALLS = st.one_of(
    *(st.integers(0, 1440 // step - 1).map(step.__mul__) for step in (60, 15, 5))
).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
USUAL = (
    [["00:00", "24:00"]],
    [["09:00", "17:00"]],
    [["08:00", "12:00"], ["12:00", "18:30"]],
    [["00:00", "04:00"], ["20:00", "24:00"]],
    [["22:00", "03:00"], ["06:10", "14:25"]],
)
WINDOW = st.tuples(WALLS, st.one_of(WALLS, st.just("24:00"))).map(list)
WINDOWS = st.one_of(st.sampled_from(USUAL), st.lists(WINDOW, min_size=1, max_size=3))
WEEKS = st.one_of(
    WINDOWS.map(lambda usual: dict.fromkeys(DAYS, usual)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(DAYS, WINDOWS)),
)
OVERRIDES = st.dictionaries(st.integers(-3, 3), st.one_of(st.just([]), WINDOWS), max_size=2)

# Seconds from the middle, and a length: on the grid, on whole minutes, odd; some of them empty or
# reversed.
STARTS = st.one_of(
    *(st.integers(-3 * DAY // unit, 3 * DAY // unit).map(unit.__mul__) for unit in (900, 60, 1))
)
LENGTHS = st.one_of(st.sampled_from((900, 1800, 3600)), st.integers(1, 5 * 3600))
PERIODS = st.tuples(STARTS, LENGTHS)
BUSY = st.tuples(STARTS, st.one_of(LENGTHS, LENGTHS, st.integers(-600, DAY)))
ALL_DAY = st.tuples(st.integers(-3, 3), st.integers(0, 2))
STATUSES = st.sampled_from(([], [], ["busy"], ["tentative"], ["unknown"], ["free"]))
GAPS = st.sampled_from(([], [], [0], [10], [50]))
BUFFERS = st.one_of(st.integers(0, 4).map((15).__mul__), st.integers(0, 60))
DURATIONS = st.one_of(st.sampled_from((15, 30, 45, 60, 90)), st.integers(1, 96).map((5).__mul__))
SOME_BUSY = st.lists(st.tuples(BUSY, STATUSES), max_size=8)
SOME_DAYS = st.lists(st.tuples(ALL_DAY, STATUSES), max_size=1)
SOME_OWN = st.lists(st.tuples(PERIODS, GAPS), max_size=4)
MOSTLY_NONE = [None] * 5
SOME_AWAY = st.one_of(
    st.just([]), st.just([]), st.lists(st.tuples(STARTS, LENGTHS), min_size=1, max_size=2)
)
SOME_HOLIDAYS: st.SearchStrategy[list[int]] = st.one_of(
    st.just([]), st.lists(st.integers(-3, 3), max_size=2, unique=True)
)
ELSEWHERE = ("Asia/Tokyo", "America/Anchorage", "Pacific/Kiritimati", "Pacific/Pago_Pago", *ZONES)
# How many days after the trip before, for how many more days, and where to.
TRIP = st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from(ELSEWHERE))
SOME_TRIPS: st.SearchStrategy[list[tuple[int, int, str]]] = st.one_of(
    st.just([]), st.just([]), st.lists(TRIP, min_size=1, max_size=2)
)

CHOICES = st.fixed_dictionaries(
    {
        "hours": WEEKS,
        "pre": BUFFERS,
        "post": BUFFERS,
        "duration": DURATIONS,
        "notice_min": st.sampled_from((0, 45, 60, 1440)),
        "horizon_days": st.sampled_from((365, 30, 4, 2, 1, 0)),
        "mode": st.sampled_from(("flexible", "back_to_back")),
        "per_day": st.sampled_from((*MOSTLY_NONE, 0, 1, 2)),
        "per_week": st.sampled_from((*MOSTLY_NONE, 1, 2, 3)),
        "tentative_blocks": st.booleans(),
    }
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Some days around a clock change, with everything the rules speak of."""
    zone, changed = draw(st.sampled_from(PLACES))
    middle = datetime.combine(changed, time(), UTC)
    since = draw(st.integers(-2 * DAY, DAY))

    def when(seconds: int) -> str:
        return text(middle + timedelta(seconds=seconds))

    def day(days: int) -> str:
        return str(changed + timedelta(days=days))

    periods = [
        [when(start), when(start + length), *rest] for (start, length), rest in draw(SOME_BUSY)
    ]
    days = [[day(start), day(start + length), *rest] for (start, length), rest in draw(SOME_DAYS)]
    trips, free = [], -3
    for gap, length, there in draw(SOME_TRIPS):
        begins = free + gap
        trips.append({"first": day(begins), "last": day(begins + length), "zone": there})
        free = begins + length + 1
    return draw(CHOICES) | {
        "zone": zone,
        "overrides": {day(n): windows for n, windows in draw(OVERRIDES).items()},
        "busy": periods + days,
        "own": [
            [when(start), when(start + length), *gap] for (start, length), gap in draw(SOME_OWN)
        ],
        "away": [
            {"from": when(start)[:16], "to": when(start + max(length, 60))[:16]}
            for start, length in draw(SOME_AWAY)
        ],
        "travel": trips,
        "holidays": [day(n) for n in draw(SOME_HOLIDAYS)],
        "now": when(since + draw(st.integers(-2 * DAY, DAY // 2))),
        "from": when(since),
        "to": when(since + draw(st.integers(DAY, 3 * DAY))),
    }
