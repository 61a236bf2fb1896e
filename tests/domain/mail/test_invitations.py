"""What goes into a recipient's calendar over the life of a booking: RFC 5546, as values."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain import mail
from domain.mail import MailFacts
from domain.mail.invitations import Invitation, method_of, status_of
from tests.domain.letters import FACTS, NOW, SENDER, WORDING, composed


def invitation(**changes: Any) -> Invitation:
    found = composed(**changes).invitation
    assert found is not None
    return found


def test_a_booking_s_life_is_one_uid_and_a_growing_sequence() -> None:
    life = [("booked", 1, 0), ("rebooked", 2, 1), ("rebooked", 3, 2), ("cancelled", 4, 3)]
    parts = [
        invitation(kind=kind, version=version, sequence=sequence)
        for kind, version, sequence in life
    ]
    assert [part.method for part in parts] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [part.sequence for part in parts] == [0, 1, 2, 3]
    assert {part.uid for part in parts} == {"uid-1@example.com"}
    assert {part.organizer for part in parts} == {SENDER.organizer}


def test_a_cancelled_session_says_so() -> None:
    assert invitation(kind="cancelled").status == "CANCELLED"
    assert invitation(kind="cancelled", pod=True).status == "CANCELLED"


def test_leaving_a_pod_cancels_for_that_person_without_a_status() -> None:
    """RFC 5546 3.2.5: STATUS:CANCELLED would cancel the event for everybody."""
    part = invitation(kind="seat_left", pod=True)
    assert (part.method, part.status) == ("CANCEL", None)
    assert part.attendee.email == "grace@example.com"


def test_a_late_cancellation_leaves_the_calendar_and_a_no_show_stays() -> None:
    late = invitation(kind="missed")
    assert (late.method, late.status) == ("CANCEL", "CANCELLED")
    assert invitation(kind="missed", pod=True).status is None, "the others of the pod go on"
    after = datetime.fromtimestamp(FACTS.starts or 0, UTC)
    assert composed(kind="missed", changed_at=after).invitation is None


@pytest.mark.parametrize("kind", ["reminder", "relink"])
def test_a_mail_that_changes_nothing_leaves_the_calendar_alone(kind: str) -> None:
    assert method_of(kind, before_start=True) is None


def test_a_coach_gets_no_invitation_unless_asked_for() -> None:
    """The session is written into the coach's calendar by us; an invitation would be a second,
    foreign, event.
    """
    coach = replace(FACTS.recipient, role="coach", email="ada@example.com")
    assert composed(recipient=coach).invitation is None
    assert invitation(recipient=coach, invite=True).attendee.email == "ada@example.com"
    assert composed(invite=False).invitation is None


def test_a_request_is_confirmed() -> None:
    assert status_of("REQUEST", goes_on=True) == "CONFIRMED"


def test_instants_are_utc_and_the_stamp_is_when_the_change_was_made() -> None:
    """However often the mail is tried, or how late: RFC 5546 2.1.5 orders equal sequences by
    DTSTAMP.
    """
    part = mail.compose(
        FACTS, WORDING, {}, sender=SENDER, now=datetime(2026, 7, 1, tzinfo=UTC)
    ).invitation
    assert part is not None
    assert part.dtstamp == NOW
    assert part.starts == datetime(2026, 6, 2, 10, tzinfo=UTC)
    assert part.starts.tzinfo == part.ends.tzinfo == part.dtstamp.tzinfo == UTC


def test_a_mail_about_no_session_has_no_invitation() -> None:
    assert composed(uid=None).invitation is None
    assert composed(starts=None, ends=None).invitation is None


def test_the_summary_is_one_clean_line() -> None:
    part = invitation(coach_name="Ada\r\nATTENDEE:mailto:eve@example.com\u2028x")
    assert part.summary == "Session with Ada ATTENDEE:mailto:eve@example.com x"


def test_the_facts_come_back_from_json_as_they_went() -> None:
    assert MailFacts.of_json(FACTS.as_json()) == FACTS
