"""Everything that goes wrong with Cronofy, and the one bit that matters: may the same call go well
later?

CronofyError
├── Unavailable    transient   no connection, a time-out, a cut answer, 408, 5xx
├── RateLimited    transient   429; `retry_after` when Cronofy named one
├── OverBudget     transient   no token in our own rate budget before the deadline; nothing was sent
├── BadAnswer      transient   malformed, oversized or contradictory answer, redirect, page on
                   another origin
├── Unauthorised   transient   401: refresh the access token, then once more
├── InvalidGrant   permanent   400 invalid_grant: the account must connect again
├── InvalidClient  permanent   client id or secret is wrong: for the operator
├── Forbidden      permanent   403 (scope) and 402 (plan)
├── NotFound       permanent   404, 410
├── Locked         permanent   423: Cronofy lost the calendar's credentials; show the relink link
└── Rejected       permanent   422 and other 4xx, with the error keys

Texts are made of method, path template, status and error keys. No secret, token or body is in a
text, in `args` or in the exceptions chained behind one: those of requests and orjson carry whole
requests and documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class CronofyError(Exception):
    """A call to Cronofy that brought nothing."""

    permanent: ClassVar[bool] = False
    """True: the same call never succeeds by itself; do not retry it."""

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds to leave Cronofy alone, when somebody knows."""


class Unavailable(CronofyError):
    """Network trouble, a time-out or a server error."""


class RateLimited(CronofyError):
    """Cronofy's own limit: 50 requests a second and 500 a minute per application by default."""


# Apart from RateLimited: nothing was sent, so it is no reason to pause the other workers.
class OverBudget(CronofyError):
    """Our share of Cronofy's limit is spent until after the deadline."""


# Transient, since the next answer may be whole; a push that is none is refused by its ValueError.
class BadAnswer(CronofyError, ValueError):
    """An answer or a notification that is not what Cronofy documents."""


class Unauthorised(CronofyError):
    """The access token is unknown or expired."""


class InvalidGrant(CronofyError):
    """The code or the refresh token is dead, and stays so."""

    permanent = True


class InvalidClient(CronofyError):
    """Cronofy does not know this client id, or not with this secret."""

    permanent = True


class Forbidden(CronofyError):
    """The token lacks the scope, or the plan lacks the feature."""

    permanent = True


class NotFound(CronofyError):
    """Not there, or not this account's."""

    permanent = True


class Locked(CronofyError):
    """Cronofy holds no working credentials for that calendar."""

    permanent = True


class Rejected(CronofyError):
    """Cronofy refuses the request itself. `keys` are like `callback_url: errors.required`."""

    permanent = True

    def __init__(
        self, message: str, *, status: int | None = None, keys: Sequence[str] = ()
    ) -> None:
        super().__init__(message, status=status)
        self.keys = tuple(keys)
