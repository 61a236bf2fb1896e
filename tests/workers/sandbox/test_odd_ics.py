"""What exporters write against the rules: one odd event takes no other with it, and none is
silently free.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from tests.support.sandbox import Control
from tests.workers.sandbox.ics import GOOD, GOOD_TIME, LONDON, event, read, shown

TIME = ("DTSTART:20260112T100000Z", "DTEND:20260112T110000Z")
TIME_SHOWN = "2026-01-12T10:00:00Z/2026-01-12T11:00:00Z"
# Every property that a VEVENT may have once (RFC 5545, 3.6.1), with a value of it.
ONCE = {
    "CLASS": "PUBLIC",
    "CREATED": "20260101T000000Z",
    "DESCRIPTION": "about it",
    "DTSTAMP": "20260101T000000Z",
    "DTSTART": "20260112T100000Z",
    "DTEND": "20260112T110000Z",
    "DURATION": "PT1H",
    "GEO": "37.386013;-122.082932",
    "LAST-MODIFIED": "20260101T000000Z",
    "LOCATION": "Room 1",
    "ORGANIZER": "mailto:ada@school.example",
    "PRIORITY": "1",
    "RECURRENCE-ID": "20260112T100000Z",
    "RRULE": "FREQ=DAILY;COUNT=1",
    "SEQUENCE": "1",
    "STATUS": "CONFIRMED",
    "SUMMARY": "Odd",
    "TRANSP": "OPAQUE",
    "UID": "odd",
    "URL": "https://school.example",
}
NEEDED = {"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE"}
"""What an event cannot be placed without."""


def lines_with(name: str, *values: str) -> list[str]:
    """An event's lines, with this property once for each of the values, each with what stands
    before it.
    """
    usual = {"SUMMARY": "Odd", "DTSTART": ONCE["DTSTART"], "DTEND": ONCE["DTEND"]}
    if name == "DURATION":
        del usual["DTEND"]
    usual.pop(name, None)
    return [
        *(f"{key}:{value}" for key, value in usual.items()),
        *(f"{name}{value}" for value in values),
    ]


@pytest.mark.parametrize("name", ONCE)
def test_what_is_given_twice_alike_is_given_once(name: str) -> None:
    result = read(event(*lines_with(name, f":{ONCE[name]}", f":{ONCE[name]}")), GOOD)
    assert shown(result) == [GOOD_TIME, TIME_SHOWN]
    assert result.unreadable == result.notes == []


@pytest.mark.parametrize("name", ONCE)
def test_what_is_given_twice_unlike_is_read_and_told(name: str) -> None:
    other = {
        "DTSTART": "20260112T103000Z",
        "DTEND": "20260112T114500Z",
        "DURATION": "PT2H",
        "RRULE": "FREQ=DAILY",
    }
    result = read(event(*lines_with(name, f":{ONCE[name]}", f":{other.get(name, '2')}")), GOOD)
    assert GOOD_TIME in shown(result)
    assert TIME_SHOWN in shown(result)
    assert name == "RRULE" or name in "".join(result.notes)


@pytest.mark.parametrize(
    "value", [":", ":1.0", ":gar bage", ";X=:y", ";VALUE=DATE:x", ";VALUE=PERIOD:x", ";TZID=:x"]
)
@pytest.mark.parametrize("name", ONCE)
def test_what_cannot_be_read_takes_no_event_with_it(name: str, value: str) -> None:
    result = read(
        event(*lines_with(name, value)),
        GOOD,
        event("UID:3", "DTSTART:20260301T100000Z", "DURATION:PT1H"),
    )
    assert GOOD_TIME in shown(result)
    assert "2026-03-01T10:00:00Z/2026-03-01T11:00:00Z" in shown(result)
    # Its own event stays where it can be placed, and else it is told
    assert TIME_SHOWN in shown(result) or (name in NEEDED and name in "".join(result.unreadable))


def test_an_import_over_the_wire_tells_what_it_could_not_read(
    control: Control, calendar: str
) -> None:
    odd = event(*lines_with("SEQUENCE", ":1.0")).replace("2026", "2027")
    report = control.import_ics(calendar, f"BEGIN:VCALENDAR\n{odd}\nEND:VCALENDAR")
    assert (report["imported"], report["unreadable"]) == (1, [])
    assert report["notes"] == ['event "Odd": SEQUENCE cannot be read and is left out']


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("TRANSP:TRANSPARENT", "TRANSP:TRANSPARENT"), ["free"]),
        (("TRANSP:TRANSPARENT", "TRANSP:OPAQUE"), ["busy"]),
        (("TRANSP:OPAQUE", "TRANSP:TRANSPARENT"), ["busy"]),
        (("STATUS:CANCELLED", "STATUS:CANCELLED"), []),
        (("STATUS:CONFIRMED", "STATUS:CANCELLED"), ["busy"]),
        (("status:cancelled", "STATUS:CANCELLED"), []),
        (("X-MICROSOFT-CDO-BUSYSTATUS:FREE",) * 2, ["free"]),
        (("X-MICROSOFT-CDO-BUSYSTATUS:FREE", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"), ["busy"]),
    ],
)
def test_what_is_given_twice_blocks_unless_both_say_that_it_does_not(
    lines: Sequence[str], status: list[str]
) -> None:
    assert [draft.free_busy for draft in read(event("UID:1", *TIME, *lines)).drafts] == status


def test_what_an_alarm_says_is_not_the_event_s() -> None:
    alarm = (
        "BEGIN:VALARM",
        "DURATION:PT5M",
        "REPEAT:1",
        "SUMMARY:Alarm",
        "TRIGGER:-PT15M",
        "END:VALARM",
    )
    result = read(
        event("UID:1", "SUMMARY:Own", "DTSTART:20260112T100000Z", *alarm, "DURATION:PT1H")
    )
    assert shown(result) == [TIME_SHOWN]
    assert result.notes == []


@pytest.mark.parametrize("day", ["", "T000000"])
def test_what_lasts_from_the_first_day_to_the_last_blocks(day: str) -> None:
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue")):
        assert (
            len(
                read(
                    event(f"DTSTART:00010101{day}", f"DTEND:99991231{day}"), GOOD, zone=zone
                ).drafts
            )
            == 2
        )


def test_empty_and_odd_lines_are_no_properties() -> None:
    result = read(
        event(
            "UID:1",
            "",
            *TIME,
            "",
            " ",
            "ATTENDEE:mailto:a@b.example",
            "ATTENDEE:mailto:c@b.example",
        )
    )
    assert shown(result) == [TIME_SHOWN]
    assert result.notes == []


@pytest.mark.parametrize(
    "start", ["00010101", "99991231", "00010101T000000", "99991231T235959", "99991231T235959Z"]
)
@pytest.mark.parametrize(
    "more", ["DURATION:P400W", "RRULE:FREQ=YEARLY", "RRULE:FREQ=SECONDLY;COUNT=2"]
)
def test_the_ends_of_time_take_nothing_with_them(start: str, more: str) -> None:
    for zone in (LONDON, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue")):
        assert GOOD_TIME in shown(
            read(event("SUMMARY:Odd", f"DTSTART:{start}", more), GOOD, zone=zone)
        )
