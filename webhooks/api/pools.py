"""What several coaches can be booked at: any of them, with who is open, or all of them at once."""

from typing import Any

import orjson
from flask import Response

from domain.errors import Invalid
from domain.slots.listing import render
from storage.slots import availability
from storage.slots import listings as listing_slots
from storage.slots.availability import Asked
from storage.slots.listings import Listing
from webhooks.api.coach_states import missing
from webhooks.api.schemas.requests import PoolQuery
from webhooks.api.slots import conditional, framed, standing
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest
from webhooks.http.response_cache import CachedResponse
from webhooks.http.times import between, check_zone


def show(query: PoolQuery) -> Response:
    """The times that any, or all, of up to 200 coaches can be booked at.

    A coach who is hidden, or does not offer the duration, is open at no time; `coaches` says which
    ones those are.
    """
    services = runtime().services
    now = services.now()
    since, until = between(query.since, query.until, check_zone("tz", query.tz))
    asked = Asked(query.duration, since, until, int(now.timestamp()))
    wanted = list(dict.fromkeys(query.coach_id))
    with services.database.read() as tx:
        found = listing_slots.listings(tx, wanted, now=now, stale_after=services.stale_after())
    _check(wanted, found, query.duration)
    asked_of = [found[coach_id] for coach_id in wanted]
    return conditional(CachedResponse.of(_answer(asked_of, asked, query)))


def _check(wanted: list[str], found: dict[str, Listing], duration: int) -> None:
    if unknown := missing(wanted, found):
        detail = f"Leave out, or make first, the coaches that are not there: {', '.join(unknown)}."
        raise RefusedRequest("unknown_coach", detail, field="coach_id", unknown=unknown)
    offered: set[int] = set()
    for listing in found.values():
        offered.update(listing.slots.durations)
    if duration not in offered:
        choice = ", ".join(map(str, sorted(offered)))
        raise Invalid(
            "duration",
            "duration_not_offered",
            f"None of them offers {duration} minutes; ask for {choice}.",
        )


def _answer(listings: list[Listing], asked: Asked, query: PoolQuery) -> bytes:
    starts, who = _open(listings, asked, query)
    said: dict[str, Any] = {"mode": query.mode}
    said |= framed(asked, availability.pool_valid_until(listings, asked), query.tz)
    said["coaches"] = [_coach(listing, asked.duration) for listing in listings]
    said["starts"] = [
        {"start": at, "coach_ids": ids} for at, ids in zip(render(starts), who, strict=True)
    ]
    return orjson.dumps(said)


def _open(listings: list[Listing], asked: Asked, query: PoolQuery) -> tuple[Any, list[list[str]]]:
    """The starts, and of each one the coaches who can be booked then."""
    pool = availability.pool(listings, asked)
    if query.mode == "any":
        return pool.any_open(), [ids for _, ids in pool.who()]
    everybody = list(pool.coach_ids)
    if len(everybody) < len(listings):
        return availability.NOTHING, []
    starts = pool.all_open()
    return starts, [everybody] * len(starts)


def _coach(listing: Listing, duration: int) -> dict[str, Any]:
    return standing(listing) | {"offers": duration in listing.slots.durations}
