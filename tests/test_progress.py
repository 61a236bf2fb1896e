"""Whoever waits for the suite reads how long that will be."""

import pytest

from tests.support import progress


@pytest.mark.parametrize(
    ("done", "seconds", "said"),
    [
        (1, 30.0, "1 of 100 tests after 30 s, at tests/x.py; left: some 50 min"),
        (50, 120.0, "50 of 100 tests after 2 min, at tests/x.py; left: some 2 min"),
        (90, 270.0, "90 of 100 tests after 4 min, at tests/x.py; left: some 30 s"),
        (100, 300.0, "100 of 100 tests after 5 min, at tests/x.py; left: some 0 s"),
    ],
)
def test_what_is_left_follows_from_what_was_done(done: int, seconds: float, said: str) -> None:
    assert progress.line(done, 100, seconds, "tests/x.py") == f"-- {said}"
