"""The forms in which the API answers, each named by the date of its release: `Coachcal-Version`.

What breaks a reader is a new date: a name that is another, goes, or means something else. A new
field, path, code or word in a list is none. Who names no date gets the former one until it ends, so
that nothing they rely on changes before that; each such answer that the newest form says otherwise
tells since and until when (`Deprecation`, `Sunset`).

Answers are made, and stored under their Idempotency-Key, in the oldest form. They are said in the
form that is asked for.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from flask import make_response, request

from domain.event_versions import NEWEST, OLDEST, VERSIONS, Version
from webhooks.http.deprecated import deprecate
from webhooks.http.problems import RefusedRequest
from webhooks.http.requests import JSON

HEADER = "Coachcal-Version"
SENT = "HTTP_COACHCAL_VERSION"
ANSWERED = "coachcal.version"  # no header of a client's can have this name
PLACE = "/v1/"
USUAL = OLDEST
CHANGES: dict[Version, str] = {
    "2026-06-01": "The first form.",
    "2026-11-29": (
        "The `status` of a session or pod that was called off is `called_off`; it was `disabled`."
        " In the `data` of events `starts`, `ends`, `previous_starts`, `event_starts` and"
        " `event_ends` are `start`, `end`, `previous_start`, `event_start` and `event_end`."
    ),
}
"""What each date says otherwise than the one before."""
BEFORE, SINCE = "disabled", "called_off"
View = Callable[..., Any]


def served(environ: dict[str, Any]) -> Version | None:
    """The form that this request asks for; None where there is none of that date."""
    sent = environ.get(SENT)
    if sent is None:
        return USUAL
    return next((version for version in VERSIONS if version == sent), None)


def asked() -> Version | None:
    """The date that this request names; None where it names none."""
    if SENT not in request.environ:
        return None
    return served(request.environ)


def answered_in(version: Version) -> None:
    """The answer to this request is in this form, whatever its headers ask for: the feed has the
    newest one where they ask for none.
    """
    request.environ[ANSWERED] = version


def headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    """What an answer says of its form."""
    if not environ["PATH_INFO"].startswith(PLACE):
        return []
    return [(HEADER, environ.get(ANSWERED) or served(environ) or USUAL)]


def require() -> Version:
    """The form that this request is answered in. Raises Refused for one that there is not."""
    version = served(request.environ)
    if version is None:
        detail = f"Send one of {', '.join(VERSIONS)}, or leave {HEADER} out."
        raise RefusedRequest("unknown_version", detail, field=HEADER, versions=list(VERSIONS))
    return version


def dated(view: View) -> View:
    """The view, which answers in the oldest form, in the one that is asked for."""

    @wraps(view)
    def answered(**path: str) -> Any:
        version = require()
        if version != NEWEST:
            deprecate()
            return view(**path)
        response = make_response(view(**path))
        if response.mimetype == JSON and not response.is_streamed:
            response.set_data(orjson.dumps(said(orjson.loads(response.get_data()), version)))
        return response

    return answered


def said(shown: Any, version: Version) -> Any:
    """What is shown in the oldest form, in this one: changed where it stands, at any depth."""
    if version != OLDEST:
        _rename(shown)
    return shown


def _rename(shown: Any) -> None:
    # In place: a list that is sent whole is mostly texts, and to copy them was a seventh of its
    # price.
    if isinstance(shown, dict):
        if shown.get("status") == BEFORE:
            shown["status"] = SINCE
        shown = shown.values()
    elif not isinstance(shown, list):
        return
    for each in shown:
        if isinstance(each, dict | list):
            _rename(each)
