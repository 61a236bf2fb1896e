"""The check of both times itself: what is offered against the promise is found, and what may be is
left alone.
"""

import pytest

from tests.chaos.checks import both_times
from tests.chaos.some_drags import BROKEN, KEPT, known


@pytest.mark.parametrize("name", BROKEN)
def test_what_waits_for_a_coach_and_is_offered_is_found(name: str) -> None:
    (what,) = BROKEN[name]().offered
    assert what.startswith("ses_a, whose event operation ")


@pytest.mark.parametrize("name", KEPT)
def test_what_may_be_offered_is_left_alone(name: str) -> None:
    assert KEPT[name]().offered == []


def test_it_says_which_time_is_offered_by_whom_and_when() -> None:
    run = known().listed(14, sent=19).listed(11.5, sent=20).evidence()
    (found,) = both_times.both_times(run)
    assert (found.promise, found.kind, found.at) == ("G4", "overlapping", 20)
    told = "operation 1 dragged, is not settled: operation 3 offers 2026-06-08T11:30:00Z"
    assert found.what == f"ses_a, whose event {told}, where that stands"
