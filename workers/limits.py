"""How often somebody may ask: a quota a window, counted in Redis for all processes together.

Far from its quota nobody costs a question: each process grants a tenth of it by itself. Past that
it asks Redis for a hundredth at a time, and says what it granted in all. So P processes let at
most P tenths more than the quota through, one process not one more, and a window takes at most a
hundred questions of each. Whoever is at the quota is refused from memory until the window ends.
While Redis is away, everybody passes.

Cronofy's budget (workers/budget.py) is another thing: its calls wait for their turn, and no window
at all may hold one more than Cronofy allows, so each grant is a moment on a list. Here nobody
waits, and a number does.
"""

import secrets
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

# KEYS: the count, and beside it what each process claims of it; how often in a row it went over.
# ARGV: the process, what it claims in all, the quota, the window and the longest (ms). The window
# begins with its first question. Where the longest is longer, each window that goes over doubles
# the wait. Returns what others claim, and the milliseconds that its window has left.
# A process says what it claims in all, not how much more: of two of its questions that pass each
# other on the way, either tells all, and the later one changes nothing.
# A window ends at a moment of Redis's clock. One that has longer to go than any may last says that
# this clock was set back, and is over: else whoever used up a quota would wait for the difference.
_CLAIM = """
local claimed, quota = tonumber(ARGV[2]), tonumber(ARGV[3])
local window, longest = tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('PTTL', KEYS[1]) > math.max(window, longest) then
  redis.call('DEL', KEYS[1])
end
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0)
local more = math.max(0, claimed - known)
local count = redis.call('HINCRBY', KEYS[1], 'count', more)
redis.call('HSET', KEYS[1], ARGV[1], known + more)
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
return {count - known - more, left}
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
    """`used`: what passed here; `allowed`: how much of that may pass without a question; `claimed`:
    the most that Redis was told of; `others`: what other processes claim. `name`: how Redis tells
    this window of this process from others, and from the one before, which ends there a moment
    later.
    """

    ends: float
    allowed: int
    used: int = 0
    claimed: int = 0
    others: int = 0
    closed: bool = False
    name: str = ""

    @property
    def decided(self) -> bool:
        """Whether the next one passes or not needs no question."""
        return self.closed or self.used < self.allowed


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
        self._claim = client.register_script(_CLAIM)
        self._breaker = breaker
        self._room = room
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], _Window] = {}
        self._lock = Lock()

    def take(self, policy: QuotaPolicy, who: str) -> Verdict:
        """Count one more of this one's, if it may pass."""
        block = max(1, policy.quota // BLOCK)
        # Again only where other threads used up the block that was asked for: each turn claims one
        # more, and the quota ends that.
        while True:
            with self._lock:
                now = self._monotonic()
                window = self._window(policy, who, now)
                if window.decided:
                    return _counted(policy, who, window, now)
                window.name = window.name or secrets.token_hex(8)
                window.claimed = claimed = max(window.claimed, window.used) + block
            # Not under the lock: everybody would wait for one slow answer.
            answer = self._ask(policy, who, window.name, claimed)
            with self._lock:
                if answer is None:
                    # Redis is away, so this one passes; what was to be told is told later.
                    window.claimed -= block
                    window.allowed = max(window.allowed, window.used + 1)
                else:
                    _settle(window, claimed, policy.quota, others=answer[0])
                    window.ends = now + answer[1] / 1000
                if window.decided:
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

    def _ask(
        self, policy: QuotaPolicy, who: str, window: str, claimed: int
    ) -> tuple[int, int] | None:
        """What others claim, and how long that stands (ms). None: Redis is away."""
        if self._breaker.open:
            return None
        # By a digest: Redis is readable to more people than the database is, and who is a person's
        # address.
        digest = blake2b(who.encode("utf-8", "replace"), digest_size=16).hexdigest()
        key = f"limit:{policy.name}:{digest}"
        milliseconds = int(policy.window * 1000), int(policy.longest * 1000)
        try:
            others, left = self._claim(
                (key, f"{key}:over"), (window, claimed, policy.quota, *milliseconds)
            )
        except FAILURES as error:
            self._breaker.failed(error)
            return None
        return int(others), int(left)


def _settle(window: _Window, claimed: int, quota: int, *, others: int) -> None:
    """Redis keeps `claimed` for this process, as far as others have left so much."""
    room = quota - others
    # The race: of two threads' questions the earlier may be answered last. What it says is still
    # kept for us, and takes nothing back.
    window.allowed = max(window.allowed, min(claimed, room))
    window.closed = window.used >= max(window.allowed, room)
    window.others = others


def _counted(policy: QuotaPolicy, who: str, window: _Window, now: float) -> Verdict:
    seconds = max(0.0, window.ends - now)
    if window.closed:
        return Verdict(policy, who, passed=False, left=0, seconds=seconds)
    window.used += 1
    # As far as this process knows: what others used since we asked Redis is not in it.
    left = max(0, policy.quota - window.others - window.used)
    return Verdict(policy, who, passed=True, left=left, seconds=seconds)
