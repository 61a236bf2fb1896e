"""Loads an .ics file into a calendar, as if the person had typed it in."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from workers.cronofy.sandbox import ics, person_actions
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.times import zone_named
from workers.cronofy.sandbox.world import SandboxCalendar, World

# Wider than Cronofy's own window at both ends, so that a clock which is advanced finds events too.
DAYS_BACK, DAYS_AHEAD = 60, 400


def load(
    world: World,
    calendar: SandboxCalendar,
    data: bytes,
    *,
    zone: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    notify: bool = True,
) -> dict[str, Any]:
    """Put the file's occurrences within [since, until) into the calendar; one push for all.

    `zone` places floating times; without it they follow the account's zone, also when that changes.
    Answers `{imported, cancelled, unreadable: [sentence], notes: [sentence]}`. Raises ControlError
    422.
    """
    now = world.clock.second()
    try:
        place = calendar.profile.account.zoneinfo
        if zone:
            place = zone_named(zone)
        result = ics.read(
            data,
            zone=place,
            since=since or now - timedelta(days=DAYS_BACK),
            until=until or now + timedelta(days=DAYS_AHEAD),
        )
    except ValueError as error:
        raise ControlError(str(error), 422) from error
    drafts = result.drafts
    if zone:
        drafts = ics.with_zone(drafts, place)
    person_actions.add(world, calendar, drafts, notify=notify)
    return {
        "imported": len(drafts),
        "cancelled": result.cancelled,
        "unreadable": result.unreadable,
        "notes": result.notes,
    }


def clear(world: World, calendar: SandboxCalendar) -> None:
    """The person empties the calendar, without a push: the import that follows makes one."""
    # Marked and not dropped: a read that asks for deleted events shows them.
    now = world.clock.second()
    for event in list(calendar.events.values()):
        calendar.events[event.uid] = replace(event, deleted=True, updated=now)
