"""Notification channels: opened, listed, closed, and fed.

Vendor's habits kept here: the same request again gives the same channel; the list has no status
field, a closed channel is just missing; the application's own writes never make a `change`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from workers.cronofy.sandbox import identifiers
from workers.cronofy.sandbox.errors import ProtocolError, invalid
from workers.cronofy.sandbox.responses import truth
from workers.cronofy.sandbox.times import utc_text
from workers.cronofy.sandbox.world import SandboxAccount, SandboxCalendar, SandboxChannel, World

# Channels per account and application. Source: docs.cronofy.com, Create a notification channel.
MOST = 128


def open_channel(
    world: World, account: SandboxAccount, request: Mapping[str, Any]
) -> tuple[SandboxChannel, bool]:
    """The channel for that URL and filters, and whether it is new. Raises ProtocolError 422."""
    url = request.get("callback_url")
    if not isinstance(url, str) or not url:
        raise invalid(callback_url="errors.required")
    if not url.startswith(("http://", "https://")):
        raise invalid(callback_url="errors.must_be_http_or_https")
    filters = _filters(account, request.get("filters") or {})
    mine = listed(world, account)
    # Get or create, by what the filters mean: their order, and what is the default, count for
    # nothing.
    for channel in mine:
        if (channel.callback_url, _meaning(channel.filters)) == (url, _meaning(filters)):
            return channel, False
    if len(mine) >= MOST:
        raise invalid(callback_url="errors.too_many_channels")
    channel = SandboxChannel(identifiers.channel(), account.sub, url, filters)
    world.channels[channel.id] = channel
    return channel, True


def listed(world: World, account: SandboxAccount) -> list[SandboxChannel]:
    """The account's open channels."""
    return [
        channel
        for channel in world.channels.values()
        if channel.sub == account.sub and not channel.closed
    ]


def close_channel(world: World, account: SandboxAccount, channel_id: str) -> None:
    """Close one of the account's open channels. Raises ProtocolError 404."""
    for channel in listed(world, account):
        if channel.id == channel_id:
            channel.closed = True
            return
    raise ProtocolError(404)


def notify_change(
    world: World,
    account: SandboxAccount,
    calendars: Iterable[SandboxCalendar],
    *,
    since: datetime | None = None,
    managed: bool = False,
) -> None:
    """Tell the channels that watch one of these calendars;
    `managed`: only the application's own event changed.
    """
    changes_since = {"changes_since": utc_text(since or world.clock.second())}
    ids = {calendar.id for calendar in calendars}
    for channel in listed(world, account):
        if channel.filters.get("only_managed") and not managed:
            continue
        watched = channel.filters.get("calendar_ids")
        if watched is None or ids & set(watched):
            push(world, channel, "change", changes_since)


def notify(
    world: World, account: SandboxAccount, kind: str, extra: Mapping[str, Any] | None = None
) -> None:
    """Send a notification of that type to all channels of the account."""
    for channel in listed(world, account):
        push(world, channel, kind, extra)


def push(
    world: World, channel: SandboxChannel, kind: str, extra: Mapping[str, Any] | None = None
) -> None:
    """Send a notification of that type to one channel."""
    content = {"notification": {"type": kind, **(extra or {})}, "channel": shown(channel)}
    world.pushes.send(channel.id, channel.callback_url, content)


def shown(channel: SandboxChannel) -> dict[str, Any]:
    """The channel as it goes over the wire."""
    return {
        "channel_id": channel.id,
        "callback_url": channel.callback_url,
        "filters": channel.filters,
    }


def _filters(account: SandboxAccount, asked: object) -> dict[str, Any]:
    if not isinstance(asked, Mapping):
        raise invalid(filters="errors.must_be_an_object")
    # Only what differs from the default is kept: Cronofy echoes no other filters.
    filters: dict[str, Any] = {}
    if asked.get("calendar_ids") is not None:
        ids = asked["calendar_ids"]
        known = {calendar.id for calendar in account.calendars()}
        if not isinstance(ids, list) or not ids or not set(map(str, ids)) <= known:
            raise invalid(**{"filters.calendar_ids": "errors.invalid_calendar_ids"})
        filters["calendar_ids"] = ids
    if asked.get("only_managed") is not None:
        filters["only_managed"] = truth(asked["only_managed"], "filters.only_managed")
    return filters


def _meaning(filters: Mapping[str, Any]) -> tuple[frozenset[str] | None, bool]:
    only_managed = bool(filters.get("only_managed"))
    if filters.get("calendar_ids") is None:
        return None, only_managed
    return frozenset(filters["calendar_ids"]), only_managed
