"""What failed is left alone for twice as long each time, up to a limit, and never for the same time
as what failed beside it.
"""

import pytest

from workers.backoff import doubling_ms, jittered_ms


@pytest.mark.parametrize(
    ("attempts", "wait"), [(1, 5_000), (2, 10_000), (6, 160_000), (7, 300_000), (1_000, 300_000)]
)
def test_a_wait_doubles_up_to_the_longest(attempts: int, wait: int) -> None:
    assert doubling_ms(attempts, first_ms=5_000, longest_ms=300_000) == wait


def test_a_jittered_wait_is_a_quarter_more_or_less() -> None:
    waits = {jittered_ms(100_000) for _ in range(200)}
    assert len(waits) > 100
    assert min(waits) >= 75_000
    assert max(waits) <= 125_000
