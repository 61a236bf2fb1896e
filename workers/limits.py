"""How often somebody may ask: a quota a window, counted in Redis for all processes together.

Far from its quota nobody costs a question: each process grants a tenth of it by itself. Past that
it asks Redis for a hundredth at a time, and says what it had granted unasked. So P processes let at
most P tenths more than the quota through, one process not one more, and a window takes at most a
hundred questions of each. Whoever is at the quota is refused from memory until the window ends.
While Redis is away, everybody passes.

Cronofy's budget (workers/budget.py) is another thing: its calls wait for their turn, and no window
at all may hold one more than Cronofy allows, so each grant is a moment on a list. Here nobody
waits, and a number does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple

import redis

from workers.breaker import FAILURES, RedisBreaker

SHARE = 10
BLOCK = 100
ROOM = 10_000
"""Who is remembered by a process, each at about 400 bytes; then whoever's window began longest ago
is forgotten.
"""

# KEYS: the count; how often in a row it went over. ARGV: how many more, the quota, the window and
# the longest (ms). The window begins with its first question. Where the longest is longer, each
# window that goes over doubles the wait. Returns the count, and the milliseconds that its window
# has left.
_COUNT = """
local more, quota = tonumber(ARGV[1]), tonumber(ARGV[2])
local window, longest = tonumber(ARGV[3]), tonumber(ARGV[4])
local count = redis.call('INCRBY', KEYS[1], more)
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = window
  redis.call('PEXPIRE', KEYS[1], left)
end
if longest > window and count > quota and count - more <= quota then
  local strikes = redis.call('INCR', KEYS[2])
  left = math.min(longest, window * 2 ^ (strikes - 1))
  redis.call('PEXPIRE', KEYS[1], left)
  redis.call('PEXPIRE', KEYS[2], left + longest)
end
return {count, left}
"""


@dataclass(frozen=True, slots=True)
class QuotaPolicy:
    """`quota` a `window` (seconds); 0: no limit.
    `longest`: how long the wait may grow, for whoever goes over often.
    """

    name: str
    quota: int
    window: float = 60.0
    longest: float = 0.0


class Verdict(NamedTuple):
    """`left` of the quota, as far as this process knows,
    for the `seconds` until its window ends.
    """

    policy: QuotaPolicy
    who: str
    passed: bool
    left: int
    seconds: float


@dataclass(slots=True)
class _Window:
    """`allowed`: how many of ours may pass unasked; `counted`: how many of these Redis knows;
    `others`: of the count there, those that are not ours.
    """

    ends: float
    allowed: int
    used: int = 0
    counted: int = 0
    others: int = 0
    closed: bool = False


class Limiter:
    """One a process. Safe to share between threads.
    `client` must fail fast; the breaker is that of all its callers.
    """

    def __init__(
        self,
        client: redis.Redis,
        breaker: RedisBreaker,
        *,
        room: int = ROOM,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = client.register_script(_COUNT)
        self._breaker = breaker
        self._room = room
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], _Window] = {}
        self._lock = Lock()

    def take(self, policy: QuotaPolicy, who: str) -> Verdict:
        """Count one more of this one's, if it may pass."""
        block = max(1, policy.quota // BLOCK)
        with self._lock:
            now = self._monotonic()
            window = self._window(policy, who, now)
            if window.closed or window.used < window.allowed:
                return _counted(policy, who, window, now)
            # Written down before Redis is asked: a thread that asks meanwhile must not say the same
            # again.
            more = max(0, window.used - window.counted) + block
            window.counted += more
        answer = self._ask(policy, who, more)
        # Not under the lock while Redis is asked: everybody would wait for one slow answer.
        with self._lock:
            if answer is None:
                # Redis is away, so this one passes; what was to be counted is counted later.
                window.counted -= more
                window.allowed = max(window.allowed, window.used + 1)
            else:
                _settle(window, policy.quota - answer[0] + block, block)
                window.others = max(0, answer[0] - window.counted)
                window.ends = now + answer[1] / 1000
            return _counted(policy, who, window, now)

    def peek(self, policy: QuotaPolicy, who: str) -> Verdict | None:
        """The refusal that this one would get now, as far as this process knows. Counts nothing."""
        window, now = self._windows.get((policy.name, who)), self._monotonic()
        if window is None or not window.closed or window.ends <= now:
            return None
        return Verdict(policy, who, passed=False, left=0, seconds=window.ends - now)

    def _window(self, policy: QuotaPolicy, who: str, now: float) -> _Window:
        key = policy.name, who
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            # Taken out first: a dict keeps a key's old place, and what began last has to stand
            # last.
            self._windows.pop(key, None)
            if len(self._windows) >= self._room:
                del self._windows[next(iter(self._windows))]
            window = self._windows[key] = _Window(now + policy.window, policy.quota // SHARE)
        return window

    def _ask(self, policy: QuotaPolicy, who: str, more: int) -> tuple[int, int] | None:
        """The count with these, and how long it stands (ms). None: Redis is away."""
        if self._breaker.open:
            return None
        # By a digest: Redis is readable to more people than the database is, and who is a person's
        # address.
        digest = blake2b(who.encode("utf-8", "replace"), digest_size=16).hexdigest()
        key = f"limit:{policy.name}:{digest}"
        milliseconds = int(policy.window * 1000), int(policy.longest * 1000)
        try:
            count, left = self._count((key, f"{key}:over"), (more, policy.quota, *milliseconds))
        except FAILURES as error:
            self._breaker.failed(error)
            return None
        return int(count), int(left)


def _settle(window: _Window, room: int, block: int) -> None:
    """Of a block that was asked for this much found room."""
    window.allowed += max(0, min(room, block))
    # The race: two threads ask for a block each, and the one that is refused answers last. Said
    # anew each time, the window is opened again by the block of the other.
    window.closed = window.used >= window.allowed


def _counted(policy: QuotaPolicy, who: str, window: _Window, now: float) -> Verdict:
    seconds = max(0.0, window.ends - now)
    if window.closed:
        return Verdict(policy, who, passed=False, left=0, seconds=seconds)
    window.used += 1
    # As far as this process knows: what others used since we asked Redis is not in it.
    left = max(0, policy.quota - window.others - window.used)
    return Verdict(policy, who, passed=True, left=left, seconds=seconds)
