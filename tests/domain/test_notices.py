"""Who is told of a change, and by when of what."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.mail import Kind
from domain.notices import Change, Contact, Notice, facts_now, notices
from domain.sessions import Booking, Context, Session
from tests.support import people
from tests.support.people import at

TEN = at(8, 10)
SESSION = Session(
    "ses_1", "ada", "one_to_one", TEN, TEN + 3600, 900, people.NOW, context=people.PROGRAMME
)
POD = replace(SESSION, id="ses_pod", kind="pod", capacity=4, format="open", title="Feedback")
BOOKING = Booking(
    "bkg_1", "ses_1", people.GRACE, people.PROGRAMME, "1@example.test", people.NOW, people.NOW
)
ADA = Contact("ada", "Ada Lovelace", "ada@example.test", "Europe/London", "en", written_to=True)


def told(
    change: Change, coach: Contact = ADA, now: datetime = people.NOW
) -> list[tuple[str, str, datetime]]:
    found = notices(change, coach, people.terms(now))
    return [(it.facts.kind, it.facts.recipient.role, it.due_at) for it in found]


def first(change: Change, coach: Contact = ADA) -> Notice:
    return next(notices(change, coach, people.terms()))


@pytest.mark.parametrize("kind", ["booked", "rebooked"])
def test_a_new_time_is_told_to_both_now_and_both_are_reminded_of_it(kind: Kind) -> None:
    day_before = datetime.fromtimestamp(TEN - 86_400, people.NOW.tzinfo)
    assert told(Change(kind, SESSION, BOOKING)) == [
        (kind, "participant", people.NOW),
        (kind, "coach", people.NOW),
        ("reminder", "participant", day_before),
        ("reminder", "coach", day_before),
    ]


@pytest.mark.parametrize("kind", ["cancelled", "seat_left", "missed"])
def test_an_ending_is_told_to_both_and_nobody_is_reminded(kind: Kind) -> None:
    assert told(Change(kind, SESSION, BOOKING)) == [
        (kind, "participant", people.NOW),
        (kind, "coach", people.NOW),
    ]


def test_a_pod_s_participant_is_reminded_three_days_before_and_its_coach_is_not() -> None:
    reminders = [it for it in told(Change("booked", POD, BOOKING)) if it[0] == "reminder"]
    assert reminders == [
        ("reminder", "participant", datetime.fromtimestamp(TEN - 3 * 86_400, people.NOW.tzinfo))
    ]


@pytest.mark.parametrize(("hours", "reminded"), [(23, False), (24, False), (25, True)])
def test_nobody_is_reminded_of_a_session_that_is_as_near_as_its_reminder(
    hours: int, *, reminded: bool
) -> None:
    now = datetime.fromtimestamp(TEN, people.NOW.tzinfo) - timedelta(hours=hours)
    kinds = [kind for kind, _, _ in told(Change("booked", SESSION, BOOKING), now=now)]
    assert ("reminder" in kinds) is reminded


def test_a_coach_without_an_address_is_told_nothing() -> None:
    silent = replace(ADA, email=None)
    roles = {role for _, role, _ in told(Change("booked", SESSION, BOOKING), silent)}
    assert roles == {"participant"}


def test_a_change_that_is_no_news_to_the_coach_still_reaches_the_participant() -> None:
    assert told(Change("cancelled", POD, BOOKING, tells_coach=False)) == [
        ("cancelled", "participant", people.NOW)
    ]


def test_the_coach_reads_whose_booking_it_is_and_never_the_participant_s_address() -> None:
    mine, theirs = list(notices(Change("booked", SESSION, BOOKING), ADA, people.terms()))[:2]
    assert (mine.facts.participant_name, theirs.facts.participant_name) == (None, "Grace Hopper")
    assert (mine.facts.my_page_url, theirs.facts.my_page_url) == ("https://os.test/me", None)
    assert "grace@example.test" not in str(theirs.facts.as_json())
    assert "ada@example.test" not in str(mine.facts.as_json())


def test_everyone_reads_in_their_own_zone_and_language() -> None:
    hedy = replace(BOOKING, participant=people.HEDY)
    mine, theirs = list(notices(Change("booked", SESSION, hedy), ADA, people.terms()))[:2]
    assert (mine.facts.recipient.zone, mine.facts.recipient.language) == ("Europe/Vienna", "de")
    assert (theirs.facts.recipient.zone, theirs.facts.recipient.language) == ("Europe/London", "en")


def test_what_a_booking_does_not_say_of_its_programme_the_pod_says() -> None:
    bare = replace(BOOKING, context=Context(cohort="autumn"))
    facts = first(Change("booked", POD, bare)).facts
    assert (facts.company, facts.project, facts.cohort) == ("acme", "leaders", "autumn")
    assert (facts.programme_name, facts.title, facts.pod) == ("New Leaders", "Feedback", True)


def test_a_move_says_from_where() -> None:
    facts = first(Change("rebooked", SESSION, BOOKING, previous_starts=TEN - 3600)).facts
    assert (facts.previous_starts, facts.starts, facts.ends) == (TEN - 3600, TEN, TEN + 3600)


def test_a_coach_whose_calendar_we_do_not_write_gets_an_invitation() -> None:
    for written_to, invite in ((True, None), (False, True)):
        contact = replace(ADA, written_to=written_to)
        by_role = {
            it.facts.recipient.role: it.facts
            for it in notices(Change("booked", SESSION, BOOKING), contact, people.terms())
        }
        assert by_role["coach"].invite is invite
        assert by_role["participant"].invite is None


def test_no_two_mails_of_a_booking_have_one_name() -> None:
    digests: list[str] = []
    for version, kind in enumerate(("booked", "rebooked", "rebooked", "cancelled"), start=1):
        change = Change(kind, SESSION, replace(BOOKING, version=version))  # type: ignore[arg-type]  # mypy sees str
        digests += [it.facts.digest for it in notices(change, ADA, people.terms())]
    assert len(digests) == len(set(digests)) == 14


def test_send_now_is_another_mail_at_each_click_and_the_same_at_one() -> None:
    names = [
        facts_now("booked", SESSION, BOOKING, ADA, people.terms(), nonce=click).digest
        for click in ("a", "b", "a")
    ]
    assert names[0] == names[2] != names[1]
    assert names[0] != first(Change("booked", SESSION, BOOKING)).facts.digest
