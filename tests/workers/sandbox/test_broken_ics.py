"""Importing calendars that are cut off, unreadable in a part, or empty: the rest is read, and the
rest is told.
"""

import pytest

from tests.support.sandbox import Control
from tests.workers.sandbox.ics import (
    GOOD,
    LONDON,
    OWN_ZONE,
    SINCE,
    UNTIL,
    calendar_of,
    event,
    read,
    shown,
)
from workers.cronofy.sandbox import ics
from workers.cronofy.sandbox.control import ControlFailed


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
