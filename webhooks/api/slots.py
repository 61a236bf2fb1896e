"""What one coach can be booked at, as the stored set tells it now. The service's hottest path:
bytes, made by hand.
"""

from collections.abc import Hashable
from datetime import datetime
from math import ceil
from typing import Any
from urllib.parse import parse_qsl

import orjson
from flask import Response, request
from werkzeug.http import parse_etags

from domain.slots.listing import render
from storage.schema.database import Unavailable
from storage.slots import availability
from storage.slots.availability import Asked, Stamp
from storage.slots.listings import Listing
from webhooks.api.schemas.requests import SlotsQuery
from webhooks.http import versions
from webhooks.http.auth import asking, key_of, lacking, may
from webhooks.http.context import FastPath, Parts, RawAnswer, parts, runtime
from webhooks.http.listing import listing_of
from webhooks.http.problems import RefusedRequest, unknown_coach
from webhooks.http.requests import JSON
from webhooks.http.response_cache import CachedResponse
from webhooks.http.times import between, check_zone, iso, iso_or_none
from workers import tracing
from workers.skew import ClockOff

PLACE, END = "/v1/coaches/", "/slots"
PATH = f"{PLACE}<coach_id>{END}"
READS = ("slots:read", "coach", "ops", "ops:read")
SEEN = "coachcal.slots"  # no header of a client's can have this name
# Participants see only open or not: why a time is closed is for the coach and for ops.
SEES_REASONS = ("coach", "ops", "ops:read")


def show(coach_id: str, query: SlotsQuery) -> Response:
    """The times that a coach can be booked at.

    What is listed can be booked, until `valid_until` or the next change; ask again with
    If-None-Match. Whether the calendars behind it can be trusted is in `state`, and what the
    coach's policy makes of that in `effect`: with `hide`, `starts` is empty.
    """
    if query.detail and not may(asking(), SEES_REASONS):
        raise lacking(SEES_REASONS, field="detail")
    services = runtime().services
    now = services.now()
    # Looked at first: what changes from here on makes the answer that is kept look old, never new.
    stamp: Stamp = request.environ.get(SEEN) or availability.stamp(services.database, coach_id)
    with services.database.read() as tx:
        listing = listing_of(tx, coach_id, now=now, reasons=query.detail is not None)
    if listing is None:
        raise unknown_coach(coach_id)
    made = _made(listing, query, stamp, now)
    if query.detail is None:  # not everybody who asks again may see reasons
        parts().response_cache.keep(_question(coach_id, request.environ), made)
    return conditional(made)


def in_passing(ours: Parts) -> FastPath:
    """Answers a question that was asked before, if its answer still holds: most are, and do.

    All that this takes is the caller's key and one look into the database; Flask around it would be
    half of the work. Any other request goes on to its endpoint, and so does whatever has to be
    refused.
    """
    services, limits = ours.runtime.services, ours.limits
    cache = ours.response_cache
    requests = {status: ours.metrics.requests.labels(PATH, status) for status in (200, 304)}

    def look(environ: dict[str, Any]) -> RawAnswer | None:
        path: str = environ["PATH_INFO"]
        if not (
            path.startswith(PLACE) and path.endswith(END) and environ["REQUEST_METHOD"] == "GET"
        ):
            return None
        coach_id = path[len(PLACE) : -len(END)]
        question = _question(coach_id, environ)
        if not cache.holds(question) or versions.served(environ) is None:
            return None
        try:
            key = key_of(ours, environ)
            if key is None or not may(key, READS) or not limits.passes(environ, key.id):
                return None
            stamp = environ[SEEN] = availability.stamp(services.database, coach_id)
            ready = cache.find(question, stamp=stamp, now=int(services.now().timestamp()))
        except (*Unavailable, ClockOff):
            return None  # the endpoint asks again, and says so
        if ready is None:
            return None
        answer = _conditional(ready, environ.get("HTTP_IF_NONE_MATCH"))
        status = int(answer[0][:3])
        requests[status].inc()
        tracing.tell(name=f"GET {PATH}", status=status)
        return answer

    return look


def _question(coach_id: str, environ: dict[str, Any]) -> Hashable:
    """One for all orders of the parameters and all ways to quote them; what is no query of ours is
    never kept.
    """
    asked = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return coach_id, *sorted(asked)


def answer(
    listing: Listing, duration: int, since: datetime, until: datetime, *, now: datetime
) -> bytes:
    """The same answer for whoever has the listing at hand (the command line). Raises Invalid."""
    asked = Asked(duration, ceil(since.timestamp()), ceil(until.timestamp()), int(now.timestamp()))
    return _answer(listing, asked, tz=listing.zone, reasons=False)


def conditional(ready: CachedResponse) -> Response:
    """The body under a strong ETag, or 304 when the client has it already (RFC 9110, 13.1.2)."""
    status, headers, body = _conditional(ready, request.environ.get("HTTP_IF_NONE_MATCH"))
    return Response(body, status, headers)


def _conditional(ready: CachedResponse, known: str | None) -> RawAnswer:
    headers = [("ETag", f'"{ready.etag}"'), ("Cache-Control", "private, no-cache")]
    # Compared weakly, which is what this header asks for, though ours are strong.
    if known is not None and parse_etags(known).contains_weak(ready.etag):
        return "304 NOT MODIFIED", headers, b""
    return (
        "200 OK",
        [("Content-Type", JSON), ("Content-Length", str(len(ready.body))), *headers],
        ready.body,
    )


def standing(listing: Listing) -> dict[str, Any]:
    """What the answer is worth: every answer that lists slots says it of every coach."""
    return {
        "coach_id": listing.coach_id,
        "version": listing.version,
        "as_of": iso_or_none(listing.as_of),
        "state": listing.state,
        "policy": {
            "kind": listing.policy.kind,
            "last_known_hours": listing.policy.last_known_hours,
        },
        "effect": listing.effect,
    }


def framed(asked: Asked, valid_until: int | None, tz: str) -> dict[str, Any]:
    """What was asked, as it was understood, and until when the answer holds."""
    until = None
    if valid_until is not None:
        until = iso(valid_until)
    return {
        "valid_until": until,
        "tz": tz,
        "from": iso(asked.since),
        "to": iso(asked.until),
        "duration": asked.duration,
    }


def _made(listing: Listing, query: SlotsQuery, stamp: Hashable, now: datetime) -> CachedResponse:
    tz = listing.zone
    if query.tz is not None:
        tz = check_zone("tz", query.tz)
    since, until = between(query.since, query.until, tz)
    duration = query.duration
    if duration is None:
        duration = _only(listing)
    asked = Asked(duration, since, until, int(now.timestamp()))
    body = _answer(listing, asked, tz=tz, reasons=query.detail is not None)
    return CachedResponse.of(body, stamp, availability.valid_until(listing, asked))


def _only(listing: Listing) -> int:
    durations = listing.slots.durations
    if len(durations) > 1:
        offered = ", ".join(map(str, durations))
        raise RefusedRequest(
            "duration_required", f"Send duration, one of {offered} (minutes).", field="duration"
        )
    return durations[0]


def _answer(listing: Listing, asked: Asked, *, tz: str, reasons: bool) -> bytes:
    starts = render(availability.starts(listing, asked))
    said = (
        standing(listing)
        | framed(asked, availability.valid_until(listing, asked), tz)
        | {"starts": starts}
    )
    if reasons:
        runs = availability.reasons(listing, asked)
        said["reasons"] = [
            {"from": iso(start), "to": iso(end), "reason": why.name} for start, end, why in runs
        ]
    return orjson.dumps(said)
