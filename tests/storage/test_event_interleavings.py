"""Every order of what a coach, a participant and two workers may do to one session and its event.

The bounds are small, and all of it within them is visited. To see that the search can find a fault
at all, mends are taken out.
"""

from dataclasses import replace
from typing import Any

import pytest

from domain.event_differences import EventPolicy, verdict
from storage.rows import event_differences
from storage.transactions import event_readings, own_writes
from tests.storage.events_in_any_order import EventWorld
from tests.storage.interleavings import Memory, search, searched

# Seconds of work, and minutes on a machine that others use.
pytestmark = pytest.mark.timeout(900)
NONE = {"deeds": 0, "rebooks": 0, "choices": 0, "lates": 0}
Case = tuple[EventPolicy, dict[str, Any], int]
CASES: list[Case] = [
    ("ask", {"deeds": 1, "rebooks": 1}, 5_400),
    ("restore", {"deeds": 1, "lates": 1}, 3_100),
    ("follow", {"deeds": 1, "lates": 1}, 3_000),
]
DEEP: list[Case] = [
    ("ask", {"deeds": 1, "rebooks": 1, "choices": 1}, 9_000),
    ("ask", {"deeds": 2, "choices": 1}, 12_000),
    ("ask", {"deeds": 1, "lapses": 1}, 9_800),
    ("restore", {"deeds": 1, "rebooks": 1, "lates": 1}, 50_000),
    ("ask", {"deeds": 1, "cancels": 1, "erasures": 1, "failures": 1}, 29_000),
]


@pytest.mark.parametrize(("policy", "bounds", "floor"), CASES)
def test_nothing_is_offered_twice_nobody_told_twice_and_in_the_end_all_agree(
    memory: Memory, policy: EventPolicy, bounds: dict[str, Any], floor: int
) -> None:
    found = searched(f"an event under {policy}", EventWorld(memory, policy, **NONE | bounds))
    assert (found.broken, found.path) == (None, ())
    assert found.states >= floor


@pytest.mark.deep
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(("policy", "bounds", "floor"), DEEP)
def test_nor_where_more_may_happen(
    memory: Memory, policy: EventPolicy, bounds: dict[str, Any], floor: int
) -> None:
    found = searched(f"an event under {policy}", EventWorld(memory, policy, **NONE | bounds))
    assert (found.broken, found.path) == (None, ())
    assert found.states >= floor


def test_the_search_finds_a_write_of_ours_that_is_taken_for_the_coachs_deed(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unaware(state: Any, found: Any, own: Any, **how: Any) -> Any:
        # As if it had been seen to stand there before the read began.
        return verdict(state, found, replace(own, stood_ms=own.stood_ms and 1), **how)

    monkeypatch.setattr(event_readings, "verdict", unaware)
    found = search(EventWorld(memory, "ask", **NONE | {"rebooks": 1}))
    assert found.broken is not None
    assert found.broken.startswith("the coach is said to have done this, and did not: ")


def test_the_search_finds_a_late_write_that_is_taken_for_the_coachs_deed(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_writes, "late", lambda *_: {})
    found = search(EventWorld(memory, "ask", **NONE | {"rebooks": 1, "lates": 1}))
    assert found.broken is not None
    assert found.broken.startswith("the coach is said to have done this, and did not: ")


def test_the_search_finds_the_time_of_a_dragged_event_that_stays_open(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_differences, "occupied", lambda *_, **__: [])
    found = search(EventWorld(memory, "ask", **NONE | {"deeds": 1}))
    assert found.broken == "a time is offered where the session or its event stands"
