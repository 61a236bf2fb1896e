"""Where a coach put the event of a session, and nobody settled it yet: closed like a session, with
the gap of one, and counted as none.
"""

import pytest

from domain.slots import SlotSet, build
from domain.slots.reasons import Reason
from tests.domain.kit import NOTHING_BUSY, at, coach, session


def made(per_day: int | None = None) -> SlotSet:
    """A session at nine whose event stands at one, of a coach with a quarter of an hour between."""
    person = coach(pre=15, post=0, per_day=per_day)
    there = [session("13:00-14:00", 15)]
    own = [session("09:00-10:00", 15)]
    return build(person, NOTHING_BUSY, own, origin=at("00:00"), days=1, unsettled=there)


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("09:00", Reason.session),
        ("11:30", Reason.open),
        ("11:45", Reason.open),
        ("12:00", Reason.buffer),
        ("12:15", Reason.unsettled),
        ("13:45", Reason.unsettled),
        ("14:00", Reason.buffer),
        ("14:15", Reason.open),
    ],
)
def test_it_is_closed_like_a_session(start: str, reason: Reason) -> None:
    found = made()
    assert found.codes(60)[found.span.cell(at(start))] == reason
    assert (at(start) in found.open_starts(60).tolist()) == (reason is Reason.open)


def test_it_is_no_session_that_a_limit_counts() -> None:
    assert at("11:30") in made(per_day=2).open_starts(60).tolist()
    assert at("11:30") not in made(per_day=1).open_starts(60).tolist()


def test_what_lies_outside_the_hours_as_well_is_unsettled_all_the_same() -> None:
    person = coach(["07:00", "12:00"])
    there = [session("13:00-14:00")]
    found = build(person, NOTHING_BUSY, [], origin=at("00:00"), days=1, unsettled=there)
    assert found.codes(60)[found.span.cell(at("13:00"))] == Reason.unsettled
