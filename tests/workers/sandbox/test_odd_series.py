"""What exporters write against the rules of days, zones and series: no occurrence is lost, and none
stands twice.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from tests.workers.sandbox.ics import GOOD, GOOD_TIME, LONDON, event, read, shown

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "lines",
    [
        ("DTEND;VALUE=DATE:20260112",),
        ("DTEND;VALUE=DATE:20260110",),
        ("DTEND:20260112",),
        ("DURATION:P0D",),
        ("DURATION:PT0S",),
        ("DURATION:-P1D",),
        ("DTEND;VALUE=DATE:20260112", "RRULE:FREQ=DAILY;COUNT=1"),
        (),
    ],
)
def test_an_all_day_event_that_ends_no_later_than_it_starts_is_that_one_day(
    lines: Sequence[str],
) -> None:
    result = read(event("UID:1", "DTSTART;VALUE=DATE:20260112", *lines))
    assert shown(result) == ["2026-01-12/2026-01-13"]
    assert result.unreadable == []


@pytest.mark.parametrize(
    ("start", "until", "last"),
    [
        # A date means that day's end, where the series is
        (";TZID=Europe/Berlin:20260323T090000", "20260325", "2026-03-25T08:00:00Z"),
        (";TZID=America/New_York:20260323T210000", "20260325", "2026-03-26T01:00:00Z"),
        (";TZID=Asia/Tokyo:20260323T070000", "20260325", "2026-03-24T22:00:00Z"),
        (":20260323T090000Z", "20260325", "2026-03-25T09:00:00Z"),
        (":20260323T090000", "20260325", "2026-03-25T09:00:00"),
        # A wall time is the series' own
        (";TZID=America/New_York:20260323T210000", "20260325T210000", "2026-03-26T01:00:00Z"),
        # An instant, for a series that floats, is placed where the coach is
        (":20260330T140000", "20260401T130000Z", "2026-04-01T14:00:00"),
        # And what is written as it should be stays
        (";TZID=Europe/Berlin:20260323T090000", "20260325T080000Z", "2026-03-25T08:00:00Z"),
        (";TZID=Europe/Berlin:20260323T090000", "20260325T075959Z", "2026-03-24T08:00:00Z"),
    ],
)
def test_a_timed_series_keeps_its_last_occurrence(start: str, until: str, last: str) -> None:
    result = read(
        event("UID:1", f"DTSTART{start}", "DURATION:PT1H", f"RRULE:FREQ=DAILY;UNTIL={until}")
    )
    assert shown(result)[-1].partition("/")[0] == last
    assert result.unreadable == []


@pytest.mark.parametrize(
    ("until", "zone", "last"),
    [
        ("20260114T230000Z", BERLIN, 15),  # midnight there, as is each of these
        ("20260114T230000Z", LONDON, 15),
        ("20260115T050000Z", NEW_YORK, 15),
        ("20260114T110000Z", ZoneInfo("Pacific/Auckland"), 15),
        ("20260115T000000Z", NEW_YORK, 15),  # a date that was written as a time
        ("20260115T000000", NEW_YORK, 15),
        ("20260115T225959Z", BERLIN, 15),  # the end of the day
        ("20260115T235959Z", BERLIN, 15),
        ("20260116T045959Z", NEW_YORK, 15),
        ("20260115", BERLIN, 15),
    ],
)
def test_an_all_day_series_keeps_its_last_day(until: str, zone: ZoneInfo, last: int) -> None:
    series = event("UID:1", "DTSTART;VALUE=DATE:20260112", f"RRULE:FREQ=DAILY;UNTIL={until}")
    result = read(series, zone=zone)
    assert shown(result)[-1] == f"2026-01-{last}/2026-01-{last + 1}"


ZONE = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:19961027T020000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19810329T010000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


@pytest.mark.parametrize("name", ["GMT", "UTC", "Etc/GMT", "Europe/Dublin", "EST"])
def test_a_zone_that_the_file_defines_is_as_the_file_defines_it(name: str) -> None:
    london = ZONE.format(name=name, winter="+0000", summer="+0100")
    meeting = event("UID:1", f"DTSTART;TZID={name}:20260705T100000", "DURATION:PT1H")
    for parts in ((london, meeting), (meeting, london)):
        [draft] = read(*parts).drafts
        assert draft.start.isoformat() == "2026-07-05T09:00:00+00:00"
    # And the next file has its own again
    [draft] = read(
        event("UID:1", "DTSTART;TZID=Europe/Dublin:20260705T100000", "DURATION:PT1H")
    ).drafts
    assert draft.tzid == "Europe/Dublin"


def test_a_zone_that_the_file_defines_as_it_is_keeps_its_name() -> None:
    zone = ZONE.format(name="Europe/Berlin", winter="+0100", summer="+0200").replace(
        "T010000", "T020000"
    )
    [draft] = read(
        zone.replace("19961027T020000", "19961027T030000"),
        event("UID:1", "DTSTART;TZID=Europe/Berlin:20260705T100000", "DURATION:PT1H"),
    ).drafts
    assert draft.tzid == "Europe/Berlin"


TIMED = event(
    "UID:w",
    "DTSTART;TZID=Europe/Berlin:20260323T090000",
    "DURATION:PT1H",
    "RRULE:FREQ=WEEKLY;COUNT=3",
)
DAYS = event("UID:w", "DTSTART;VALUE=DATE:20260323", "RRULE:FREQ=WEEKLY;COUNT=3")
FLOATING = TIMED.replace(";TZID=Europe/Berlin", "")


@pytest.mark.parametrize("zone", [BERLIN, LONDON])
@pytest.mark.parametrize(
    ("series", "recurrence_id"),
    [
        (TIMED, ";VALUE=DATE:20260330"),
        (TIMED, ":20260330"),
        (TIMED, ":20260330T090000"),
        (TIMED, ":20260330T070000Z"),
        (TIMED, ";TZID=America/New_York:20260330T030000"),
        (DAYS, ";VALUE=DATE:20260330"),
        (DAYS, ":20260330T000000"),
        (DAYS, ":20260330T000000Z"),
        (DAYS, ":20260329T220000Z"),
        (DAYS, ";TZID=Europe/Berlin:20260330T000000"),
        (FLOATING, ";VALUE=DATE:20260330"),
        (FLOATING, ":20260330T090000"),
    ],
)
def test_an_override_replaces_its_occurrence_however_it_names_it(
    series: str, recurrence_id: str, zone: ZoneInfo
) -> None:
    moved = event(
        "UID:w",
        f"RECURRENCE-ID{recurrence_id}",
        "DTSTART:20260401T120000Z",
        "DTEND:20260401T130000Z",
    )
    for parts in ((series, moved), (moved, series)):
        found = read(*parts, zone=zone)
        assert len(found.drafts) == 3
        assert "2026-04-01T12:00:00Z/2026-04-01T13:00:00Z" in shown(found)
        assert not any("2026-03-30" in one for one in shown(found))


@pytest.mark.parametrize(
    ("series", "exdate"),
    [
        (TIMED, ";VALUE=DATE:20260330"),
        (TIMED, ":20260330T090000"),
        (DAYS, ":20260330T000000Z"),
        (DAYS, ":20260329T220000Z"),
        (DAYS, ";TZID=Europe/Berlin:20260330T000000"),
        (FLOATING, ";VALUE=DATE:20260330"),
    ],
)
def test_what_is_taken_out_of_a_series_is_out_however_it_is_named(series: str, exdate: str) -> None:
    found = read(series.replace("COUNT=3", f"COUNT=3\nEXDATE{exdate}"), zone=BERLIN)
    assert len(found.drafts) == 2
    assert not any("2026-03-30" in one for one in shown(found))


def test_an_override_that_cannot_be_placed_leaves_the_series() -> None:
    odd = event(
        "UID:w",
        "SUMMARY:Odd",
        "RECURRENCE-ID:99991231T235959Z",
        "DTSTART:00010101T000000Z",
        "DURATION:P1W",
    )
    found = read(TIMED, odd, GOOD)
    assert GOOD_TIME in shown(found)
    assert len(found.drafts) == 4
