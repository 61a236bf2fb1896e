"""What an event of ours shows of the coach's deeds, and what our own writes explain."""

import pytest

from domain.event_differences import (
    OwnWrites,
    Standing,
    State,
    Times,
    Verdict,
    chosen,
    compare,
    verdict,
)

TEN, ELEVEN, NOON = (36_000, 39_600), (39_600, 43_200), (43_200, 46_800)
READ, LATER = 1_000, 1_001


def standing(times: Times = TEN, **how: object) -> Standing:
    return Standing("ses_1", "cal_1", *times, summary="Circle", **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (standing(), "as_written"),
        (standing(ELEVEN), "moved"),
        (standing((TEN[0], NOON[1])), "moved"),  # longer
        (standing((TEN[0] - 3600, TEN[1])), "moved"),  # begun earlier
        (standing((0, 86_400)), "moved"),  # all of a day
        (None, "deleted"),
        (standing(declined=True), "declined"),
        (standing(ELEVEN, declined=True), "declined"),
    ],
)
def test_how_an_event_stands(found: Standing | None, state: State) -> None:
    assert compare(TEN, found) == state
    # Its text says nothing where it is elsewhere, or gone.
    expected = "changed" if state == "as_written" else state
    assert compare(TEN, found, "Another text") == expected
    assert compare(TEN, found, "Circle") == state


def test_of_several_under_one_key_the_one_that_is_right_counts() -> None:
    elsewhere = standing(ELEVEN)
    assert chosen([elsewhere, standing()], TEN) == standing()
    assert chosen([elsewhere], TEN) == elsewhere
    assert chosen([], TEN) is None


SEEN = 10
KNOWN = OwnWrites(stood_ms=SEEN)
STATES: dict[State, Standing | None] = {
    "moved": standing(ELEVEN),
    "deleted": None,
    "declined": standing(declined=True),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("own", "said"),
    [
        (KNOWN, "theirs"),
        # Nobody saw it stand as the session is: it stands where it was written before, or never.
        (OwnWrites(), "ours"),
        # One that is owed puts it right.
        (OwnWrites(waiting=True, stood_ms=SEEN), "ours"),
        # One is being made, or was made while the calendar was read: it is read again.
        (OwnWrites(waiting=True, under_way=True, stood_ms=SEEN), "crossed"),
        (OwnWrites(waiting=True, under_way=True), "crossed"),
        (OwnWrites(stood_ms=LATER), "crossed"),
        (OwnWrites(stood_ms=READ), "crossed"),
    ],
)
def test_what_a_write_of_ours_explains_is_not_the_coachs_deed(
    state: State, own: OwnWrites, said: Verdict
) -> None:
    assert verdict(state, STATES[state], own, read_from_ms=READ) == said


@pytest.mark.parametrize(
    ("state", "late", "said"),
    [
        ("moved", OwnWrites(stood_ms=SEEN, late=frozenset({ELEVEN})), "ours"),
        ("moved", OwnWrites(stood_ms=SEEN, late=None), "ours"),
        ("moved", OwnWrites(stood_ms=SEEN, late=frozenset({TEN, NOON})), "theirs"),
        ("moved", OwnWrites(stood_ms=SEEN, may_vanish=True), "theirs"),
        ("deleted", OwnWrites(stood_ms=SEEN, may_vanish=True), "ours"),
        ("deleted", OwnWrites(stood_ms=SEEN, late=None), "theirs"),
        ("declined", OwnWrites(stood_ms=SEEN, late=None, may_vanish=True), "theirs"),
    ],
)
def test_a_write_that_may_still_land_explains_what_it_would_bring(
    state: State, late: OwnWrites, said: Verdict
) -> None:
    assert verdict(state, STATES[state], late, read_from_ms=READ) == said


def test_what_stands_as_it_should_is_never_a_deed() -> None:
    for own in (KNOWN, OwnWrites(), OwnWrites(waiting=True, under_way=True)):
        assert verdict("as_written", standing(), own, read_from_ms=READ) == "as_written"
        assert verdict("changed", standing(), own, read_from_ms=READ) == "as_written"


def test_a_write_leaves_an_event_where_the_coach_is_asked_about_it() -> None:
    """So one that is owed explains nothing of it, nor does one that may bring it there again."""
    text = OwnWrites(waiting=True, stood_ms=SEEN, late=frozenset({ELEVEN}))
    assert verdict("moved", standing(ELEVEN), text, read_from_ms=READ, asked=ELEVEN) == "theirs"
    assert verdict("moved", standing(NOON), text, read_from_ms=READ, asked=ELEVEN) == "theirs"
    assert verdict("deleted", None, text, read_from_ms=READ, asked=ELEVEN) == "theirs"
