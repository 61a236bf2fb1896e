"""Several coaches at once."""

from collections import defaultdict
from collections.abc import Mapping
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.pools import Member, Open, Pool
from domain.slots import Starts
from domain.slots.listing import Clock, offered
from tests.domain.kit import DAY, at, clocks, coach, monday

ASKED = {"now": at("00:00"), "since": at("00:00"), "until": at("2026-06-09T00:00")}


def member(
    name: str, *windows: list[str], notice: int = 0, horizon_days: int = 30, days: int = 1
) -> Member:
    return Member(name, monday(coach(*windows, pre=0, post=0), days=days), notice, horizon_days)


ADA = member("ada", ["09:00", "11:00"])
BOB = member("bob", ["10:00", "11:15"])


def test_any_lists_each_start_once_with_everyone_who_is_open() -> None:
    pool = Pool.of([ADA, BOB], 60, **ASKED)
    assert clocks(pool.any_open()) == ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15"]
    assert pool.who() == [
        (at("09:00"), ["ada"]),
        (at("09:15"), ["ada"]),
        (at("09:30"), ["ada"]),
        (at("09:45"), ["ada"]),
        (at("10:00"), ["ada", "bob"]),
        (at("10:15"), ["bob"]),
    ]


def test_all_lists_the_starts_that_everyone_has() -> None:
    assert clocks(Pool.of([ADA, BOB], 60, **ASKED).all_open()) == ["10:00"]


def test_nobody_at_all_has_no_slots() -> None:
    pool = Pool.of([], 60, **ASKED)
    assert (len(pool.any_open()), len(pool.all_open()), pool.who()) == (0, 0, [])


def test_each_coach_has_a_notice_and_a_horizon_of_their_own() -> None:
    hasty, careful = (
        member("hasty", ["09:00", "12:00"]),
        member("careful", ["09:00", "12:00"], notice=630),
    )
    near = member("near", ["09:00", "12:00"], horizon_days=0)
    who = dict(Pool.of([hasty, careful, near], 60, **ASKED).who())
    assert who[at("10:15")] == ["hasty"]
    assert who[at("10:30")] == ["hasty", "careful"]


def test_a_coach_who_does_not_offer_the_duration_is_refused() -> None:
    with pytest.raises(Invalid, match="ask for one of 60"):
        Pool.of([ADA], 45, **ASKED)


DRAWN = st.lists(
    st.tuples(
        st.integers(0, 23),
        st.integers(1, 3),
        st.sampled_from((0, 300, 1500)),
        st.sampled_from((0, 1, 2, 30)),
    ),
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(DRAWN, st.integers(-DAY, 2 * DAY), st.integers(0, 3 * DAY), st.integers(0, DAY))
def test_a_packed_pool_says_what_the_coaches_say_one_by_one(
    drawn: list[tuple[int, int, int, int]], since: int, length: int, now: int
) -> None:
    # Given sets of different lengths, clipped by different clocks
    members = [
        member(
            f"coach-{place}",
            [f"{hour:02}:00", "24:00"],
            days=days,
            notice=notice,
            horizon_days=horizon,
        )
        for place, (hour, days, notice, horizon) in enumerate(drawn)
    ]
    asked = {
        "now": at("00:00") + now,
        "since": at("00:00") + since,
        "until": at("00:00") + since + length,
    }
    alone = {it.coach_id: offered(it.slot_set, 60, **_clock(it, asked)) for it in members}
    # When they are asked together
    pool = Pool.of(members, 60, **asked)
    # Then nothing is added, nothing is lost
    assert pool.who() == any_open(alone)
    assert np.array_equal(pool.all_open(), all_open(alone))
    assert pool.any_open().tolist() == [start for start, _ in any_open(alone)]


def _clock(it: Member, asked: dict[str, int]) -> Clock:
    return cast(Clock, {**asked, "notice": it.notice, "horizon_days": it.horizon_days})


def any_open(starts: Mapping[str, Starts]) -> Open:
    """The starts of any coach, each with the coaches who have it, from each coach's own starts."""
    who: defaultdict[int, list[str]] = defaultdict(list)
    for coach_id, own in starts.items():
        for start in own.tolist():
            who[start].append(coach_id)
    return sorted(who.items())


def all_open(starts: Mapping[str, Starts]) -> Starts:
    """The starts that every one of the coaches has; none for no coach."""
    found, having = np.unique(
        np.concatenate([np.empty(0, np.int64), *starts.values()]), return_counts=True
    )
    everywhere: Starts = found[having == len(starts)]
    return everywhere
