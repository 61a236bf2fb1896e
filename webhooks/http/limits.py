"""Who may ask how often. Whoever proves who they are is counted by that, everybody else by their
address.

reads, writes   a minute, for each API key; without one, for each address
holds           in ten minutes, for each owner whom a client takes them for
wrong           keys, logins and signatures that are not good, a minute for each address; the wait
                doubles each time

A right key, and a signed push, pass whatever others at the same address did: the secrets have 256
bits, which nobody guesses, and a lock-out would be a gift to whoever shares an address. The limit
is on what wrong ones cost.

A code of a login provider is another matter: whether it is right the provider alone knows, and it
is asked by us. So past the limit none is taken there, right or wrong.
"""

from typing import Any

from prometheus_client import Counter
from werkzeug.exceptions import TooManyRequests

from webhooks.http.callers import caller
from workers.limits import Limiter, QuotaPolicy, Verdict
from workers.settings import Settings

Environ = dict[str, Any]

SEEN = "coachcal.limits"  # no header of a client's can have this name
READING = frozenset({"GET", "HEAD", "OPTIONS"})
LIMITED, TOO_MANY = "rate_limited", 429


class RequestLimits:
    """Those of one app. Each request counts once against each policy, however often it is asked
    about.
    """

    def __init__(self, settings: Settings, limiter: Limiter, refused: Counter) -> None:
        self._limiter = limiter
        self._refused = refused
        self._proxies = settings.trusted_proxies or ()
        self._reads = QuotaPolicy("reads", settings.limit_reads)
        self._writes = QuotaPolicy("writes", settings.limit_writes)
        self._holds = QuotaPolicy("holds", settings.limit_holds, window=600.0)
        self._wrong = QuotaPolicy("wrong", settings.limit_wrong, longest=3600.0)

    def passes(self, environ: Environ, key_id: str | None = None) -> bool:
        """Whether this request may go on; it is counted by its key, or by its address."""
        return self._count(environ, self._usual(environ), key_id or caller(environ, self._proxies))

    def admit(self, environ: Environ, key_id: str | None = None) -> None:
        """The same. Raises TooManyRequests."""
        if not self.passes(environ, key_id):
            raise TooManyRequests(LIMITED)

    def hold(self, environ: Environ, client_id: str, owner: str) -> None:
        """Somebody takes a hold. Raises TooManyRequests."""
        if not self._count(environ, self._holds, f"{client_id} {owner}"):
            raise TooManyRequests(LIMITED)

    def may_hold(self, client_id: str, owner: str) -> bool:
        """The same, for whoever does without where there is none. The answer says nothing of it: it
        is no refusal.
        """
        return self._count({}, self._holds, f"{client_id} {owner}")

    def wrong(self, environ: Environ) -> None:
        """What was shown to be let in was not good. Raises TooManyRequests for whoever shows such
        things often.
        """
        if not self._count(environ, self._wrong, caller(environ, self._proxies)):
            raise TooManyRequests(LIMITED)

    def spare(self, environ: Environ) -> None:
        """Before others are troubled with what this one shows. Raises TooManyRequests for whoever
        is known to have shown too much that was not good; otherwise nothing is counted.
        """
        who = caller(environ, self._proxies)
        if self._limiter.peek(self._wrong, who) is not None:
            self.wrong(environ)

    def spent(self, environ: Environ, key_id: str) -> bool:
        """Whether this key is known to be at its limit: then the request is counted as refused."""
        policy = self._usual(environ)
        if self._limiter.peek(policy, key_id) is None:
            return False
        return not self._count(environ, policy, key_id)

    def _usual(self, environ: Environ) -> QuotaPolicy:
        if environ["REQUEST_METHOD"] in READING:
            return self._reads
        return self._writes

    def _count(self, environ: Environ, policy: QuotaPolicy, who: str) -> bool:
        if not policy.quota:
            return True
        seen: list[Verdict] = environ.setdefault(SEEN, [])
        for verdict in seen:
            if verdict.policy is policy and verdict.who == who:
                return verdict.passed
        verdict = self._limiter.take(policy, who)
        seen.append(verdict)
        if not verdict.passed:
            self._refused.labels(policy.name).inc()
        return verdict.passed


def headers(environ: Environ) -> list[tuple[str, str]]:
    """What an answer says of the limits that its request was counted by
    (draft-ietf-httpapi-ratelimit-headers-10).
    """
    if SEEN not in environ:
        return []
    # The latest of each policy: a key that is new here was counted by its address first.
    seen = {}
    for verdict in environ[SEEN]:
        seen[verdict.policy.name] = verdict
    left, policies, wait = [], [], 0
    for name, verdict in seen.items():
        seconds = _seconds(verdict)
        left.append(f'"{name}";r={verdict.left};t={seconds}')
        policies.append(f'"{name}";q={verdict.policy.quota};w={verdict.policy.window:.0f}')
        if not verdict.passed:
            wait = max(wait, seconds)
    found = [("RateLimit", ", ".join(left)), ("RateLimit-Policy", ", ".join(policies))]
    if wait:
        found.append(("Retry-After", str(wait)))
    return found


def _seconds(verdict: Verdict) -> int:
    """Whole ones: then it is over."""
    return int(verdict.seconds) + 1
