"""A push, read. Its signature is checked before, on the raw bytes.

Quirks: a push has no id and no time of its own; types may be added at any time; a
profile_disconnected push does not say which profile; callbacks of other products come signed the
same way, in other shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from workers.cronofy.wire.fields import Object, document, inner, label

NOTIFICATIONS = frozenset(
    {
        "verification",
        "change",
        "profile_disconnected",
        "profile_initial_sync_completed",
        "conferencing_profile_disconnected",
        "gdpr_requested",
    }
)
"""The documented types. Source: docs.cronofy.com, Push notifications."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One push. `kind` is Cronofy's type, "" for a body of another product."""

    kind: str
    changes_since: datetime | None
    """The earliest moment that may have changed, aware UTC."""
    channel_id: str | None


def read_notification(raw: bytes) -> Notification:
    """A push whose signature is already checked. Raises BadAnswer (a ValueError) when it is no JSON
    object, or its parts are not what they are called; a type that we do not know is no error.
    """
    body = document(raw, "a notification")
    notification = inner(body, "notification")
    kind = label(notification, "type") or ""
    channel_id = label(inner(body, "channel"), "channel_id")
    return Notification(kind, _moment(notification, "changes_since"), channel_id)


def _moment(owner: Object, key: str) -> datetime | None:
    """An aware UTC time;
    None when it is missing or no time that Python can hold (providers send year 0).
    """
    # Nothing depends on it: a read covers the whole window, so a time that cannot be read costs
    # nothing, while a refusal would have Cronofy repeat the push for a day.
    value = owner.get(key)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            return None
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
