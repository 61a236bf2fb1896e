"""What we ask of Cronofy: bodies and queries in its words.

Quirks: the token endpoints want id and secret in the body; booleans in a query are `true` and
`false`; `to` is exclusive; events that our own application wrote stay out of free/busy unless asked
for, and we do not ask: they are sessions already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import quote, urlencode

import orjson

from domain.conferencing import EXPLICIT, Conferencing
from workers.cronofy.wire.events import LONGEST_DESCRIPTION, LONGEST_SUMMARY, ManagedEvent

CALLS = {"assigned": "conferencing_assigned", "failing": "conferencing_failing"}
"""What Cronofy can be asked to call us for, by the last part of the address."""


@dataclass(frozen=True, slots=True)
class Application:
    """Who we are at one data centre."""

    client_id: str
    client_secret: str = field(repr=False)


def authorization(
    us: Application,
    redirect_uri: str,
    state: str,
    *,
    scope: str,
    provider: str | None,
) -> str:
    """The query of the page where a person connects a calendar.
    Source: docs.cronofy.com, Request Authorization.
    """
    query = {
        "response_type": "code",
        "client_id": us.client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        # Else Cronofy joins it to the account that this browser connected before.
        "avoid_linking": "true",
    }
    if provider:
        query["provider_name"] = provider
    # Spaces as %20: a scope has some, and not every server reads a plus sign as one.
    return urlencode(query, quote_via=quote)


def code_exchange(us: Application, code: str, redirect_uri: str) -> bytes:
    return _signed(us, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def token_refresh(us: Application, refresh_token: str) -> bytes:
    return _signed(us, grant_type="refresh_token", refresh_token=refresh_token)


def revocation(us: Application, token: str) -> bytes:
    return _signed(us, token=token)


def new_channel(callback_url: str) -> bytes:
    return orjson.dumps({"callback_url": callback_url})


def free_busy(since: date, until: date, zone: str) -> str:
    """The query for the dates since <= d < until, which `zone` interprets."""
    return urlencode(
        {
            "tzid": zone,
            "from": since.isoformat(),
            "to": until.isoformat(),
            # The default, and said all the same: a session of ours that came back as busy would
            # close its own time once it is cancelled.
            "include_managed": "false",
        }
    )


def event(written: ManagedEvent, calls: str | None = None) -> bytes:
    """One of ours to write. `calls`: an address below which we are called once a link is assigned,
    or is not to be had.
    Texts are cut to what Cronofy takes: better a short description than no session.
    """
    body: dict[str, object] = {
        "event_id": written.id,
        "summary": written.summary[:LONGEST_SUMMARY],
        "description": written.description[:LONGEST_DESCRIPTION],
        "start": _stamp(written.start),
        "end": _stamp(written.end),
        "tzid": written.zone,
        "transparency": "opaque",
    }
    # What is left out stays as it stands. Emptied only where it has to be: no documentation says
    # that an empty one is taken.
    if written.location or written.clears:
        body["location"] = {"description": written.location}
    if written.url or written.clears:
        body["url"] = written.url
    if written.conferencing is not None:
        body["conferencing"] = _conferencing(written.conferencing)
    elif written.clears:
        body["conferencing"] = None
    if calls is not None:
        # One subscription a kind of call: what is in its body is documented nowhere.
        body["subscriptions"] = [_subscription(f"{calls}/{end}", CALLS[end]) for end in CALLS]
    return orjson.dumps(body)


def _conferencing(asked: Conferencing) -> dict[str, str | None]:
    """Source: docs.cronofy.com, Conferencing services."""
    wanted: dict[str, str | None] = {"profile_id": asked.profile_id}
    if asked.profile_id == EXPLICIT:
        wanted |= {"provider_description": asked.description, "join_url": asked.join_url}
    return wanted


def _subscription(uri: str, interaction: str) -> Mapping[str, object]:
    """Source: docs.cronofy.com, Conferencing subscriptions; `webhook` is the only type."""
    return {"type": "webhook", "uri": uri, "interactions": [{"type": interaction}]}


def conferencing_authorization(redirect_uri: str) -> bytes:
    return orjson.dumps({"redirect_uri": redirect_uri})


def event_id(our_id: str) -> bytes:
    return orjson.dumps({"event_id": our_id})


def participation(status: str) -> bytes:
    return orjson.dumps({"status": status})


def managed_events(since: date, until: date, *, moved: bool) -> str:
    """The query for our own events on the UTC dates since <= d < until;
    with `moved` also for those that were moved away from there.
    """
    query = {
        "tzid": "Etc/UTC",
        "from": since.isoformat(),
        "to": until.isoformat(),
        # With it no `read_events` scope is needed, and nobody else's events are read.
        "only_managed": "true",
    }
    # Not those that were deleted: what was called off would be read again and again, page after
    # page, for as long as its day lies ahead. What is not there is gone.
    if moved:
        query["include_moved"] = "true"
    return urlencode(query)


def _stamp(seconds: int) -> str:
    # Cronofy rejects fractions of a second.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signed(us: Application, **fields: str) -> bytes:
    return orjson.dumps({"client_id": us.client_id, "client_secret": us.client_secret, **fields})
