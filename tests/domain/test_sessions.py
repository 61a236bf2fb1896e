"""Sessions and bookings: what may become of them, and when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.errors import Invalid
from domain.pod_formats import check_may_rebook, check_may_take_seat
from domain.sessions import (
    FORMATS,
    NO_CONTEXT,
    Booking,
    Context,
    Format,
    Participant,
    Refused,
    Session,
    check_open_to_change,
)
from tests.support import people
from tests.support.people import at

TEN = at(2, 10)
SESSION = Session("ses_1", "ada", "one_to_one", TEN, TEN + 3600, 900, people.NOW)
POD = replace(SESSION, id="ses_pod", kind="pod", capacity=4, min_seats=2, format="open")
BOOKING = Booking(
    "bkg_1", "ses_1", people.GRACE, people.PROGRAMME, "1@example.test", people.NOW, people.NOW
)


def moment(start: int) -> datetime:
    return datetime.fromtimestamp(start, people.NOW.tzinfo)


def pod(form: Format) -> Session:
    return replace(POD, format=form)


def test_a_change_raises_the_version_and_the_sequence() -> None:
    later = people.NOW + timedelta(hours=1)
    changed = BOOKING.changed(later, session_id="ses_2")
    assert (changed.version, changed.sequence, changed.changed_at) == (2, 1, later)
    assert (changed.uid, changed.created_at, changed.session_id) == (
        BOOKING.uid,
        people.NOW,
        "ses_2",
    )


def test_a_change_that_calendars_do_not_hear_of_leaves_the_sequence() -> None:
    changed = BOOKING.changed(people.NOW, told_calendars=False, status="completed")
    assert (changed.version, changed.sequence, changed.status) == (2, 0, "completed")


def test_a_cancellation_is_late_from_one_second_within_the_limit_on() -> None:
    terms = people.terms(moment(TEN - 86_400))
    assert not terms.is_late(SESSION)
    assert replace(terms, now=moment(TEN - 86_399)).is_late(SESSION)


def test_pods_are_reminded_of_earlier_than_sessions_of_two() -> None:
    terms = people.terms()
    assert (terms.reminder(SESSION), terms.reminder(POD)) == (
        timedelta(hours=24),
        timedelta(hours=72),
    )


def test_a_session_has_begun_from_its_first_second_on() -> None:
    assert not SESSION.begun(moment(TEN) - timedelta(microseconds=1))
    assert SESSION.begun(moment(TEN))


def test_a_pod_is_short_of_seats_only_after_its_deadline_and_below_its_minimum() -> None:
    waiting = replace(POD, deadline=moment(TEN), taken=1)
    assert waiting.short_of_seats(moment(TEN))
    assert not waiting.short_of_seats(moment(TEN - 1))
    assert not replace(waiting, taken=2).short_of_seats(moment(TEN))
    assert not replace(waiting, active=False).short_of_seats(moment(TEN))
    assert not replace(waiting, deadline=None).short_of_seats(moment(TEN))


def test_a_standing_booking_may_be_changed_by_who_saw_it_as_it_is() -> None:
    check_open_to_change(SESSION, BOOKING, expected=None, now=people.NOW)
    check_open_to_change(SESSION, BOOKING, expected=1, now=moment(TEN - 1))


@pytest.mark.parametrize(
    ("booking", "expected", "now", "code"),
    [
        (BOOKING, 2, TEN - 1, "stale_version"),
        (BOOKING, 0, TEN - 1, "stale_version"),
        (replace(BOOKING, status="cancelled"), None, TEN - 1, "booking_ended"),
        (replace(BOOKING, status="missed"), 1, TEN - 1, "booking_ended"),
        (replace(BOOKING, status="completed"), None, TEN + 9, "booking_ended"),
        (BOOKING, 1, TEN, "already_begun"),
    ],
)
def test_nothing_else_is_open_to_change(
    booking: Booking, expected: int | None, now: int, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_open_to_change(SESSION, booking, expected=expected, now=moment(now))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("form", "chosen", "assigned"),
    [
        ("open", True, True),
        ("closed", False, True),
        ("hybrid", False, True),
        ("hybrid_v2", True, True),
    ],
)
def test_a_format_says_who_fills_a_pod(form: Format, *, chosen: bool, assigned: bool) -> None:
    for by_programme, allowed in ((False, chosen), (True, assigned)):
        if allowed:
            check_may_take_seat(pod(form), assigned=by_programme)
        else:
            with pytest.raises(Refused, match="format_forbids"):
                check_may_take_seat(pod(form), assigned=by_programme)


MOVES = {
    ("open", "open"),
    ("open", "hybrid_v2"),
    ("hybrid", "open"),
    ("hybrid", "hybrid"),
    ("hybrid", "hybrid_v2"),
}


@pytest.mark.parametrize("left", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_a_participant_moves_out_of_open_and_hybrid_pods_and_into_none_that_the_programme_fills(
    left: Format, target: Format
) -> None:
    if (left, target) in MOVES:
        check_may_rebook(pod(left), pod(target))
    else:
        with pytest.raises(Refused, match="format_forbids"):
            check_may_rebook(pod(left), pod(target))


def test_a_context_is_kept_without_its_gaps() -> None:
    assert NO_CONTEXT.as_json() == {}
    for context in (NO_CONTEXT, people.PROGRAMME, Context(cohort="autumn")):
        assert Context.of_json(context.as_json()) == context


def test_a_participant_has_an_address_and_a_zone_that_exist() -> None:
    with pytest.raises(Invalid) as refused:
        Participant("p", "P", "no address", "UTC")
    assert refused.value.field == "participant.email"
    with pytest.raises(Invalid):
        Participant("p", "P", "p@example.test", "Mars/Olympus")


def test_what_people_are_called_is_not_in_a_log_line() -> None:
    shown = repr(BOOKING) + repr(replace(POD, title="Grief at work"))
    for secret in ("Hopper", "grace@", "os.test", "New Leaders", "Grief"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("outer", "inner", "covered"),
    [
        (NO_CONTEXT, people.PROGRAMME, True),
        (Context("acme"), people.PROGRAMME, True),
        (people.PROGRAMME, Context("acme"), False),
        (people.PROGRAMME, replace(people.PROGRAMME, programme_name=None), True),
        (Context(cohort="spring"), people.PROGRAMME, True),
        (Context("acme", "others"), people.PROGRAMME, False),
        (Context("acme"), NO_CONTEXT, False),
    ],
)
def test_a_context_covers_whatever_names_the_same_where_it_names_something(
    outer: Context, inner: Context, covered: bool
) -> None:
    assert outer.covers(inner) is covered
