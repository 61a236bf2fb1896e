"""Which events a read shows, and how one looks as free/busy or as an event.

Vendor's habits kept here: nothing is merged, sorted or deduplicated; the application's own events
are hidden unless asked for, free ones and deleted ones too; a broken profile answers with what
Cronofy held before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from workers.cronofy.sandbox.errors import invalid
from workers.cronofy.sandbox.responses import truth
from workers.cronofy.sandbox.times import (
    NO_TIMESTAMP,
    Moment,
    floats,
    instant,
    on_the_wire,
    read_moment,
    utc_text,
    whole_day,
    zone_named,
)
from workers.cronofy.sandbox.world import SandboxAccount, SandboxCalendar, SandboxEvent, World

# Cronofy's own window, when a read names none. Source: docs.cronofy.com, Free/Busy.
DAYS_BACK, DAYS_AHEAD = 42, 201
STATUS = {"tentative": "tentative", "busy": "confirmed", "free": "confirmed", "unknown": "unknown"}
TRANSPARENCY = {
    "tentative": "opaque",
    "busy": "opaque",
    "free": "transparent",
    "unknown": "unknown",
}
FLAGS = (
    "include_managed",
    "only_managed",
    "include_deleted",
    "include_moved",
    "include_free",
    "include_ids",
    "include_geo",
    "google_event_ids",
    "localized_times",
)


@dataclass(frozen=True)
class ReadQuery:
    """What was asked for: [start, end) as instants, the calendars, the switches that are on."""

    zone: ZoneInfo
    start: datetime
    end: datetime
    calendars: tuple[SandboxCalendar, ...]
    flags: frozenset[str]
    last_modified: datetime | None

    @property
    def localized(self) -> bool:
        """Whether times are shown in a zone."""
        return "localized_times" in self.flags


def read_query(
    world: World, account: SandboxAccount, args: MultiDict[str, str], vanished: str | None
) -> ReadQuery:
    """The query of a free/busy or events read. Raises ProtocolError 422 naming the parameter."""
    zone = _zone(args)
    today = world.clock.now().astimezone(zone).date()
    since = _moment(args, "from") or today - timedelta(days=DAYS_BACK)
    until = _moment(args, "to") or today + timedelta(days=DAYS_AHEAD)
    modified_since = None
    if (modified := _moment(args, "last_modified")) is not None:
        modified_since = instant(modified, zone)
    flags = [name for name in FLAGS if truth(args.get(name), name)]
    return ReadQuery(
        zone,
        instant(since, zone),
        instant(until, zone),
        _calendars(account, args.getlist("calendar_ids[]"), vanished),
        frozenset(flags),
        modified_since,
    )


def free_busy(query: ReadQuery) -> list[dict[str, Any]]:
    """One item per event: `{calendar_id, start, end, free_busy_status}`, ids on request."""
    items = []
    for calendar, event in found(query):
        if event.free_busy == "free" and "include_free" not in query.flags:
            continue
        item = _times(query, calendar, event) | {"free_busy_status": event.free_busy}
        if "include_ids" in query.flags:
            # Only what the application wrote has an `event_id`: it is the application's own key.
            if event.event_id:
                item["event_id"] = event.event_id
            item["event_uid"] = event.uid
        if "include_deleted" in query.flags:
            item["deleted"] = event.deleted
        items.append(item)
    return items


def events(query: ReadQuery) -> list[dict[str, Any]]:
    """One item per event, with all the fields that the provider offers."""
    return [_event(query, calendar, event) for calendar, event in found(query)]


def found(query: ReadQuery) -> Iterator[tuple[SandboxCalendar, SandboxEvent]]:
    """The events in range, calendar by calendar."""
    for calendar in query.calendars:
        zone = calendar.profile.account.zoneinfo
        for event in list(calendar.seen.values()):
            if _wanted(query, event) and _in_range(query, event, zone):
                yield calendar, event


def span(event: SandboxEvent, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Where an event of a person in `zone` lies, as instants;
    a floating one may have brought its own zone.
    """
    at = _place(event, zone)
    return instant(event.start, at), instant(event.end, at)


def _wanted(query: ReadQuery, event: SandboxEvent) -> bool:
    managed = event.event_id is not None
    if event.deleted and "include_deleted" not in query.flags:
        return False
    if "only_managed" in query.flags and not managed:
        return False
    if managed and not query.flags & {"include_managed", "only_managed"}:
        return False
    # Of a provider without time stamps nobody knows what changed: all of it is shown.
    if query.last_modified is None or event.updated is None:
        return True
    return event.updated >= query.last_modified


def _in_range(query: ReadQuery, event: SandboxEvent, zone: ZoneInfo) -> bool:
    spans = [(event.start, event.end)]
    # Also where it has been: so a client hears of an event that left its range.
    if "include_moved" in query.flags:
        spans += event.earlier
    # A date belongs to the zone that was asked for, a floating time to the person's.
    at = _place(event, zone)
    if whole_day(event.start):
        at = query.zone
    for start, end in spans:
        # Half-open at `to`, and not at `from`: one that ends there is shown. So say the docs.
        if instant(start, at) < query.end and instant(end, at) >= query.start:
            return True
    return False


def _event(query: ReadQuery, calendar: SandboxCalendar, event: SandboxEvent) -> dict[str, Any]:
    item = _times(query, calendar, event) | {
        "event_uid": event.uid,
        "summary": event.summary,
        "description": "",
        "deleted": event.deleted,
        "created": _stamp(event.created),
        "updated": _stamp(event.updated),
        "participation_status": "accepted",
        "attendees": [],
        "transparency": TRANSPARENCY[event.free_busy],
        "status": STATUS[event.free_busy],
        "categories": [],
        "recurring": False,
        "event_private": False,
        "options": {"delete": True, "update": True, "change_participation_status": True},
    }
    item |= event.details
    # A free/busy mode has no details: this is all that is told of the person's own events.
    if calendar.profile.mode == "free_busy" and event.event_id is None:
        item |= {"summary": "", "description": "", "attendees": []}
    if event.invitation is not None:
        item["participation_status"] = event.invitation
    if event.event_id is not None:
        item["event_id"] = event.event_id
    if "google_event_ids" in query.flags and calendar.profile.provider == "google":
        item["google_event_id"] = event.uid.rpartition("_")[2]
    if "include_geo" not in query.flags and isinstance(item.get("location"), dict):
        item["location"] = {"description": item["location"].get("description")}
    return item


def _times(query: ReadQuery, calendar: SandboxCalendar, event: SandboxEvent) -> dict[str, Any]:
    start, end = event.start, event.end
    # The wire has no floating times: an event of "nine o'clock" is shown where its person is.
    if floats(start) or floats(end):
        start, end = span(event, calendar.profile.account.zoneinfo)
    zone = query.zone
    if event.tzid and query.localized and not whole_day(start):
        zone = zone_named(event.tzid)
    return {
        "calendar_id": calendar.id,
        "start": on_the_wire(start, zone, localized=query.localized),
        "end": on_the_wire(end, zone, localized=query.localized),
    }


def _stamp(moment: datetime | None) -> str:
    if moment is None:
        return NO_TIMESTAMP
    return utc_text(moment)


def _place(event: SandboxEvent, zone: ZoneInfo) -> ZoneInfo:
    if event.tzid and floats(event.start):
        return zone_named(event.tzid)
    return zone


def _zone(args: MultiDict[str, str]) -> ZoneInfo:
    tzid = args.get("tzid")
    if not tzid:
        raise invalid(tzid="errors.required")
    try:
        return zone_named(tzid)
    except ValueError as error:
        raise invalid(tzid="errors.invalid_tzid") from error


def _moment(args: MultiDict[str, str], name: str) -> Moment | None:
    text = args.get(name)
    if not text:
        return None
    try:
        return read_moment(text)
    except ValueError as error:
        raise invalid(**{name: "errors.invalid_time"}) from error


def _calendars(
    account: SandboxAccount, ids: list[str], vanished: str | None
) -> tuple[SandboxCalendar, ...]:
    # An empty one chooses nothing: all are meant then.
    wanted = set(filter(None, ids))
    chosen = []
    for calendar in account.calendars():
        if calendar.deleted or calendar.id == vanished:
            continue
        if not wanted or calendar.id in wanted:
            chosen.append(calendar)
    if wanted - {calendar.id for calendar in account.calendars()}:
        raise invalid(calendar_ids="errors.invalid_calendar_ids")
    return tuple(chosen)
