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
    since, until = between(query.since, query.until, check_zone(query.tz))
    asked = Asked(query.duration, since, until, int(now.timestamp()))
    wanted = list(dict.fromkeys(query.coach_id))
    with services.database.read() as tx:
        found = listing_slots.listings(
            tx, wanted, now=now, stale_after=services.settings.stale_after
        )
    _check(wanted, found, query.duration)
    return conditional(
        CachedResponse.of(_answer([found[coach_id] for coach_id in wanted], asked, query))
    )


def _check(wanted: list[str], found: dict[str, Listing], duration: int) -> None:
    if unknown := [coach_id for coach_id in wanted if coach_id not in found]:
        detail = f"Leave out, or make first, the coaches that are not there: {', '.join(unknown)}."
        raise RefusedRequest("unknown_coach", detail, field="coach_id", unknown=unknown)
    offered = {minutes for listing in found.values() for minutes in listing.slots.durations}
    if duration not in offered:
        choice = ", ".join(map(str, sorted(offered)))
        raise Invalid(
            "duration",
            "duration_not_offered",
            f"None of them offers {duration} minutes; ask for {choice}.",
        )


def _answer(listings: list[Listing], asked: Asked, query: PoolQuery) -> bytes:
    pool = availability.pool(listings, asked)
    if query.mode == "any":
        starts = pool.any_open()
        who = [ids for _, ids in pool.who()]
    else:
        everybody = len(pool.coach_ids) == len(listings)
        starts = pool.all_open() if everybody else availability.NOTHING
        who = [list(pool.coach_ids)] * len(starts)
    said: dict[str, Any] = {"mode": query.mode}
    said |= framed(asked, availability.pool_valid_until(listings, asked), query.tz)
    said["coaches"] = [
        standing(it) | {"offers": asked.duration in it.slots.durations} for it in listings
    ]
    said["starts"] = [
        {"start": at, "coach_ids": ids} for at, ids in zip(render(starts), who, strict=True)
    ]
    return orjson.dumps(said)
