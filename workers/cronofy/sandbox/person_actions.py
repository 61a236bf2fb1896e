"""What the person does in their own calendar: the only thing that makes Cronofy ping."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workers.cronofy.sandbox import accounts, channels, identifiers
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.modes import Reply
from workers.cronofy.sandbox.times import Moment
from workers.cronofy.sandbox.world import FreeBusy, SandboxCalendar, SandboxEvent, World


@dataclass(frozen=True)
class Draft:
    """An event as the person writes it down."""

    start: Moment
    end: Moment
    summary: str = "Busy"
    free_busy: FreeBusy = "busy"
    tzid: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def add(
    world: World, calendar: SandboxCalendar, drafts: Sequence[Draft], *, notify: bool = True
) -> list[SandboxEvent]:
    """Write events down; all together make one push."""
    now = world.clock.second()
    events = []
    for draft in drafts:
        event = SandboxEvent(
            identifiers.external_event(),
            draft.start,
            draft.end,
            summary=draft.summary,
            free_busy=draft.free_busy,
            tzid=draft.tzid,
            created=now,
            updated=now,
            details=draft.details,
        )
        calendar.events[event.uid] = event
        events.append(event)
    # Several changes may come merged in one ping, so an import makes one.
    if notify and events:
        _notify(world, calendar, events[0])
    return events


def move(world: World, uid: str, start: Moment, end: Moment) -> SandboxEvent:
    """Drag an event elsewhere. Raises ControlError 404."""
    calendar, event = find(world, uid)
    # Where it was is remembered, for reads that ask with `include_moved`.
    been = (*event.earlier, (event.start, event.end))
    return _put(world, calendar, replace(event, start=start, end=end, earlier=been))


def change(world: World, uid: str, **changes: Any) -> SandboxEvent:
    """Change other fields of an event: free_busy, summary, details. Raises ControlError 404."""
    calendar, event = find(world, uid)
    return _put(world, calendar, replace(event, **changes))


def answer(world: World, uid: str, *, declined: bool) -> SandboxEvent:
    """Say that one takes part, or does not. Raises ControlError 404."""
    status = "accepted"
    if declined:
        status = "declined"
    return set_fields(world, uid, {"participation_status": status})


def set_fields(world: World, uid: str, fields: dict[str, Any]) -> SandboxEvent:
    """Set wire fields of an event, as they are sent. Raises ControlError 404."""
    calendar, event = find(world, uid)
    return _put(world, calendar, replace(event, details={**event.details, **fields}))


def reply(world: World, uid: str, said: Reply) -> SandboxEvent:
    """Answer an invitation: only then an event that the application wrote stands in a calendar of a
    lesser access mode. Raises ControlError 404, or 422 for what is no invitation.
    """
    calendar, event = find(world, uid)
    if event.invitation is None:
        raise ControlError(f"{uid} is no invitation: its calendar is written straight into", 422)
    return _put(world, calendar, replace(event, invitation=said))


def delete(world: World, uid: str) -> None:
    """Throw an event away; reads show it no more, unless they ask for deleted ones.
    Raises ControlError 404.
    """
    calendar, event = find(world, uid)
    _put(world, calendar, replace(event, deleted=True))


def find(world: World, uid: str) -> tuple[SandboxCalendar, SandboxEvent]:
    """An event that is not deleted, and where it is. Raises ControlError 404."""
    for calendar in world.calendars():
        event = calendar.events.get(uid)
        if event is not None and not event.deleted:
            return calendar, event
    raise ControlError(f"no event {uid}; GET /sandbox/state lists them by calendar", 404)


def _put(world: World, calendar: SandboxCalendar, event: SandboxEvent) -> SandboxEvent:
    event = replace(event, updated=world.clock.second())
    calendar.events[event.uid] = event
    _notify(world, calendar, event)
    return event


def _notify(world: World, calendar: SandboxCalendar, event: SandboxEvent) -> None:
    profile = calendar.profile
    accounts.notice(world, profile)
    # Cronofy does not see what nobody may read.
    if profile.mode == "no_access" and event.event_id is None:
        return
    if profile.revoked or calendar.held is not None:
        # Cronofy cannot see the edit: it comes to light with the relink, or when the first sync is
        # done
        return
    channels.notify_change(world, profile.account, [calendar], managed=event.event_id is not None)
