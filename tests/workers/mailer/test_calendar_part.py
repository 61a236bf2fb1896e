"""The calendar part: valid by the RFCs, readable by a second library, harmless whoever is in it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import vobject  # type: ignore[import-untyped]  # it has no types
from hypothesis import given
from hypothesis import strategies as st

from domain.mail.invitations import Address, Invitation
from domain.mail.safety import one_line
from tests.domain.letters import NASTY, NOW, SENDER, composed, named
from tests.workers.mailer import rfc
from workers.mailer import Unfaithful, letters
from workers.mailer.calendar_part import calendar

INVITATION = cast(Invitation, composed().invitation)


def written_for(name: str, **changes: Any) -> bytes:
    mail = letters.write(replace(named(name), **changes), "default", sender=SENDER, now=NOW)
    assert mail.invitation is not None
    return calendar(mail.invitation)


def test_a_request_line_by_line() -> None:
    assert calendar(INVITATION).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "PRODID:-//coachcal//sessions//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:uid-1@example.com",
        "SEQUENCE:0",
        "DTSTAMP:20260601T080000Z",
        "DTSTART:20260602T100000Z",
        "DTEND:20260602T110000Z",
        "ORGANIZER;CN=Coaching:mailto:sessions@coaching.example",
        'ATTENDEE;CN="Grace Hopper";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP',
        " =FALSE:mailto:grace@example.com",
        "SUMMARY:Session with Ada Lovelace",
        "DESCRIPTION:New Leaders",
        "STATUS:CONFIRMED",
        "URL:https://example.com/me?a=1&b=2",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


@pytest.mark.parametrize(
    ("kind", "pod", "method", "status"),
    [
        ("booked", False, "REQUEST", "CONFIRMED"),
        ("rebooked", False, "REQUEST", "CONFIRMED"),
        ("cancelled", False, "CANCEL", "CANCELLED"),
        ("seat_left", True, "CANCEL", None),
        ("missed", False, "CANCEL", "CANCELLED"),
    ],
)
def test_every_kind_is_valid_and_a_second_library_reads_it(
    kind: str, pod: bool, method: str, status: str | None
) -> None:
    written = written_for("Grace", kind=kind, pod=pod, version=2, sequence=1, previous_starts=0)
    assert rfc.problems(written) == []
    read = vobject.readOne(written.decode())
    assert read.method.value == method
    assert read.vevent.dtstart.value == datetime(2026, 6, 2, 10, tzinfo=UTC)
    assert read.vevent.dtend.value == datetime(2026, 6, 2, 11, tzinfo=UTC)
    assert read.vevent.sequence.value == "1"
    assert read.vevent.uid.value == "uid-1@example.com"
    assert read.vevent.organizer.value == "mailto:sessions@coaching.example"
    assert (read.vevent.status.value if "status" in read.vevent.contents else None) == status


@pytest.mark.parametrize("name", NASTY)
def test_no_name_adds_a_line_an_attendee_or_a_parameter(name: str) -> None:
    written = written_for(name)
    assert rfc.problems(written) == []
    assert len(written.decode().splitlines()) == written.count(b"\r\n")
    read = vobject.readOne(written.decode())
    assert [attendee.value for attendee in read.vevent.attendee_list] == [
        "mailto:grace@example.com"
    ]
    assert sorted(read.vevent.attendee.params) == ["CN", "PARTSTAT", "ROLE", "RSVP"]
    assert one_line(name).replace("\\", "/") in read.vevent.summary.value


@given(st.text(min_size=1))
def test_no_text_at_all_breaks_it(name: str) -> None:
    if one_line(name):
        assert rfc.problems(written_for(name)) == []


def test_it_holds_no_address_but_the_recipient_s_and_the_organizer_s() -> None:
    written = written_for("Grace", pod=True, participant_name="Eve <eve@example.com>")
    assert b"Eve" not in written
    assert written.replace(b"\r\n ", b"").count(b"mailto:") == 2


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "x\u2028ATTENDEE:mailto:eve@example.com"},
        {"summary": "x\x0by"},
        {"attendee": Address("x", "grace@example.com\nATTENDEE:mailto:eve@example.com")},
        {"organizer": Address("", "a@example.com\r\nMETHOD:CANCEL")},
        {"uid": "x\r\nSTATUS:CANCELLED"},
        {"url": "https://x.example\nX-EVIL:1"},
        {"description": "a\x85b"},
    ],
)
def test_what_was_not_cleaned_is_caught_when_it_is_read_back(change: dict[str, Any]) -> None:
    """The second of two locks: `domain.mail.safety` is the first."""
    hostile: Invitation = replace(INVITATION, **change)
    with pytest.raises((Unfaithful, ValueError)):
        calendar(hostile)


def test_what_stands_before_an_at_makes_no_headers_of_an_attendee() -> None:
    person = Address("Jo", "a?bcc=eve%0d@example.com")
    written = calendar(replace(INVITATION, attendee=person)).decode().replace("\r\n ", "")
    assert ":mailto:a%3Fbcc%3Deve%250d@example.com\r\n" in written
