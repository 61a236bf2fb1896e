"""The forms in which events are told, each named by the date of its release. What breaks a reader
is a new date: a key that is renamed, goes, or means something else. A new type of event, and a new
key beside the others, are no new date: readers pass over what they do not know.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from domain.events import CATALOGUE

Version = Literal["2026-06-01", "2026-11-29"]
VERSIONS: tuple[Version, ...] = get_args(Version)
OLDEST, NEWEST = VERSIONS[0], VERSIONS[-1]
# Events are stored as the oldest form has them.
RENAMED = {
    "starts": "start",
    "ends": "end",
    "previous_starts": "previous_start",
    "event_starts": "event_start",
    "event_ends": "event_end",
}
"""What the form of 2026-11-29 calls it, by its name before: as the API does."""


def said(data: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """The `data` of an event in this form."""
    return {_name(key, version): value for key, value in data.items()}


def keys_of(topic: str, version: Version) -> tuple[str, ...]:
    """The keys of an event's `data` in this form."""
    _, keys = CATALOGUE[topic]
    return tuple(_name(key, version) for key in keys)


def _name(key: str, version: Version) -> str:
    if version == OLDEST:
        return key
    return RENAMED.get(key, key)
