"""Cronofy's JSON in our words, and our questions in theirs: their keys appear here and in the
sandbox, nowhere else.

Everything may grow: fields, enum values and types that we do not know are passed over, missing
optional ones have a safe default. What we need and cannot read is BadAnswer, whose text names the
field and never quotes it.
"""

from workers.cronofy.wire.accounts import read_conferencing_page, read_userinfo
from workers.cronofy.wire.channels import Channel, read_channel, read_channels
from workers.cronofy.wire.events import ManagedEvent, Written, read_events
from workers.cronofy.wire.freebusy import FreeBusyPage, read_free_busy, read_page
from workers.cronofy.wire.grants import Grant, is_token, read_grant
from workers.cronofy.wire.notifications import NOTIFICATIONS, Notification, read_notification
from workers.cronofy.wire.refusals import CronofyRefusal, read_refusal

__all__ = [
    "NOTIFICATIONS",
    "Channel",
    "CronofyRefusal",
    "FreeBusyPage",
    "Grant",
    "ManagedEvent",
    "Notification",
    "Written",
    "is_token",
    "read_channel",
    "read_channels",
    "read_conferencing_page",
    "read_events",
    "read_free_busy",
    "read_grant",
    "read_notification",
    "read_page",
    "read_refusal",
    "read_userinfo",
]
