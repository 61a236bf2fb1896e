"""Importing calendars: the real files, in eight zones."""

import json
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.sandbox import Sandbox
from tests.workers.sandbox.api import api_of
from workers.cronofy.sandbox.seeds import Seed, SeedCalendar

SHARED = Path(__file__).parents[4] / "shared" / "data" / "calendars"
REAL = sorted(SHARED.glob("*.ics"))


def merged(spans: Iterable[tuple[int, int]]) -> list[list[int]]:
    result: list[list[int]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([start, end])
    return result


def busy_periods(
    items: list[dict[str, Any]], zone: ZoneInfo, window: tuple[datetime, datetime]
) -> list[list[int]]:
    """What a reader makes of free/busy: all-day placed in the coach's zone, clipped, merged."""

    def instant(text: str) -> int:
        if len(text) == 10:
            return int(datetime.combine(date.fromisoformat(text), time(), tzinfo=zone).timestamp())
        return int(datetime.fromisoformat(text).timestamp())

    first, last = (int(edge.timestamp()) for edge in window)
    spans = ((max(first, instant(one["start"])), min(last, instant(one["end"]))) for one in items)
    return merged((start, end) for start, end in spans if start < end)


@pytest.mark.skipif(
    not REAL, reason="../shared/data is not beside this checkout; the samples above carry the rules"
)
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_free_busy_of_the_real_files_is_right_in_eight_zones(path: Path) -> None:
    expected = json.loads(path.with_name(f"{path.stem}.busy.json").read_text())
    start, end = (datetime.fromisoformat(edge) for edge in expected["window"])
    seeds = [
        Seed(zone, "coach@school.example", zone, calendars=(SeedCalendar("All"),))
        for zone in expected["zones"]
    ]
    with Sandbox(now=start, seeds=seeds, page_size=40) as sandbox:
        for account, (zone, right) in zip(sandbox.accounts, expected["zones"].items(), strict=True):
            # Given the file in the calendar of a coach who lives there
            sandbox.control.import_ics(
                account.calendars[0], path, zone=zone, since=start, until=end
            )
            # When free/busy is read, page by page
            window = {
                "from": (start - timedelta(days=1)).date(),
                "to": (end + timedelta(days=1)).date(),
            }
            items = api_of(sandbox, account).free_busy(tzid=zone, **window)
            # Then it comes to the right busy periods
            assert busy_periods(items, ZoneInfo(zone), (start, end)) == right, zone
