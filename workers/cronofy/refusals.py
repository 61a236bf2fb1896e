"""From a status code to one of our errors: all of Cronofy's refusals on one page.

Quirks: 400 belongs to the token endpoints; bodies of most refusals are empty or undocumented; a
dead code is called `invalid_grant` in the docs and `errors.unknown_or_used` in an FAQ. Source:
docs.cronofy.com, Errors.
"""

from __future__ import annotations

from workers.cronofy import errors
from workers.cronofy.errors import CronofyError
from workers.cronofy.transport import Call, HttpAnswer
from workers.cronofy.wire import read_refusal

_KINDS: dict[int, tuple[type[CronofyError], str]] = {
    401: (
        errors.Unauthorised,
        "the access token is unknown or expired; refresh it and try once more",
    ),
    402: (errors.Forbidden, "the Cronofy plan lacks this feature; ask whoever owns the account"),
    403: (errors.Forbidden, "the token lacks the scope; have the account connected again"),
    404: (errors.NotFound, "it is not there or not this account's; list again"),
    408: (errors.Unavailable, "Cronofy waited too long for us; try again later"),
    410: (errors.NotFound, "it is gone; list again"),
    423: (errors.Locked, "Cronofy lost the calendar's credentials; have the coach relink it"),
    429: (errors.RateLimited, "Cronofy's rate limit is reached; try again later"),
}


def refusal(call: Call, answer: HttpAnswer, retry_after: float | None) -> CronofyError | None:
    """The error this answer stands for; None for a success."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if status in (400, 401) and call.template.startswith("/oauth/"):
        return _oauth(call, answer)
    kind, advice = _KINDS.get(status, (None, ""))
    if kind:
        return kind(f"{call} answered {status}: {advice}", status=status, retry_after=retry_after)
    if status >= 500:
        text = f"{call} answered {status}: Cronofy has trouble; try again later"
        return errors.Unavailable(text, status=status, retry_after=retry_after)
    if status >= 400:
        return _rejected(call, answer)
    # 3xx: followed, it would take the bearer along, to wherever it leads.
    return errors.BadAnswer(
        f"{call} answered {status}: redirects are not followed; check the origin", status=status
    )


def _oauth(call: Call, answer: HttpAnswer) -> CronofyError:
    """RFC 6749, 5.2. No bearer is in play here: a 401 is about the client's own credentials."""
    body = read_refusal(answer.body)
    said = " ".join((body.error or "", *body.keys))
    # The docs call a dead code `invalid_grant`, an FAQ of theirs `errors.unknown_or_used`.
    if body.error == "invalid_grant" or "unknown_or_used" in said:
        text = (
            f"{call} answered invalid_grant: the code or token is dead; have the account"
            " connected again"
        )
        return errors.InvalidGrant(text, status=answer.status)
    if body.error == "invalid_client" or answer.status == 401:
        text = (
            f"{call} answered invalid_client: check the Cronofy client id, secret and data centre"
        )
        return errors.InvalidClient(text, status=answer.status)
    return _rejected(call, answer)


def _rejected(call: Call, answer: HttpAnswer) -> errors.Rejected:
    body = read_refusal(answer.body)
    keys = body.keys
    if body.error:
        keys = (body.error, *keys)
    # Most refusals have no body, or one that nobody documents.
    said = ", ".join(keys) or "no reason given"
    return errors.Rejected(
        f"{call} answered {answer.status} ({said}); do not repeat it",
        status=answer.status,
        keys=keys,
    )
