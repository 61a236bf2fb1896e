"""The states of a coach's calendars, and what each of them does to what people see."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coaches import Policy
from domain.freshness import Effect, Health, State, as_of, effect, effect_until, state

NOW, BOUND = 1_000_000, 3600
GOOD = Health(dirty=False, trouble=None, last_ok=NOW - 60)
DIRTY = Health(dirty=True, trouble=None, last_ok=NOW - 60)
OLD = Health(dirty=False, trouble=None, last_ok=NOW - BOUND - 1)
NEW = Health(dirty=True, trouble=None, last_ok=None)
SYNCING = Health(dirty=False, trouble="initial_sync", last_ok=NOW)
LOST = Health(dirty=False, trouble="disconnected", last_ok=NOW - 60)
REVOKED = Health(dirty=False, trouble="revoked", last_ok=NOW - 60)
UNREAD = Health(dirty=False, trouble="no_access", last_ok=NOW)

HIDE, LAST_KNOWN, HOURS_ONLY = Policy("hide", 0), Policy("last_known", 2), Policy("hours_only", 0)


@pytest.mark.parametrize(
    ("healths", "expected"),
    [
        ([], "unconnected"),
        ([GOOD], "fresh"),
        ([GOOD, DIRTY], "refreshing"),
        ([DIRTY, OLD], "stale"),
        ([OLD, NEW], "initial_sync"),
        ([OLD, SYNCING], "initial_sync"),
        ([SYNCING, LOST, GOOD], "disconnected"),
        ([NEW, REVOKED], "disconnected"),
        ([UNREAD], "no_access"),
        ([GOOD, UNREAD], "no_access"),
        ([UNREAD, OLD, DIRTY], "no_access"),
        ([SYNCING, UNREAD, NEW], "no_access"),
        ([UNREAD, LOST], "disconnected"),
    ],
)
def test_a_coach_is_in_the_worst_state_of_their_connections(
    healths: list[Health], expected: State
) -> None:
    assert state(healths, now=NOW, stale_after=BOUND) == expected


def test_a_calendar_is_stale_a_second_after_the_bound() -> None:
    on_the_bound = Health(dirty=False, trouble=None, last_ok=NOW - BOUND)
    assert state([on_the_bound], now=NOW, stale_after=BOUND) == "fresh"
    assert state([on_the_bound], now=NOW + 1, stale_after=BOUND) == "stale"


@pytest.mark.parametrize(
    ("current", "effects"),
    [
        #                hide    last_known  hours_only
        ("fresh", ("list", "list", "list")),
        ("refreshing", ("list", "list", "list")),
        ("stale", ("hide", "list", "hours_only")),
        ("initial_sync", ("hide", "hide", "hide")),
        ("disconnected", ("hide", "list", "hours_only")),
        ("no_access", ("hide", "hide", "hours_only")),
        ("unconnected", ("hide", "hide", "hours_only")),
    ],
)
def test_each_policy_decides_what_is_seen_in_each_state(
    current: State, effects: tuple[Effect, ...]
) -> None:
    policies = (HIDE, LAST_KNOWN, HOURS_ONLY)
    assert (
        tuple(effect(current, policy, as_of=NOW - 3600, now=NOW) for policy in policies) == effects
    )


def test_the_last_known_answer_is_hidden_after_its_hours() -> None:
    as_of = NOW - 2 * 3600
    assert effect("disconnected", LAST_KNOWN, as_of=as_of, now=NOW - 1) == "list"
    assert effect("disconnected", LAST_KNOWN, as_of=as_of, now=NOW) == "hide"
    assert effect("stale", LAST_KNOWN, as_of=None, now=NOW) == "hide"


def test_a_calendar_that_nobody_may_read_was_never_read() -> None:
    assert as_of([GOOD, OLD]) == OLD.last_ok
    assert as_of([UNREAD]) is None
    assert as_of([GOOD, UNREAD]) is None
    assert effect("disconnected", LAST_KNOWN, as_of=as_of([LOST, UNREAD]), now=NOW) == "hide"


@pytest.mark.parametrize("policy", [HIDE, LAST_KNOWN, HOURS_ONLY])
def test_no_time_that_passes_gives_access(policy: Policy) -> None:
    for healths in ([UNREAD], [GOOD, UNREAD]):
        until = effect_until(healths, policy, as_of=as_of(healths), now=NOW, stale_after=BOUND)
        assert until is None


HEALTHS = st.lists(
    st.builds(
        Health,
        dirty=st.booleans(),
        trouble=st.sampled_from((None, None, "initial_sync", "disconnected", "no_access")),
        last_ok=st.one_of(st.none(), st.integers(NOW - 9000, NOW)),
    ),
    max_size=3,
)
POLICIES = st.builds(
    Policy, st.sampled_from(("hide", "last_known", "hours_only")), st.integers(0, 3)
)


@given(HEALTHS, POLICIES, st.sampled_from((0, 600, 3600, 86400)))
def test_state_and_effect_hold_until_they_are_said_to_and_change_then(
    healths: list[Health], policy: Policy, bound: int
) -> None:
    oldest = as_of(healths)

    def seen(now: int) -> tuple[State, Effect]:
        current = state(healths, now=now, stale_after=bound)
        return current, effect(current, policy, as_of=oldest, now=now)

    until = effect_until(healths, policy, as_of=oldest, now=NOW, stale_after=bound)
    far = NOW + 10 * 86400
    last = far if until is None else until - 1
    assert all(seen(now) == seen(NOW) for now in (NOW, (NOW + last) // 2, last))
    assert until is None or (until > NOW and seen(until) != seen(NOW))


def test_every_state_has_a_row_in_the_table() -> None:
    assert set(get_args(State)) == {
        "fresh",
        "refreshing",
        "stale",
        "initial_sync",
        "disconnected",
        "no_access",
        "unconnected",
    }
