"""The participant's booking page without a browser: a time is booked, moved and cancelled, once, by
whoever was first.
"""

import re
from dataclasses import replace

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY, Visitor, booking_in, enter, fields, open_starts
from tests.webhooks.pages.booking.kit import TEN, bookings_of, listed


def mails(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        found = tx.execute(tables.outbox.select().where(tables.outbox.c.kind == "mail"))
        return sorted((row.topic, row.recipient) for row in found if row.topic != "reminder")


def test_a_time_is_booked_shown_moved_and_cancelled(desk: Desk, guest: Visitor) -> None:
    # When a time is chosen and confirmed
    answer = guest.post("/book", guest.confirm(TEN))
    # Then it is shown, with the zone named, and its senders are woken
    assert answer.status_code == 303
    page = guest.get(answer.location).text
    assert "Your session is booked" in page
    assert "Tuesday 2 June 2026" in page.replace("Tuesday, ", "Tuesday ")
    assert "14:00 – 15:00" in page
    assert "United Kingdom Time (London)" in page
    assert mails(desk) == [("booked", "ada@example.test"), ("booked", "grace@example.test")]
    assert desk.runtime.broker.queues["mails"].qsize() >= 2
    booking_id = booking_in(answer)
    # When it is moved: its own time is open to it
    assert TEN + 900 not in listed(desk, "2026-06-02", "2026-06-03")
    form = guest.confirm(TEN + 900, move=booking_id)
    moved = guest.post(f"/book/bookings/{booking_id}/move", form)
    assert booking_in(moved) == booking_id
    assert "14:15 – 15:15" in guest.get(moved.location).text
    # When it is cancelled, by the click on the page that asks
    question = guest.get(f"/book/bookings/{booking_id}/cancel")
    assert bookings_of(desk) == [("grace", "booked", 2)]
    ended = guest.post(f"/book/bookings/{booking_id}/cancel", fields(question))
    assert "Your session is cancelled" in guest.get(ended.location).text
    assert bookings_of(desk) == [("grace", "cancelled", 3)]
    assert TEN in listed(desk, "2026-06-02", "2026-06-03")


def test_a_double_click_books_once(desk: Desk, guest: Visitor) -> None:
    form = guest.confirm(TEN)
    first, second = guest.post("/book", form), guest.post("/book", form)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert bookings_of(desk) == [("grace", "booked", 1)]
    assert len(mails(desk)) == 2
    assert (
        guest.post("/book", form | {"start": str(people.at(3, 13))}).status_code == 403
    )  # the key was for another time
    for key in ("", "short", "x" * 65, "\N{SNOWMAN}" * 20):
        assert (
            guest.post("/book", guest.confirm(people.at(3, 13)) | {"key": key}).status_code == 422
        )
    assert len(bookings_of(desk)) == 1


def test_a_form_of_one_person_s_is_of_no_use_to_another(desk: Desk, guest: Visitor) -> None:
    form = guest.confirm(TEN)
    guest.post("/book", form)
    other = enter(desk, participant=HEDY)
    answer = other.post("/book", form | {"csrf": other.confirm(people.at(3, 13))["csrf"]})
    assert answer.status_code == 403
    assert bookings_of(desk) == [("grace", "booked", 1)]


def test_a_lost_race_is_told_plainly_with_the_nearest_times(desk: Desk, guest: Visitor) -> None:
    form = guest.confirm(TEN)
    enter(desk, participant=HEDY).book(TEN)
    answer = guest.post("/book", form)
    assert answer.status_code == 409
    assert "Somebody else was faster" in answer.text
    assert "nothing was booked" in answer.text
    nearest = open_starts(answer)
    assert len(nearest) == 5
    assert set(nearest) <= set(listed(desk, "2026-06-01", "2026-06-08"))
    assert bookings_of(desk) == [("hedy", "booked", 1)]
    guest.book(nearest[0])
    assert bookings_of(desk) == [("grace", "booked", 1), ("hedy", "booked", 1)]


def test_a_lost_race_while_moving_leaves_the_session_where_it_was(
    desk: Desk, guest: Visitor
) -> None:
    booking_id = guest.book(TEN)
    target = people.at(3, 10)
    form = guest.confirm(target, move=booking_id)
    enter(desk, participant=HEDY).book(target)
    answer = guest.post(f"/book/bookings/{booking_id}/move", form)
    assert answer.status_code == 409
    assert f'name="move" value="{booking_id}"' in answer.text
    assert "14:00 – 15:00" in guest.get(f"/book/bookings/{booking_id}").text


def test_whoever_comes_back_to_the_form_has_the_session_and_is_told_so(
    desk: Desk, guest: Visitor
) -> None:
    # Given two pages that ask about one time, of which one was sent
    forms = [guest.confirm(TEN), guest.confirm(TEN)]
    booking_id = booking_in(guest.post("/book", forms[0]))
    # When the page is looked at again, or the other one is sent
    again = guest.get(f"/book/confirm?start={TEN}&duration=60")
    other = guest.post("/book", forms[1])
    # Then nobody was faster: the session is there, and nothing else is offered
    for answer, status in ((again, 200), (other, 409)):
        assert answer.status_code == status
        assert "You have this session" in answer.text
        assert f'href="/book/bookings/{booking_id}' in answer.text
        assert "faster" not in answer.text
        assert open_starts(answer) == []
    # And so when it was moved; another length of it can be asked for
    moved = f"/book/confirm?start={TEN + 900}&duration=60&move={booking_id}"
    guest.post(f"/book/bookings/{booking_id}/move", fields(guest.get(moved)))
    assert "You have this session" in guest.get(moved).text
    assert "Move your session to this time?" in guest.get(moved.replace("=60", "=30")).text
    assert bookings_of(desk) == [("grace", "booked", 2)]


@pytest.mark.parametrize(
    ("language", "text"), [("de", "Sie haben diese Sitzung"), ("fr", "Vous avez cette séance")]
)
def test_what_one_has_is_told_in_one_s_language(one_desk: Desk, language: str, text: str) -> None:
    guest = enter(one_desk, language=language)
    guest.book(TEN)
    assert text in guest.get(f"/book/confirm?start={TEN}&duration=60").text


def test_somebody_was_faster_only_where_somebody_was(one_desk: Desk) -> None:
    guest = enter(one_desk)
    mine, closed, taken = (
        guest.confirm(TEN),
        guest.confirm(people.at(4, 13)),
        guest.confirm(people.at(5, 13)),
    )
    # When their own session, or the coach's calendar, or nobody at all is in the way
    guest.book(TEN + 1800)
    another = people.connect(one_desk.database, sub="acc_second")
    account = replace(people.ACCOUNT, sub="acc_second")
    people.read(
        one_desk.database,
        another,
        (people.at(4, 13), people.at(4, 14)),
        of=people.MAILED,
        account=account,
    )
    never_open = mine | {"start": str(people.at(6, 3))}
    # Then nobody was faster; and whoever asks about a time that was never open is not told why it
    # is not
    enter(one_desk, participant=HEDY).book(people.at(5, 13))
    probed = guest.confirm(people.at(4, 9)) | {"start": str(people.at(5, 13))}
    for form in (mine, closed, never_open, probed):
        answer = guest.post("/book", form)
        assert (answer.status_code, "faster" in answer.text) == (409, False)
        assert "This time cannot be had" in answer.text
        assert open_starts(answer)
    assert "faster" not in guest.get(f"/book/confirm?start={people.at(5, 13)}&duration=60").text
    assert "Somebody else was faster" in guest.post("/book", taken).text


def test_a_confirmation_says_the_length_and_both_zones_if_they_differ(one_desk: Desk) -> None:
    guest = enter(one_desk)
    for zone, shown in (("Asia/Kathmandu", True), ("Europe/London", False)):
        page = guest.get(f"/book/confirm?start={TEN}&duration=30&zone={zone}").text
        assert "30 minutes" in page
        assert "14:00 – 14:30" in page
        assert ("Nepal Time (Kathmandu)" in page, "18:45 – 19:15" in page) == (shown, shown)
        assert page.count("United Kingdom Time (London)") == 1


def test_a_form_made_from_an_older_version_changes_nothing(desk: Desk, guest: Visitor) -> None:
    booking_id = guest.book(TEN)
    cancel = fields(guest.get(f"/book/bookings/{booking_id}/cancel"))
    guest.post(
        f"/book/bookings/{booking_id}/move", guest.confirm(people.at(3, 10), move=booking_id)
    )
    answer = guest.post(f"/book/bookings/{booking_id}/cancel", cancel)
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    assert bookings_of(desk) == [("grace", "booked", 2)]


def test_a_late_cancellation_says_before_and_after_that_it_counts_as_missed(
    desk: Desk, guest: Visitor
) -> None:
    booking_id = guest.book(people.at(1, 10))
    question = guest.get(f"/book/bookings/{booking_id}/cancel")
    assert "less than 24 hours" in question.text
    ended = guest.post(f"/book/bookings/{booking_id}/cancel", fields(question))
    assert "counts as missed" in guest.get(ended.location).text
    assert guest.get(f"/book/bookings/{booking_id}/cancel").status_code == 404


def test_only_looking_cancels_nothing(one_desk: Desk) -> None:
    guest = enter(one_desk)
    booking_id = guest.book(TEN)
    before = one_desk.dump()
    for path in ("/cancel", "", "/cancel?yes=1"):
        guest.get(f"/book/bookings/{booking_id}{path}")
        guest.client.head(f"/book/bookings/{booking_id}{path}")
    assert guest.get(f"/book/bookings/{booking_id}/move").status_code == 405
    assert one_desk.dump() == before


def test_the_page_lists_this_person_s_coming_sessions_with_this_coach(one_desk: Desk) -> None:
    guest = enter(one_desk)
    mine = [guest.book(people.at(3, 13)), guest.book(TEN)]
    theirs = enter(one_desk, participant=HEDY).book(people.at(4, 13))
    found = re.findall(r"/book/bookings/(bkg_\w+)", guest.get("/book").text)
    assert found == mine[::-1]
    assert theirs not in found


def test_pages_speak_the_languages_of_the_mails(one_desk: Desk) -> None:
    for language, booked, day in (
        ("de-AT", "gebucht", "2. Juni"),
        ("fr", "réservée", "2 juin"),
        ("en-AU", "booked", "2 June"),
        ("xx", "booked", "June 2"),
    ):
        guest = enter(one_desk, language=language)
        booking_id = guest.book(TEN)
        page = guest.get(f"/book/bookings/{booking_id}").text
        assert booked in page
        assert day in page
        cancel = guest.get(f"/book/bookings/{booking_id}/cancel")
        guest.post(f"/book/bookings/{booking_id}/cancel", fields(cancel))
