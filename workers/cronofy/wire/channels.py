"""Notification channels: where Cronofy pushes to.

Quirk: a channel whose pushes failed for 24 hours is closed silently; the list of open ones is all
there is to tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire.fields import Object, document, identifier, inner, inners, text


@dataclass(frozen=True, slots=True)
class Channel:
    """Where pushes go. The URL carries our channel token, so the repr hides it."""

    id: str
    callback_url: str = field(repr=False)


def read_channel(raw: bytes) -> Channel:
    return _channel(inner(document(raw, "a channel"), "channel"))


def read_channels(raw: bytes) -> tuple[Channel, ...]:
    """The open channels. A closed one is simply not listed. Raises BadAnswer when there is no list:
    taken for an empty one, it would have every channel made anew.
    """
    body = document(raw, "the list of channels")
    if not isinstance(body.get("channels"), list):
        raise BadAnswer("the list of channels from Cronofy has no list in it; try again later")
    return tuple(map(_channel, inners(body, "channels")))


def _channel(channel: Object) -> Channel:
    return Channel(identifier(channel, "channel_id"), text(channel, "callback_url") or "")
