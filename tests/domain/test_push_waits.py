"""How long pushes waited: the latest ones, in few bytes."""

import pytest

from domain import push_waits
from domain.push_waits import KEPT, PushWaits


def packed(*waits: tuple[int, int]) -> bytes | None:
    kept: bytes | None = None
    for at, ms in waits:
        kept = push_waits.with_one_more(kept, at=at, ms=ms)
    return kept


def test_the_last_wait_and_what_95_of_100_stayed_below() -> None:
    waits = packed(*((second, 100) for second in range(19)), (19, 900))
    assert push_waits.summary([waits]) == PushWaits(20, 900, 140)


def test_only_the_latest_are_kept_and_their_bytes_are_bounded() -> None:
    waits = packed(*((second, second) for second in range(3 * KEPT)))
    assert waits is not None
    assert len(waits) <= 12 * KEPT
    assert push_waits.summary([waits]) == PushWaits(KEPT, 149, 147)


def test_those_of_several_accounts_are_taken_together_by_when_they_ended() -> None:
    early, late = packed(*((second, 1) for second in range(KEPT))), packed((7, 50), (99, 80))
    found = push_waits.summary([late, early, None])
    assert (found.measured, found.last_ms) == (KEPT, 80)


@pytest.mark.parametrize("unreadable", [None, b"", b"of another release"])
def test_what_cannot_be_read_is_no_wait_and_is_replaced(unreadable: bytes | None) -> None:
    assert push_waits.summary([unreadable]) == PushWaits(0)
    again = push_waits.with_one_more(unreadable, at=1, ms=5)
    assert push_waits.summary([again]) == PushWaits(1, 5, 5)


@pytest.mark.parametrize(("ms", "kept"), [(-3, 0), (2**40, 2**32 - 1)])
def test_a_clock_that_steps_breaks_nothing(ms: int, kept: int) -> None:
    assert push_waits.summary([push_waits.with_one_more(None, at=1, ms=ms)]).last_ms == kept
