"""What is logged was perhaps written by somebody else: secrets are struck out of it in time that
grows with its length.
"""

import time

import pytest

from workers import logs

MARKS = (
    *("a", "a.", "a+", "a-", "@", "a@", "a@a.", "@a", "/p/", "/c/", "://", "://a:", "://a"),
    *("bearer ", "bearer", " ", "cck_", "cck_0", "cck_0_", "CRN_", "/webhooks/cronofy/"),
)
SIZE = 64_000


def cost(text: str) -> float:
    began = time.process_time()
    logs.clean(text)
    return time.process_time() - began


@pytest.mark.parametrize("before", ["", "a@", "://", "cck_", "bearer ", "a" * 64 + "@"])
def test_secrets_are_struck_out_in_time_that_grows_with_the_text(before: str) -> None:
    for mark in MARKS:
        long = before + mark * (SIZE // len(mark))
        spent = cost(long)
        # Without a bound for an address it was 10 s.
        assert spent < 1, f"{before!r} {mark!r}: {spent:.2f} s"


def test_an_address_in_a_long_text_is_struck_out() -> None:
    text = "x" * SIZE + " grace@example.test " + "y" * SIZE
    assert "grace" not in logs.clean(text)
    assert "grace" not in logs.clean("CRN_secret-grace@example.test")
    assert "@" not in logs.clean(f"{'g' * 64}@example.test")
