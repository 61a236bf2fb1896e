"""What a read of our own events says of the coach's deeds."""

from datetime import date
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest

from tests.workers.cronofy.sent_events import OURS
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import Written, read_events, read_page, request_bodies


def read(*events: Any) -> tuple[Written, ...]:
    answer = {"pages": {"current": 1, "total": 1}, "events": list(events)}
    return read_events([read_page(orjson.dumps(answer), "events")])


@pytest.mark.parametrize(
    ("change", "declined"),
    [
        ({}, False),
        ({"participation_status": "declined"}, True),
        ({"participation_status": "tentative", "status": "confirmed"}, False),
        ({"participation_status": None, "status": None}, False),
        ({"participation_status": "a word of tomorrow's", "status": 7}, False),
        ({"status": "cancelled"}, True),
        ({"event_status": "cancelled"}, True),  # what old answers call it
    ],
)
def test_declined_or_cancelled(change: dict[str, Any], declined: bool) -> None:
    [found] = read(OURS | change)
    assert (found.declined, found.uid) == (declined, "evt_1")


def test_one_that_is_deleted_need_not_say_when_it_was() -> None:
    gone = OURS | {"deleted": True, "start": None, "end": None}
    assert read(OURS, gone) == read(OURS)
    with pytest.raises(BadAnswer):
        read(OURS | {"start": None})


def test_a_whole_day_is_told_from_a_time() -> None:
    timed, whole = read(OURS, OURS | {"start": "2026-11-07", "end": "2026-11-08"})
    assert (timed.all_day, whole.all_day) == (False, True)


def test_what_is_asked_for() -> None:
    asked = request_bodies.managed_events(date(2026, 11, 6), date(2026, 11, 9), moved=True)
    assert {name: value for name, (value,) in parse_qs(asked).items()} == {
        "tzid": "Etc/UTC",
        "from": "2026-11-06",
        "to": "2026-11-09",
        "only_managed": "true",
        "include_moved": "true",
    }
