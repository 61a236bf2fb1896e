"""Importing calendars: the rules, each on a small file of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.sandbox import Control
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.ics import (
    GOOD,
    OWN_ZONE,
    UNTIL,
    calendar_of,
    event,
    read,
    shown,
)
from workers.cronofy.sandbox import ics


def test_dates_and_times_are_kept_as_what_they_are() -> None:
    result = read(
        event("UID:1", "DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260107"),
        event("UID:2", "DTSTART:20260106", "DTEND:20260107"),
        event("UID:3", "DTSTART;VALUE=DATE:20260108"),
        event(
            "UID:4",
            "DTSTART;TZID=Europe/Berlin;VALUE=DATE:20260109",
            "DTEND;TZID=Europe/Berlin:20260110",
        ),
        event("UID:5", "DTSTART:20260110T101530", "DTEND:20260110T111559"),
        event("UID:6", "DTSTART:20260111T101530Z", "DURATION:PT1H0M29S"),
        event(
            "UID:7",
            "DTSTART;TZID=Australia/Sydney:20260112T000000",
            "DTEND;TZID=Europe/London:20260111T150000",
        ),
    )
    assert shown(result) == [
        "2026-01-05/2026-01-07",
        "2026-01-06/2026-01-07",
        "2026-01-08/2026-01-09",
        "2026-01-09/2026-01-10",
        "2026-01-10T10:15:30/2026-01-10T11:15:59",
        "2026-01-11T10:15:30Z/2026-01-11T11:15:59Z",
        "2026-01-11T13:00:00Z/2026-01-11T15:00:00Z",
    ]
    assert result.unreadable == result.notes == []


def test_an_event_without_end_or_duration_has_no_length() -> None:
    assert shown(read(event("UID:1", "DTSTART:20260105T100000Z"))) == [
        "2026-01-05T10:00:00Z/2026-01-05T10:00:00Z"
    ]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), "busy"),
        (("TRANSP:OPAQUE", "STATUS:CONFIRMED"), "busy"),
        (("TRANSP:TRANSPARENT",), "free"),
        (("STATUS:TENTATIVE",), "tentative"),
        (("TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"), "free"),
        (("X-MICROSOFT-CDO-BUSYSTATUS:OOF",), "busy"),
        (("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",), "busy"),
        (("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",), "tentative"),
    ],
)
def test_what_blocks(lines: Sequence[str], status: str) -> None:
    [draft] = read(
        event("UID:1", "DTSTART:20260105T100000Z", "DTEND:20260105T110000Z", *lines)
    ).drafts
    assert draft.free_busy == status


def test_a_cancelled_event_is_not_there() -> None:
    result = read(
        event("UID:1", "DTSTART:20260105T100000Z", "DTEND:20260105T110000Z", "STATUS:CANCELLED")
    )
    assert (result.drafts, result.cancelled) == ([], 1)


WEEKLY = event(
    "UID:w",
    "DTSTART;TZID=Europe/Berlin:20260323T090000",
    "DURATION:PT1H",
    "RRULE:FREQ=WEEKLY;COUNT=3",
)


def override(recurrence_id: str, *lines: str) -> str:
    return event("UID:w", f"RECURRENCE-ID{recurrence_id}", *lines)


def test_a_series_keeps_its_wall_time_over_a_change_of_the_clocks() -> None:
    assert [one.partition("/")[0] for one in shown(read(WEEKLY))] == [
        "2026-03-23T08:00:00Z",
        "2026-03-30T07:00:00Z",
        "2026-04-06T07:00:00Z",
    ]


def test_an_override_takes_the_place_of_its_instance() -> None:
    moved = override(
        ";TZID=Europe/Berlin:20260330T090000", "DTSTART:20260331T230000Z", "DTEND:20260401T011500Z"
    )
    assert [one.partition("/")[0] for one in shown(read(WEEKLY, moved))] == [
        "2026-03-23T08:00:00Z",
        "2026-03-31T23:00:00Z",
        "2026-04-06T07:00:00Z",
    ]


def test_a_cancelled_override_takes_its_instance_away() -> None:
    gone = override(
        ":20260330T070000Z",
        "DTSTART:20260330T070000Z",
        "DTEND:20260330T080000Z",
        "STATUS:CANCELLED",
    )
    assert len(read(WEEKLY, gone).drafts) == 2


@pytest.mark.parametrize(
    ("series", "recurrence_id"),
    [
        (WEEKLY, ":20260401T070000Z"),  # not a Monday
        (WEEKLY, ":20260525T070000Z"),  # after the last
        (
            WEEKLY.replace("COUNT=3", "COUNT=3\nEXDATE;TZID=Europe/Berlin:20260330T090000"),
            ":20260330T070000Z",
        ),
        ("", ":20260330T070000Z"),  # the series is missing
    ],
    ids=["no such instance", "after the end", "an instance that EXDATE took", "no series"],
)
def test_an_orphaned_override_is_an_event_of_its_own(series: str, recurrence_id: str) -> None:
    orphan = override(recurrence_id, "DTSTART:20260512T100000Z", "DTEND:20260512T110000Z")
    found = shown(read(series, orphan) if series else read(orphan))
    assert "2026-05-12T10:00:00Z/2026-05-12T11:00:00Z" in found
    assert len(found) == {"": 1}.get(series, 3 if "EXDATE" in series else 4)


def test_floating_times_are_the_coachs_and_x_wr_timezone_is_not_used() -> None:
    series = event(
        "UID:f", "DTSTART:20260326T140000", "DTEND:20260326T150000", "RRULE:FREQ=WEEKLY;COUNT=2"
    )
    result = read(series, head="VERSION:2.0\nX-WR-TIMEZONE:US/Pacific")
    assert shown(result) == [
        "2026-03-26T14:00:00/2026-03-26T15:00:00",
        "2026-04-02T14:00:00/2026-04-02T15:00:00",
    ]


def test_the_window_is_cut_in_the_coachs_zone() -> None:
    lone = calendar_of(event("UID:1", "DTSTART:20260105T230000", "DTEND:20260105T233000"))
    evening = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
    for zone, count in (("Europe/London", 1), ("Europe/Berlin", 0), ("America/New_York", 1)):
        assert len(ics.read(lone, zone=ZoneInfo(zone), since=evening, until=UNTIL).drafts) == count


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Europe/Berlin", "Europe/Berlin"),
        ('"Europe/Berlin"', "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("US Mountain Standard Time", "America/Phoenix"),
    ],
)
def test_zones_without_a_vtimezone_are_known_by_name(tzid: str, zone: str) -> None:
    [draft] = read(event("UID:1", f"DTSTART;TZID={tzid}:20260105T100000", "DURATION:PT1H")).drafts
    assert draft.start == datetime(2026, 1, 5, 10, tzinfo=ZoneInfo(zone))


def test_each_files_own_vtimezone_explains_its_own_name() -> None:
    """Two people with a "Customized Time Zone" each: icalendar would use the first
    one's for both.
    """
    meeting = event("UID:1", "DTSTART;TZID=Customized Time Zone:20260705T100000", "DURATION:PT1H")
    for summer, winter, utc in (("-0400", "-0500", 14), ("+0630", "+0530", 3)):
        [draft] = read(
            meeting, OWN_ZONE.format(summer=summer, winter=winter)
        ).drafts  # a zone may come last, too
        assert draft.start.astimezone(UTC).hour == utc  # type: ignore[attr-defined]
    unexplained = read(meeting)
    assert shown(unexplained) == ["2026-07-05T10:00:00/2026-07-05T11:00:00"]
    assert unexplained.notes == [
        (
            'the time zone "Customized Time Zone" is unknown and the file does not explain it: read'
            " as the coach's own"
        )
    ]


def test_an_import_shows_in_reads_and_pings_once(api: Api, control: Control, calendar: str) -> None:
    # Given a series without end, floating, from a year ago
    text = event(
        "UID:1",
        "DTSTART:20251103T090000",
        "DTEND:20251103T100000",
        "RRULE:FREQ=WEEKLY",
        "SUMMARY:Stand-up",
    )
    channel = api.open_channel("http://127.0.0.1:9/hook")
    # When it is imported at the sandbox's now, 2026-11-02
    report = control.import_ics(calendar, calendar_of(text).decode())
    # Then there are occurrences from 60 days back to 400 ahead
    assert report == {"imported": 66, "cancelled": 0, "unreadable": [], "notes": []}
    everything = {"from": "2025-01-01", "to": "2029-01-01"}
    items = api.free_busy(**everything)
    assert (items[0]["start"], items[-1]["start"]) == (
        "2026-09-07T08:00:00Z",
        "2027-12-06T09:00:00Z",
    )
    assert api.events(**everything)[0]["recurring"] is True
    # Nobody takes them: each is tried again soon.
    pushes = [
        one
        for one in control.wait_for_deliveries(2)
        if one["channel_id"] == channel and one["attempt"] == 1
    ]
    assert sorted(one["type"] for one in pushes) == ["change", "verification"]
    # When it is replaced, nothing of it stays
    control.import_ics(calendar, calendar_of(GOOD.replace("2026", "2027")).decode(), replace=True)
    assert len(api.free_busy(**everything)) == 1
