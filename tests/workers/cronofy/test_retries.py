"""What does no harm is tried again: later each time, as late as Cronofy asks, and never past the
deadline.
"""

import email.utils

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.cronofy.clocks import Clock
from tests.workers.cronofy.conftest import API
from tests.workers.cronofy.fixtures import raw
from workers.budget import LocalBudget
from workers.cronofy import errors
from workers.cronofy.client import Cronofy
from workers.cronofy.retries import retry_after

Api = responses.RequestsMock

USERINFO = f"{API}/v1/userinfo"
NOW = 1_793_664_000.0  # 2026-11-03T00:00:00Z


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_a_call_that_fails_for_now_is_tried_again(
    cronofy: Cronofy, api: Api, clock: Clock, status: int
) -> None:
    api.get(USERINFO, status=status)
    api.get(USERINFO, status=status)
    api.get(USERINFO, body=raw("identity/userinfo_connected"))
    assert cronofy.userinfo("at_1").sub
    assert len(api.calls) == 3
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    "failure", [requests.ConnectionError("x"), requests.ReadTimeout("x"), requests.ConnectTimeout()]
)
def test_a_broken_connection_is_tried_again(cronofy: Cronofy, api: Api, failure: Exception) -> None:
    api.get(USERINFO, body=failure)
    api.get(USERINFO, body=raw("identity/userinfo_connected"))
    assert cronofy.userinfo("at_1").sub


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422, 423])
def test_a_call_that_is_refused_is_not(
    cronofy: Cronofy, api: Api, clock: Clock, status: int
) -> None:
    api.get(USERINFO, status=status)
    with pytest.raises(errors.CronofyError):
        cronofy.userinfo("at_1")
    assert len(api.calls) == 1
    assert clock.slept == []


def test_five_tries_are_enough_and_their_waits_grow_with_jitter(
    cronofy: Cronofy, api: Api, clock: Clock
) -> None:
    api.get(USERINFO, status=503)
    with pytest.raises(errors.Unavailable) as caught:
        cronofy.userinfo("at_1")
    assert (caught.value.status, len(api.calls)) == (503, 5)
    assert all(
        0.1 <= slept <= most for slept, most in zip(clock.slept, [0.5, 1, 2, 4], strict=True)
    )
    assert len(set(clock.slept)) > 1


def test_a_code_is_sent_once_whatever_happens(cronofy: Cronofy, api: Api, clock: Clock) -> None:
    """It works only once: a second try after a lost answer would be told that the code is dead."""
    for failure in (requests.ReadTimeout("x"), requests.ConnectionError("x")):
        api.post(f"{API}/oauth/token", body=failure)
    for status in (429, 500, 503):
        api.post(f"{API}/oauth/token", status=status)
    for sent in range(1, 6):
        with pytest.raises((errors.Unavailable, errors.RateLimited)):
            cronofy.exchange("K9", "https://coach.example/cb")
        assert len(api.calls) == sent
    assert clock.slept == []


@pytest.mark.parametrize(
    "call",
    [
        lambda cronofy: cronofy.refresh("rt_1"),
        lambda cronofy: cronofy.revoke("rt_1"),
        lambda cronofy: cronofy.open_channel("at_1", "https://x.example"),
        lambda cronofy: cronofy.close_channel("at_1", "chn_1"),
    ],
    ids=["refresh", "revoke", "open channel", "close channel"],
)
def test_calls_that_may_come_twice_are_tried_again(
    cronofy: Cronofy, api: Api, call: object
) -> None:
    for address in (f"{API}/oauth/token", f"{API}/oauth/token/revoke", f"{API}/v1/channels"):
        api.post(address, status=500)
    api.delete(f"{API}/v1/channels/chn_1", status=500)
    with pytest.raises(errors.Unavailable):
        call(cronofy)  # type: ignore[operator]
    assert len(api.calls) == 5


def test_retry_after_is_kept_to_with_jitter_on_top(
    cronofy: Cronofy, api: Api, clock: Clock
) -> None:
    api.get(USERINFO, status=429, headers={"Retry-After": "7"})
    api.get(USERINFO, body=raw("identity/userinfo_connected"))
    cronofy.userinfo("at_1")
    assert 7.1 <= sum(clock.slept) <= 8


def test_retry_after_may_be_a_date(cronofy: Cronofy, api: Api, clock: Clock) -> None:
    api.get(USERINFO, status=503, headers={"Retry-After": "Tue, 03 Nov 2026 00:00:09 GMT"})
    api.get(USERINFO, body=raw("identity/userinfo_connected"))
    cronofy.userinfo("at_1")
    assert 9.1 <= sum(clock.slept) <= 10


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_told_to_come_after_the_deadline_gives_up_at_once(
    cronofy: Cronofy, api: Api, clock: Clock, status: int
) -> None:
    api.get(USERINFO, status=status, headers={"Retry-After": "45"})
    with pytest.raises(errors.CronofyError) as caught:
        cronofy.userinfo("at_1")
    assert (len(api.calls), clock.slept) == (1, [])
    assert (caught.value.permanent, caught.value.retry_after) == (False, 45)


def test_all_workers_keep_to_the_retry_after_that_one_was_told(
    cronofy: Cronofy, api: Api, clock: Clock, budget: LocalBudget
) -> None:
    """The limit is the application's, not the account's."""
    api.post(f"{API}/oauth/token", status=429, headers={"Retry-After": "6"})
    with pytest.raises(errors.RateLimited):
        cronofy.exchange("K9", "https://coach.example/cb")
    budget.take(clock.now + 10)
    assert clock.slept == [6]


def test_retries_end_before_the_deadline(cronofy: Cronofy, api: Api, clock: Clock) -> None:
    api.get(USERINFO, status=429, headers={"Retry-After": "8"})
    began = clock.now
    with pytest.raises(errors.RateLimited):
        cronofy.userinfo("at_1")
    assert len(api.calls) == 3
    assert clock.now - began < 20


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("999999999", 600),
        ("Tue, 03 Nov 2026 00:01:00 GMT", 60),
        ("Tuesday, 03-Nov-26 00:01:00 GMT", 60),
        ("Tue Nov  3 00:01:00 2026", 60),
        ("Tue, 03 Nov 2026 00:01:00 -0000", 60),
        ("Mon, 02 Nov 2026 23:59:00 GMT", 0),
        ("Wed, 04 Nov 2026 00:00:00 GMT", 600),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("٣", None),
        ("soon", None),
        ("Tue, 99 Nov 2026 00:01:00 GMT", None),
        ("9" * 30, None),
    ],
)
def test_retry_after_is_read_as_the_standard_says(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header, NOW) == seconds


@given(
    st.text(max_size=40)
    | st.integers(0, 2**37).map(lambda s: email.utils.formatdate(s, usegmt=True))
)
def test_no_retry_after_is_an_error_or_too_long(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= 600
