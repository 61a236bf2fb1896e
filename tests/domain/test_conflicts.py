"""A session is in conflict with a calendar when an event lies over its own time."""

from dataclasses import replace

import pytest

from domain.conflicts import conflicting
from domain.sessions import Session
from domain.slots.cells import NO_PERIODS, columns
from tests.support import people
from tests.support.people import at

SESSION = Session(
    "ses_1", "ada", "one_to_one", at(2, 10), at(2, 11), gap=900, created_at=people.NOW
)


@pytest.mark.parametrize(
    ("start", "end", "meets"),
    [
        (at(2, 10), at(2, 11), True),
        (at(2, 9), at(2, 12), True),
        (at(2, 10, 59), at(2, 12), True),
        (at(2, 9), at(2, 10) + 1, True),
        (at(2, 9), at(2, 10), False),
        (at(2, 11), at(2, 12), False),
        (at(2, 11, 5), at(2, 12), False),
    ],
)
def test_what_meets_a_session_is_in_conflict_and_what_only_meets_its_buffers_is_not(
    start: int, end: int, meets: bool
) -> None:
    busy = columns([(at(1, 9), at(1, 10)), (start, end), (at(3, 9), at(3, 10))])
    assert conflicting([SESSION], busy) == ({"ses_1"} if meets else set())


def test_a_session_that_was_forced_is_in_no_conflict() -> None:
    assert (
        conflicting([replace(SESSION, force_reason="wanted")], columns([(at(2, 10), at(2, 11))]))
        == set()
    )


def test_nothing_is_in_conflict_with_an_empty_calendar() -> None:
    assert conflicting([SESSION], NO_PERIODS) == set()
