"""A coach forces a closed time with a reason that is kept and shown."""

import re

import pytest

from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    HEDY,
    enter,
)
from tests.webhooks.pages.viewers.kit import CLOSED, EVENING, OPEN, come, seats_of, sessions_of


@pytest.mark.parametrize(
    ("start", "says"), [(CLOSED, "Something in your calendars"), (EVENING, "outside your working")]
)
def test_a_closed_time_is_forced_with_a_reason_that_is_kept_and_shown(
    desk: Desk, start: int, says: str
) -> None:
    coach = come(desk, "coach")
    # When a closed time is chosen, what is overridden is said, and a reason asked for
    question = coach.get("/book/confirm", query_string={"start": start, "duration": 60}).text
    assert "This time is closed." in question
    assert says in question
    assert re.search(
        r'<input type="text" id="why" name="force" maxlength="300" required>', question
    )
    form = coach.confirm(start)
    # When none is given, or one that is too long, nothing is booked
    before = desk.dump()
    for reason, told in (
        (" ", "Say why"),
        ("", "Say why"),
        ("x" * 301, "too long"),
        ("a\0b", "could not be understood"),
    ):
        refused = coach.post("/book", form | {"force": reason})
        assert (refused.status_code, told in refused.text) == (422, True)
    refused = coach.post("/book", form)  # as if it were open
    assert (refused.status_code, says in refused.text) == (409, True)
    assert desk.dump() == before
    # When it is given, twice
    form |= {"force": " She is <b>away</b>; we agreed. "}
    answer = coach.post("/book", form)
    assert coach.post("/book", form).location == answer.location
    # Then it is booked once, and shown as forced, to the coach
    (session,) = sessions_of(desk)
    assert (session.starts, session.force_reason) == (start, "She is <b>away</b>; we agreed.")
    assert seats_of(desk) == [("grace", "booked")]
    for path in (answer.location, "/book?week=2026-06-01"):
        page = coach.get(path).text
        assert "Forced" in page
        assert "She is &lt;b&gt;away&lt;/b&gt;; we agreed." in page
    guest = come(desk, "participant")
    for path in (answer.location, "/book?week=2026-06-01"):
        assert "away" not in guest.get(path).text


def test_force_never_opens_another_session_nor_the_past(desk: Desk) -> None:
    enter(desk, participant=HEDY).book(OPEN)
    coach = come(desk, "coach")
    form = coach.confirm(CLOSED) | {"force": "Because"}
    before = desk.dump()
    for start, says in (
        (OPEN, "Another session"),
        (OPEN + 1800, "Another session"),
        (people.at(1, 7), "is over"),
    ):
        query = {"start": start, "duration": 60}
        assert (page := coach.get("/book/confirm", query_string=query)).status_code == 409
        assert says in page.text
        answer = coach.post("/book", form | {"start": str(start)})
        assert (answer.status_code, says in answer.text) == (409, True)
    assert desk.dump() == before


def test_a_reason_is_kept_only_where_force_was_needed(one_desk: Desk) -> None:
    coach = come(one_desk, "coach")
    coach.post("/book", coach.confirm(OPEN) | {"force": "Because"})
    assert [session.force_reason for session in sessions_of(one_desk)] == [None]
