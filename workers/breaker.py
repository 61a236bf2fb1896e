"""Redis that failed is left alone: nobody waits for it again until a thread of our own has found it
well.

Frozen, it would hold each call for a time-out; full, read-only or loading, it would refuse each.
All that Redis holds may be lost, so whoever finds the breaker open does without: the row is the
job, and the sweeper wakes again.
"""

import time
from threading import Event, Lock, Thread

import redis
import structlog

log = structlog.get_logger()

FIRST_PAUSE, PAUSE = 0.5, 1.0
"""Seconds that Redis is left alone after a failure, and between two looks at it. The first look is
soon: one answer that was lost on its way is over by then.
"""
REMIND = 60.0
PROBE = "coachcal:probe"
_NAMES = (PROBE, "budget:probe", "limit:probe")
"""One of each kind that we write."""
_WRITES = "for _, key in ipairs(KEYS) do redis.call('SET', key, 1, 'PX', 1000) end"
FAILURES = (redis.RedisError, OSError)
"""Whatever a call to Redis may raise."""


class RedisBreaker:
    """One a process, for all that asks the same Redis. Safe to share between threads."""

    def __init__(
        self, client: redis.Redis, *, pause: float = PAUSE, remind: float = REMIND
    ) -> None:
        self._client = client
        self._pause = pause
        self._remind = remind
        self._lock = Lock()
        self._closing = Event()
        self._open = False

    @property
    def open(self) -> bool:
        """Whether Redis is to be left alone."""
        return self._open

    def failed(self, error: Exception) -> None:
        """A call raised this.
        Says so once, and opens; unless only one key is to blame, and the others are well.
        """
        if of_one_key(error):
            return
        # The race: many threads whose calls fail in the same moment. One of them opens the breaker,
        # says so and starts the watch; the others find it open.
        with self._lock:
            if self._open or self._closing.is_set():
                return
            self._open = True
        log.warning("redis_away", error=what(error), seconds=self._pause)
        try:
            Thread(target=self._watch, name="redis-breaker", daemon=True).start()
        except RuntimeError:
            # No thread is left to look at Redis, and nobody else would ever close this: so calls go
            # on to ask it, and the next that fails tries again.
            self._open = False
            log.warning("redis_not_watched")

    def close(self) -> None:
        """Look no more: the process ends."""
        self._closing.set()

    def _watch(self) -> None:
        """Ask until it is well, apart from whoever must not wait;
        tell once a minute that it is not.
        """
        began = reminded = time.monotonic()
        pause = min(FIRST_PAUSE, self._pause)
        while not self._closing.wait(pause):
            pause = self._pause
            try:
                # A server that was demoted may keep its clients, and tells them for ever that it
                # only reads, while its name leads to another. So each look connects anew, and so
                # does whoever comes after it: what lay idle may have died meanwhile, too.
                self._client.connection_pool.disconnect(inuse_connections=False)
                probe(self._client)
            except Exception as error:  # whatever it is, the watch must go on
                if time.monotonic() - reminded >= self._remind:
                    reminded = time.monotonic()
                    log.warning(
                        "redis_still_away",
                        error=what(error),
                        seconds=round(reminded - began),
                        exc_info=not isinstance(error, FAILURES),
                    )
                continue
            self._open = False
            log.info("redis_back", seconds=round(time.monotonic() - began))
            return


def probe(client: redis.Redis) -> None:
    """Raises what a wake-up would:
    a server that only reads, or is full, answers PING all the same.
    """
    # Gone after a second: a key that stayed would be one more thing in a Redis that is full.
    client.set(PROBE, 1, px=1000)
    # One that takes this and refuses our scripts, or the names that they write, would be found well
    # after each refusal, and nobody would be told.
    client.eval(_WRITES, len(_NAMES), *_NAMES)


def of_one_key(error: Exception) -> bool:
    """Somebody wrote something else under a name of ours. (A script's errors have only their
    texts.)
    """
    return isinstance(error, redis.ResponseError) and "WRONGTYPE" in str(error)


def what(error: Exception) -> str:
    """For the log: its type,
    and the word that Redis's own refusals begin with. Never an address.
    """
    kind = type(error).__name__
    # OOM, READONLY, LOADING, MISCONF: of a refusal the first word is Redis's own. The rest, and all
    # of a connection's error, may name the host or the key.
    word = str(error).partition(" ")[0]
    if isinstance(error, redis.ResponseError) and word.isupper() and word.isalpha():
        return f"{kind}: {word}"
    return kind
