"""Events of ours as they stand in a calendar: only those that are ours, and only when they say when
they are.
"""

from typing import Any

import orjson
import pytest

from tests.workers.cronofy.sent_events import EVENT, OURS, START
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import ManagedEvent, Written, read_events, read_page, request_bodies


def read(*events: Any) -> tuple[Written, ...]:
    answer = {"pages": {"current": 1, "total": 1}, "events": list(events)}
    return read_events([read_page(orjson.dumps(answer), "events")])


def test_an_event_of_ours_has_its_calendar_and_its_times() -> None:
    assert read(OURS) == (Written("coachcal-ses_1", "cal_a", START, START + 3600),)


@pytest.mark.parametrize("change", [{"event_id": None}, {"deleted": True}])
def test_what_is_not_ours_or_is_gone_does_not_count(change: dict[str, Any]) -> None:
    assert read(OURS | change) == ()


def test_a_whole_day_and_an_offset_are_read_too() -> None:
    [whole_day] = read(OURS | {"start": "2026-11-07", "end": "2026-11-08"})
    assert whole_day.end - whole_day.start == 86_400
    [offset] = read(OURS | {"start": "2026-11-07T16:00:00+01:00"})
    assert offset.start == START


@pytest.mark.parametrize(
    "change",
    [
        {"start": None},
        {"end": "canary"},
        {"start": 5},
        {"calendar_id": None},
        {"event_id": 7},
        {"deleted": 1},
    ],
)
def test_one_that_cannot_be_read_is_no_proof_of_anything(change: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer) as caught:
        read(OURS | change)
    assert "canary" not in str(caught.value)


def test_what_is_no_page_of_events_is_never_an_empty_one() -> None:
    for raw in (
        b"{}",
        b'{"pages":{"current":1,"total":1},"free_busy":[]}',
        b'{"pages":{"current":1,"total":2}}',
    ):
        with pytest.raises(BadAnswer):
            read_page(raw, "events")
    with pytest.raises(BadAnswer):
        read(["canary"])


def test_an_event_is_written_in_their_words_and_utc() -> None:
    assert orjson.loads(request_bodies.event(EVENT)) == {
        "event_id": "coachcal-ses_1",
        "summary": "Session with Ada",
        "description": "See you",
        "start": "2026-11-07T15:00:00Z",
        "end": "2026-11-07T16:00:00Z",
        "tzid": "Europe/London",
        "transparency": "opaque",
    }


def test_texts_are_cut_to_what_cronofy_takes() -> None:
    long = ManagedEvent("e", "s" * 2000, "d" * 5000, START, START + 60, "Etc/UTC")
    sent = orjson.loads(request_bodies.event(long))
    assert (len(sent["summary"]), len(sent["description"])) == (1024, 4096)


def test_an_event_keeps_its_texts_out_of_logs() -> None:
    assert "Ada" not in repr(EVENT)
