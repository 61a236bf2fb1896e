"""What we ask of Cronofy: bodies and queries in its words.

Quirks: the token endpoints want id and secret in the body; booleans in a query are `true` and
`false`; `to` is exclusive; events that our own application wrote stay out of free/busy unless asked
for, and we do not ask: they are sessions already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import quote, urlencode

import orjson

from workers.cronofy.wire.events import LONGEST_DESCRIPTION, LONGEST_SUMMARY, ManagedEvent


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


def event(written: ManagedEvent) -> bytes:
    """One of ours to write.
    Texts are cut to what Cronofy takes: better a short description than no session.
    """
    return orjson.dumps(
        {
            "event_id": written.id,
            "summary": written.summary[:LONGEST_SUMMARY],
            "description": written.description[:LONGEST_DESCRIPTION],
            "start": _stamp(written.start),
            "end": _stamp(written.end),
            "tzid": written.zone,
            "transparency": "opaque",
        }
    )


def event_id(our_id: str) -> bytes:
    return orjson.dumps({"event_id": our_id})


def participation(status: str) -> bytes:
    return orjson.dumps({"status": status})


def managed_events(since: date, until: date, *, deleted: bool) -> str:
    """The query for our own events on the UTC dates since <= d < until;
    with `deleted` also for those that were deleted, or moved away from there.
    """
    query = {
        "tzid": "Etc/UTC",
        "from": since.isoformat(),
        "to": until.isoformat(),
        # With it no `read_events` scope is needed, and nobody else's events are read.
        "only_managed": "true",
    }
    if deleted:
        query |= {"include_deleted": "true", "include_moved": "true"}
    return urlencode(query)


def _stamp(seconds: int) -> str:
    # Cronofy rejects fractions of a second.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signed(us: Application, **fields: str) -> bytes:
    return orjson.dumps({"client_id": us.client_id, "client_secret": us.client_secret, **fields})
