"""Events where the clocks change, and series without measure: none is silently free, and none holds
up the others.
"""

from collections.abc import Sequence

import pytest

from tests.workers.sandbox.ics import GOOD, GOOD_TIME, event, read, shown

LONDON = ";TZID=Europe/London"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # From 01:50 in summer time, over the hour that comes twice
        ((f"DTSTART{LONDON}:20261025T015000", "DURATION:PT30M"), ("00:50", "01:20")),
        (
            (f"DTSTART{LONDON}:20261025T015000", f"DTEND{LONDON}:20261025T012000"),
            ("00:50", "01:20"),
        ),
        (("DTSTART:20261025T004500Z", f"DTEND{LONDON}:20261025T011500"), ("00:45", "01:15")),
        # Within its first half, and without a length
        (
            (f"DTSTART{LONDON}:20261025T011000", f"DTEND{LONDON}:20261025T014000"),
            ("00:10", "00:40"),
        ),
        (
            (f"DTSTART{LONDON}:20261025T013000", f"DTEND{LONDON}:20261025T013000"),
            ("00:30", "00:30"),
        ),
    ],
)
def test_an_event_in_the_hour_that_comes_twice_has_its_length(
    lines: Sequence[str], expected: tuple[str, str]
) -> None:
    result = read(event("UID:1", *lines))
    start, end = (f"2026-10-25T{moment}:00Z" for moment in expected)
    assert shown(result) == [f"{start}/{end}"]
    assert result.unreadable == []


@pytest.mark.parametrize("end", [f"DTEND{LONDON}:20260329T023000", "DURATION:PT1H"])
def test_an_event_in_the_hour_that_is_left_out_has_its_length(end: str) -> None:
    result = read(event("UID:1", f"DTSTART{LONDON}:20260329T013000", end))
    assert shown(result) == ["2026-03-29T01:30:00Z/2026-03-29T02:30:00Z"]


def test_what_ends_before_it_starts_is_told_all_the_same() -> None:
    result = read(
        event("UID:1", f"DTSTART{LONDON}:20261025T030000", f"DTEND{LONDON}:20261025T011500"), GOOD
    )
    assert shown(result) == [GOOD_TIME]
    assert result.unreadable == ['event "1": it ends before it starts']


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=999999999",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1",
        "FREQ=MINUTELY",
        "FREQ=MINUTELY;INTERVAL=2;BYSECOND=0,30",
        "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND=0,15,30,45",
    ],
)
def test_a_series_without_measure_is_told_and_holds_up_no_other(rule: str) -> None:
    result = read(
        event("UID:1", "DTSTART:20260112T100000Z", "DURATION:PT1S", f"RRULE:{rule}"), GOOD
    )
    assert shown(result) == [GOOD_TIME]
    (told,) = result.unreadable
    assert "it repeats too often" in told


@pytest.mark.parametrize(
    ("start", "rule", "count"),
    [
        ("20260112T100000Z", "FREQ=SECONDLY;COUNT=3", 3),
        ("20260112T100000Z", "FREQ=MINUTELY;UNTIL=20260112T101000Z", 11),
        ("20260112T100000Z", "FREQ=MINUTELY;INTERVAL=1440;COUNT=2", 2),
        ("20260112T100000Z", "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,30;COUNT=8", 8),
        ("16010101T100000Z", "FREQ=YEARLY", 1),
        ("16010101T100000Z", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1,2", 2),
    ],
)
def test_a_series_of_few_times_is_read(start: str, rule: str, count: int) -> None:
    result = read(event("UID:1", f"DTSTART:{start}", "DURATION:PT1S", f"RRULE:{rule}"))
    assert (len(shown(result)), result.unreadable) == (count, [])
