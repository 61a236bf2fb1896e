"""When a call to Cronofy is tried again, and after how long: never past its deadline.

Quirk: nothing documents Retry-After here, so it is honoured when it comes (seconds or an HTTP
date), and otherwise the waits grow with full jitter, so that workers which failed together do not
come back together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from workers.cronofy.errors import RateLimited, Unavailable

TRIES = 5
LONGEST_RETRY_AFTER = 600.0
"""Seconds; a server that asks for more gets asked again all the same."""

# Up to 0.5, 1, 2 and 4 s: all tries of a call have to fit into its deadline of 20 s.
_backoff = wait_random_exponential(multiplier=0.5, min=0.1, max=8)


def policy(
    deadline: float, *, monotonic: Callable[[], float], sleep: Callable[[float], None]
) -> Retrying:
    """Calls the function given to it again after Unavailable and RateLimited;
    the last error is raised as it is.
    """
    return Retrying(
        retry=retry_if_exception_type((Unavailable, RateLimited)),
        wait=_wait,
        stop=stop_after_attempt(TRIES) | _TooLate(deadline, monotonic),
        sleep=sleep,
        reraise=True,
    )


class _TooLate(stop_base):
    """The next try would begin after the deadline."""

    def __init__(self, deadline: float, monotonic: Callable[[], float]) -> None:
        self._deadline = deadline
        self._monotonic = monotonic

    def __call__(self, state: RetryCallState) -> bool:
        return self._monotonic() + state.upcoming_sleep >= self._deadline


def _wait(state: RetryCallState) -> float:
    backoff = float(_backoff(state))
    asked = None
    if state.outcome is not None:
        asked = getattr(state.outcome.exception(), "retry_after", None)
    if asked is None:
        return backoff
    # Jitter on top of what they ask for: all workers were told the same second.
    return float(asked) + min(1.0, backoff)


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for, 0 to 600; None when there is none, or none that
    can be read.

    `now`: epoch seconds by the wall clock, against which a date counts.
    Source: RFC 9110, 10.2.3.
    """
    value = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(float(value), LONGEST_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # RFC 9110 dates are GMT even where the zone is missing or "-0000".
    seconds = date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
