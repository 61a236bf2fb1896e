"""Importing calendars: the rules, each on a small file of its own; and the real files, in eight
zones.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.workers.sandbox.api import Api, api_of
from workers.cronofy.sandbox import ics
from workers.cronofy.sandbox.control import Control
from workers.cronofy.sandbox.control_link import ControlFailed
from workers.cronofy.sandbox.seeds import Seed, SeedCalendar
from workers.cronofy.sandbox.server import Sandbox

SHARED = Path(__file__).parents[4] / "shared" / "data" / "calendars"
REAL = sorted(SHARED.glob("*.ics"))
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


def event(*lines: str) -> str:
    return "\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT"))


def calendar_of(*parts: str, head: str = "VERSION:2.0") -> bytes:
    return "\r\n".join(
        "\n".join(("BEGIN:VCALENDAR", head, *parts, "END:VCALENDAR", "")).split("\n")
    ).encode()


def read(*parts: str, zone: ZoneInfo = LONDON, head: str = "VERSION:2.0") -> ics.Imported:
    return ics.read(calendar_of(*parts, head=head), zone=zone, since=SINCE, until=UNTIL)


def shown(result: ics.Imported) -> list[str]:
    """`start/end` of each draft, instants with Z, floating times and dates bare."""
    return sorted(f"{_text(one.start)}/{_text(one.end)}" for one in result.drafts)


def _text(moment: date) -> str:
    return moment.isoformat().replace("+00:00", "Z")


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


GOOD = event("UID:good", "SUMMARY:Good", "DTSTART:20260105T100000Z", "DTEND:20260105T110000Z")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (
            event(
                "SUMMARY:Bad",
                'DTSTART;TZID="Europe/Berlin:20260105T100000"',
                "DTEND:20260105T110000Z",
            ),
            "DTSTART",
        ),
        (event("SUMMARY:Bad", "DTSTART:garbage"), "DTSTART"),
        (event("SUMMARY:Bad", "DTSTART:20261399T100000Z"), "DTSTART"),
        (event("SUMMARY:Bad"), "it has no DTSTART"),
        (
            event("SUMMARY:Bad", "DTSTART:20260105T100000Z", "DTEND:20260105T090000Z"),
            "it ends before it starts",
        ),
        (
            event("SUMMARY:Bad", "DTSTART:20260105T100000Z", "DURATION:-PT1H"),
            "it ends before it starts",
        ),
        (event("SUMMARY:Bad", "DTSTART:20260105T100000Z", "RRULE:FREQ=SOMETIMES"), "RRULE"),
        (event("SUMMARY:Bad", "DTSTART:20260105T100000Z", "RRULE:FREQ=DAILY;UNTIL=never"), "RRULE"),
        ("BEGIN:VEVENT\nSUMMARY:Bad\nDTSTART:20260105T100000Z", "it is cut off"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_one_unreadable_event_never_takes_the_rest_with_it(
    bad: str, reason: str, first: bool
) -> None:
    result = read(*((bad, GOOD) if first else (GOOD, bad)))
    assert shown(result) == ["2026-01-05T10:00:00Z/2026-01-05T11:00:00Z"]
    [told] = result.unreadable
    assert told.startswith('event "Bad": ')
    assert reason in told


def test_files_that_are_cut_off_or_dressed_up_are_read() -> None:
    whole = calendar_of(GOOD)
    for data in (
        b"\xef\xbb\xbf" + whole,
        whole.replace(b"\r\n", b"\n"),
        whole.removesuffix(b"END:VCALENDAR\r\n"),
        b"Received: by mail\r\n" + whole,
        whole + whole.replace(b"UID:good", b"UID:other").replace(b"T1", b"T2"),
        whole.replace(b"SUMMARY:Good", "SUMMARY:Grüße\r\n  aus Köln".encode("latin-1")),
        whole.replace(b"SUMMARY:Good", b"SUMMARY:Zo\xc3\r\n \xab folded inside a letter"),
        whole.replace(b"UID:good\r\n", b""),
        whole.replace(
            b"BEGIN:VEVENT",
            b"BEGIN:VTODO\r\nDUE:x\r\nEND:VTODO\r\nBEGIN:VEVENT\r\nthis is no property",
        ),
    ):
        found = ics.read(data, zone=LONDON, since=SINCE, until=UNTIL)
        assert shown(found)[0] == "2026-01-05T10:00:00Z/2026-01-05T11:00:00Z"
        assert found.unreadable == []


def test_a_vtimezone_that_cannot_be_read_is_told_and_left_out() -> None:
    broken = OWN_ZONE.format(summer="-0400", winter="-0500").replace("16010101T020000", "x")
    result = read(broken, GOOD)
    assert len(result.drafts) == 1
    assert "VTIMEZONE" in result.notes[0]


def test_events_that_share_a_uid_by_mistake_both_stay_and_a_newer_version_wins() -> None:
    other = GOOD.replace("20260105", "20260106")
    assert len(read(GOOD, other).drafts) == 2
    newer = other.replace("UID:good", "UID:good\nSEQUENCE:2")
    assert shown(read(GOOD, newer)) == ["2026-01-06T10:00:00Z/2026-01-06T11:00:00Z"]


def test_a_file_without_events_is_refused(control: Control, calendar: str) -> None:
    for text in ("", "hello", "BEGIN:VCALENDAR\nEND:VCALENDAR"):
        with pytest.raises(ControlFailed, match="no VEVENT"):
            control.import_ics(calendar, text)


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
    pushes = [one for one in control.wait_for_deliveries(2) if one["channel_id"] == channel]
    assert sorted(one["type"] for one in pushes) == ["change", "verification"]
    # When it is replaced, nothing of it stays
    control.import_ics(calendar, calendar_of(GOOD.replace("2026", "2027")).decode(), replace=True)
    assert len(api.free_busy(**everything)) == 1


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
