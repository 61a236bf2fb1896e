"""The stages of a push: each millisecond is in one of them."""

import pytest

from domain.push_stages import (
    NO_WAITS,
    STAGES,
    CronofyWaits,
    Failure,
    Moments,
    before_storing,
    shares,
    whole,
)


def stages(of: Moments, waits: CronofyWaits = NO_WAITS, *, total: float) -> dict[str, float]:
    """Those that took any time."""
    found = whole(before_storing(of, waits), total)
    return {stage: ms for stage, ms in found.items() if ms}


def test_each_millisecond_is_in_one_stage() -> None:
    # Pushed at 1,000; the gap ends at 3,000; taken at 3,500; stored at 4,000.
    of = Moments(pushed=1_000, due=3_000, claimed=3_500)
    found = stages(of, CronofyWaits(budget_ms=100, cronofy_ms=300), total=3_000)
    assert found == {"gap": 2_000, "queue": 500, "budget": 100, "cronofy": 300, "database": 100}
    assert sum(found.values()) == 3_000


def test_a_calendar_that_was_due_long_ago_waits_in_the_queue_alone() -> None:
    assert stages(Moments(pushed=1_000, due=10, claimed=1_040), total=50) == {
        "queue": 40,
        "database": 10,
    }


@pytest.mark.parametrize("failure", ["budget", "cronofy", "database", "fault"])
def test_the_wait_after_a_read_that_broke_off_is_of_whoever_broke_it(failure: Failure) -> None:
    of = Moments(pushed=0, due=5_000, claimed=5_000, failure=failure)
    assert stages(of, total=5_000) == {failure: 5_000}


def test_clocks_that_disagree_make_no_stage_negative() -> None:
    of = Moments(pushed=1_000, due=3_000, claimed=900)
    found = whole(before_storing(of, CronofyWaits(cronofy_ms=70)), 60)
    assert min(found.values()) == 0
    assert found["cronofy"] == 70


def test_shares_are_of_the_whole_and_nothing_has_none() -> None:
    assert shares({"gap": 1, "cronofy": 3}) == dict.fromkeys(STAGES, 0) | {
        "gap": 0.25,
        "cronofy": 0.75,
    }
    assert shares(dict.fromkeys(STAGES, 0)) == {}
