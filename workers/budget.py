"""How often all workers together may call Cronofy: so many calls in any second, and so many in any
minute.

A bucket that holds 500 tokens and gains 500 a minute lets 1,000 calls through in its first minute;
Cronofy counts. So each grant is a time on one list in Redis, and the next grant is the first moment
at which both windows have room. It is reserved at once: whoever comes first goes first, nobody
polls, and since Redis's clock is the only one, nothing drifts. When Redis is away, each process
keeps to a tenth of the rate by its own list.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol

import redis
import structlog

from workers.breaker import FAILURES, RedisBreaker, what
from workers.cronofy.errors import OverBudget

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

PER_SECOND = 50
PER_MINUTE = 500
"""Cronofy's defaults per application. Source: docs.cronofy.com, Rate limits."""

LONGEST_WAIT = 60.0
"""Seconds; nobody reserves further ahead, nor pauses everybody for longer."""

# Deliberately little: nobody knows how many processes there are, and more than ten of them together
# would still break Cronofy's limit.
_LOCAL_SHARE = 10
# Seconds without the shared list where it alone is broken: somebody wrote something else there
_SHUN = 5.0

_NOTHING = -1
"""As the longest wait: whoever would not even wait for no time reserves nothing."""

_GRANTS, _PAUSE = "budget:cronofy", "budget:cronofy:pause"
# KEYS: the list of grants (microseconds, oldest first); the pause. ARGV: per second, per minute,
# longest wait (us). Returns {1, wait} when granted, {0, wait} when the wait would be longer: then
# nothing is reserved.
# Expiries are moments of Redis's clock, as grants are. One that is further away than it was ever
# set says that this clock was set back since, and the list's by how much: its grants go back as
# far, so that both windows hold, and nobody waits for the difference.
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local back = redis.call('PTTL', KEYS[1]) - 120000
if back > 0 then
  for place, at in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    redis.call('LSET', KEYS[1], place - 1, string.format('%.0f', at - back * 1000))
  end
  redis.call('PEXPIRE', KEYS[1], 120000)
end
if redis.call('PTTL', KEYS[2]) > 61000 then redis.call('DEL', KEYS[2]) end
local last = tonumber(redis.call('LINDEX', KEYS[1], -1) or 0)
if last > now + 61000000 then  -- nobody reserves that far ahead: the clock was set back
  redis.call('DEL', KEYS[1])
  last = 0
end
local at = math.max(now, last, now + redis.call('PTTL', KEYS[2]) * 1000)
for window, limit in pairs({[1000000] = ARGV[1], [60000000] = ARGV[2]}) do
  local oldest = redis.call('LINDEX', KEYS[1], -limit)
  if oldest then at = math.max(at, oldest + window) end
end
if at - now > tonumber(ARGV[3]) then return {0, at - now} end
redis.call('RPUSH', KEYS[1], string.format('%.0f', at))
redis.call('LTRIM', KEYS[1], -math.max(ARGV[1], ARGV[2]), -1)
redis.call('PEXPIRE', KEYS[1], 120000)
return {1, at - now}
"""


class Allowance(Protocol):
    """What a client asks before each call."""

    def take(self, deadline: float) -> None: ...

    def pause(self, seconds: float) -> None: ...

    def wait(self) -> float | None:
        """Seconds that a call would wait for its turn at this moment; none is reserved.
        None while nobody knows.
        """
        ...


class LocalBudget:
    """The same two windows for one process alone. Safe to share between threads.

    Deadlines are readings of `monotonic`.
    """

    def __init__(
        self,
        *,
        per_second: int = PER_SECOND,
        per_minute: int = PER_MINUTE,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._windows = ((1.0, per_second), (60.0, per_minute))
        self._grants: deque[float] = deque(maxlen=max(per_second, per_minute))
        self._paused_until = 0.0
        self._lock = Lock()
        self._monotonic = monotonic
        self._sleep = sleep

    def take(self, deadline: float) -> None:
        """Return when the call may be made.
        Raises OverBudget at once when that is after the deadline.
        """
        longest = _longest(deadline - self._monotonic())
        _wait(self.reserve(longest), longest, self._sleep)

    def pause(self, seconds: float) -> None:
        """Nobody's call is granted for that long: Cronofy said so."""
        with self._lock:
            until = self._monotonic() + min(seconds, LONGEST_WAIT)
            self._paused_until = max(self._paused_until, until)

    def wait(self) -> float:
        return max(0.0, self.reserve(_NOTHING))

    def reserve(self, longest: float) -> float:
        """Seconds until the next free moment,
        which is reserved unless it is more than `longest` away.
        """
        # The race: two threads that find the same moment free. Looking and reserving are one step.
        with self._lock:
            now = self._monotonic()
            at = max(now, self._paused_until)
            if self._grants:
                # Never before one that was granted: the list has to stay in order.
                at = max(at, self._grants[-1])
            for window, limit in self._windows:
                if len(self._grants) >= limit:
                    at = max(at, self._grants[-limit] + window)
            if at - now <= longest:
                self._grants.append(at)
            return at - now


class Budget:
    """The windows all workers share. Safe to share between threads.

    `client` must fail fast (see `broker.create_redis`); its server's clock is the only one that
    counts. Deadlines are readings of `monotonic`.
    """

    def __init__(
        self,
        client: redis.Redis,
        breaker: RedisBreaker | None = None,
        *,
        per_second: int = PER_SECOND,
        per_minute: int = PER_MINUTE,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._breaker = breaker or RedisBreaker(client)
        self._reserve = client.register_script(_RESERVE)
        self._limits = (per_second, per_minute)
        self._local = LocalBudget(
            per_second=max(1, per_second // _LOCAL_SHARE),
            per_minute=max(1, per_minute // _LOCAL_SHARE),
            monotonic=monotonic,
            sleep=sleep,
        )
        self._shunned_until = monotonic()
        self._monotonic = monotonic
        self._sleep = sleep

    def take(self, deadline: float) -> None:
        """Return when the call may be made.
        Raises OverBudget at once when that is after the deadline.
        """
        longest = _longest(deadline - self._monotonic())
        _wait(self._shared(longest), longest, self._sleep)

    def pause(self, seconds: float) -> None:
        """No worker's call is granted for that long: Cronofy said so."""
        self._local.pause(seconds)
        if self._breaker.open:
            return
        milliseconds = int(min(seconds, LONGEST_WAIT) * 1000)
        # Never cut a longer pause short. Looking and setting are two steps: of two workers that are
        # told at once the shorter pause may win, by a second or so, and Cronofy tells again.
        try:
            if milliseconds > int(self._client.pttl(_PAUSE)):
                self._client.set(_PAUSE, 1, px=milliseconds)
        except FAILURES as error:
            self._shun(error)

    def wait(self) -> float | None:
        if self._breaker.open or self._monotonic() < self._shunned_until:
            return None
        try:
            _, micros = self._reserve((_GRANTS, _PAUSE), (*self._limits, _NOTHING))
        except FAILURES as error:
            self._shun(error)
            return None
        return max(0.0, int(micros) / 1e6)

    def _shared(self, longest: float) -> float:
        """Seconds to wait, by the shared list, or by our own while Redis is away."""
        if self._breaker.open or self._monotonic() < self._shunned_until:
            return self._local.reserve(longest)
        try:
            granted, micros = self._reserve((_GRANTS, _PAUSE), (*self._limits, int(longest * 1e6)))
        except FAILURES as error:
            self._shun(error)
            return self._local.reserve(longest)
        wait = int(micros) / 1e6
        if not granted:
            # Rounding may bring a refusal down to the longest wait: then it would pass for a grant.
            wait = max(wait, longest + 1e-6)
        return wait

    def _shun(self, error: Exception) -> None:
        self._breaker.failed(error)
        # It learns when Redis is back: until then alone a read goes at a tenth of its pace.
        if self._breaker.open:
            return
        self._shunned_until = self._monotonic() + _SHUN
        log.warning("budget_without_redis", error=what(error), seconds=_SHUN)


def _longest(left: float) -> float:
    return max(0.0, min(left, LONGEST_WAIT))


def _wait(seconds: float, longest: float, sleep: Callable[[float], None]) -> None:
    if seconds > longest:
        raise OverBudget(
            f"our Cronofy budget has no call left for {seconds:.1f} s; try again then, or raise the"
            " limits",
            retry_after=seconds,
        )
    if seconds > 0:
        sleep(seconds)
