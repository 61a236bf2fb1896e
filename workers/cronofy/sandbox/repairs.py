"""What exporters write against the rules of iCalendar, turned into what they mean.

Where that is not certain it blocks: an event that is busy by mistake costs a time, one that is free
a double booking. Source: RFC 5545, 3.6.1 (what an event may have once), 3.3.10 (UNTIL), 3.8.4.4
(RECURRENCE-ID).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from workers.cronofy.sandbox.times import Moment, whole_day

BUSY_STATUS = "X-MICROSOFT-CDO-BUSYSTATUS"
# Of these two unlike values say nothing: without one, an event is confirmed and blocks.
BLOCKING = {"STATUS", "TRANSP", BUSY_STATUS}
ONCE = BLOCKING | {
    *(
        "CLASS",
        "CREATED",
        "DESCRIPTION",
        "DTEND",
        "DTSTAMP",
        "DTSTART",
        "DURATION",
        "GEO",
        "LAST-MODIFIED",
    ),
    *("LOCATION", "ORGANIZER", "PRIORITY", "RECURRENCE-ID", "SEQUENCE", "SUMMARY", "UID", "URL"),
}
NAME = re.compile(r"[A-Z0-9-]+")
END_OF_DAY = time(23, 59, 59)
EASTERNMOST = timedelta(hours=14)


def once(block: str) -> tuple[str, list[str]]:
    """The text of a VEVENT with each property once that may be there once, and the names of those
    that were given twice and unlike: of them the first counts, of what says whether it blocks none.
    A series' rules, which older programs repeat, stay unless they are the same. What is inside, an
    alarm's, is not the event's.
    """
    lines = block.split("\r\n")
    kept: dict[int, str] = {}
    first: dict[str, int] = {}
    unlike: list[str] = []
    depth = 0
    for place, line in enumerate(lines):
        text = line.strip().upper()
        depth += text.startswith("BEGIN:") - text.startswith("END:")
        found = NAME.match(text)
        name = found[0] if found and depth == 1 else ""
        key = text if name == "RRULE" else name
        if key not in first or not (name == "RRULE" or name in ONCE):
            first.setdefault(key, place)
            kept[place] = line
        elif text != lines[first[key]].strip().upper() and name not in unlike:
            unlike.append(name)
    for name in BLOCKING.intersection(unlike):
        del kept[first[name]]
    return "\r\n".join(kept.values()), unlike


def align(group: Sequence[icalendar.Component], zone: ZoneInfo) -> None:
    """Say of a series what it takes out, adds, replaces and ends with in the kind of time that it
    starts with.

    `zone`: the coach's, where dates and floating times are.
    """
    starts = [value(event, "DTSTART") for event in group if "RECURRENCE-ID" not in event]
    for event in group:
        _align_rules(event, zone)
        for name in ("EXDATE", "RDATE") if starts else ():
            _align_dates(event, name, starts[0], zone)
        if starts and "RECURRENCE-ID" in event:
            replaces = icalendar.vDDDTypes(_like(value(event, "RECURRENCE-ID"), starts[0], zone))
            if "RANGE" in event["RECURRENCE-ID"].params:
                replaces.params["RANGE"] = event["RECURRENCE-ID"].params["RANGE"]
            event["RECURRENCE-ID"] = replaces


def value(event: icalendar.Component, name: str) -> Any:
    """A time property as a Python value: icalendar types every property as any of thirty."""
    held: Any = event[name]
    return held.dt


def _align_rules(event: icalendar.Component, zone: ZoneInfo) -> None:
    given: Any = event.get("RRULE", [])
    start: Moment = value(event, "DTSTART")
    for rule in given if isinstance(given, list) else [given]:
        if rule.get("UNTIL"):
            rule["UNTIL"] = [_until(rule["UNTIL"][0], start, zone)]


def _align_dates(event: icalendar.Component, name: str, start: Moment, zone: ZoneInfo) -> None:
    given: Any = event.pop(name, [])
    for dates in given if isinstance(given, list) else [given]:
        # A period stays as it is. One property each: icalendar gives all values of one the zone of
        # the first.
        for each in dates.dts:
            event.add(
                name, [each.dt if isinstance(each.dt, tuple) else _like(each.dt, start, zone)]
            )


def _until(until: Moment, start: Moment, zone: ZoneInfo) -> Moment:
    """The last moment of a series that starts so, as RFC 5545 wants it written."""
    if isinstance(start, datetime) and whole_day(until):
        until = datetime.combine(until, END_OF_DAY, start.tzinfo)
    until = _like(until, start, zone)
    return until.astimezone(UTC) if isinstance(until, datetime) and until.tzinfo else until


def _like(moment: Moment, start: Moment, zone: ZoneInfo) -> Moment:
    """A moment of a series that starts so, in the same kind of time: a date, a floating time, or an
    instant.
    """
    if not isinstance(start, datetime):
        return _date_meant(moment, zone)
    if not isinstance(moment, datetime):
        return datetime.combine(moment, start.timetz().replace(tzinfo=start.tzinfo))
    if start.tzinfo is None and moment.tzinfo is not None:
        return moment.astimezone(zone).replace(tzinfo=None)
    return moment.replace(tzinfo=start.tzinfo) if moment.tzinfo is None else moment


def _date_meant(moment: Moment, zone: ZoneInfo) -> Moment:
    """The day that a time stands for in a series of whole days: exporters write its midnight, or
    its end, in UTC.
    """
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        return moment.date()
    at, there = moment.astimezone(UTC), moment.astimezone(zone)
    if time() in (moment.time(), there.time()):
        return moment.date() if moment.time() == time() else there.date()
    if at.time() == END_OF_DAY:
        return at.date()
    midnight_in_the_east = (
        at.hour >= (timedelta(hours=24) - EASTERNMOST).seconds // 3600 and at.minute % 15 == 0
    )
    if midnight_in_the_east and at.second == 0:
        return (at + EASTERNMOST).date()
    return there.date()
