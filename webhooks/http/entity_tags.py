"""Versions of things in headers (RFC 9110): ETag names the one that is answered, If-None-Match the
one that is known already (304), If-Match the one that a change was made from (412).

A tag is "3-0f1e2d3c4b5a6978": the version of what can be changed, and a digest of all that is
answered, of which some changes without one (when calendars were read). If-None-Match compares all
of it, If-Match the version alone; that may stand alone, too.
"""

import re
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, g, make_response, request
from werkzeug.http import quote_etag

from webhooks.http.problems import RefusedRequest

PATTERN = '^"([0-9]{1,10})(-[0-9a-f]{1,64})?"$'
GREATEST = 2**31
READS = ("GET", "HEAD")
View = Callable[..., Any]


def expected_version(in_body: int | None) -> int | None:
    """The version that a change was made from: the body's, or that of If-Match. Raises Refused for
    two that differ.
    """
    in_header = _if_match()
    if in_header is None:
        return in_body
    if in_body not in (None, in_header):
        detail = "Send the version once: the field `version` and If-Match differ."
        raise RefusedRequest("invalid_value", detail, field="If-Match")
    g.precondition = True  # what is not this version then is refused as HTTP says it: 412
    return in_header


def refuse_unheeded() -> None:
    """For an operation that looks at no version. Raises Refused for a change that was to be made
    from one: it would be made from any.
    """
    if request.method in READS or "If-Match" not in request.headers:
        return
    detail = (
        "This operation has no version, and nothing was changed: read what you want to change,"
        " then send the same without If-Match."
    )
    raise RefusedRequest("precondition_failed", detail, field="If-Match")


def _if_match() -> int | None:
    given = request.headers.get("If-Match")
    if given is None:
        return None
    found = re.fullmatch(PATTERN, given.strip(), re.ASCII)
    if found is None or int(found[1]) > GREATEST:
        detail = 'Send one ETag as it was answered, or the version in quotes: If-Match: "3".'
        raise RefusedRequest("invalid_value", detail, field="If-Match")
    return int(found[1])


def tagged(view: View, location: str = "") -> View:
    """The view, whose answers have a `version`, with the tag of each; 304 to whoever has it.
    `location`: where what was made is from now on, such as /v1/bookings/{id}.
    """

    @wraps(view)
    def answered(**path: str) -> Response:
        response = make_response(view(**path))
        if response.status_code not in (HTTPStatus.OK, HTTPStatus.CREATED):
            return response
        body = response.get_data()
        shown: dict[str, Any] = orjson.loads(body)
        tag = f"{shown['version']}-{blake2b(body, digest_size=8).hexdigest()}"
        reads = request.method in READS
        if reads and request.if_none_match.contains_weak(tag):
            response = Response(status=HTTPStatus.NOT_MODIFIED)
        response.headers["ETag"] = quote_etag(tag)
        if response.status_code == HTTPStatus.CREATED and location:
            response.headers["Location"] = location.format(**shown)
        return response

    return answered


def located(view: View, location: str) -> View:
    """The same of what has no version."""

    @wraps(view)
    def answered(**path: str) -> Response:
        response = make_response(view(**path))
        if response.status_code == HTTPStatus.CREATED:
            response.headers["Location"] = location.format(**orjson.loads(response.get_data()))
        return response

    return answered
