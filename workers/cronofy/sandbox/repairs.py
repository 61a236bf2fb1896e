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
    "CLASS",
    "CREATED",
    "DESCRIPTION",
    "DTEND",
    "DTSTAMP",
    "DTSTART",
    "DURATION",
    "GEO",
    "LAST-MODIFIED",
    "LOCATION",
    "ORGANIZER",
    "PRIORITY",
    "RECURRENCE-ID",
    "SEQUENCE",
    "SUMMARY",
    "UID",
    "URL",
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
        key = name = _own_name(text, depth)
        # Of rules the whole line: two unlike ones are two rules, the same one twice is a slip.
        if name == "RRULE":
            key = text
        if key not in first or not (name == "RRULE" or name in ONCE):
            first.setdefault(key, place)
            kept[place] = line
        elif text != lines[first[key]].strip().upper() and name not in unlike:
            unlike.append(name)
    for name in BLOCKING.intersection(unlike):
        del kept[first[name]]
    return "\r\n".join(kept.values()), unlike


def _own_name(text: str, depth: int) -> str:
    """The property of a line of the event itself; "" inside an alarm, and where there is none."""
    found = NAME.match(text)
    if found is None or depth != 1:
        return ""
    return found[0]


def align(group: Sequence[icalendar.Component], zone: ZoneInfo) -> None:
    """Say of a series what it takes out, adds, replaces and ends with in the kind of time that it
    starts with.

    `zone`: the coach's, where dates and floating times are.
    """
    starts = [value(event, "DTSTART") for event in group if "RECURRENCE-ID" not in event]
    for event in group:
        _align_rules(event, zone)
        # Overrides whose series is not in the file say nothing of its kind of time.
        if starts:
            _align_dates(event, "EXDATE", starts[0], zone)
            _align_dates(event, "RDATE", starts[0], zone)
            _align_replaced(event, starts[0], zone)


def _align_replaced(event: icalendar.Component, start: Moment, zone: ZoneInfo) -> None:
    if "RECURRENCE-ID" not in event:
        return
    replaces = icalendar.vDDDTypes(_like(value(event, "RECURRENCE-ID"), start, zone))
    # RANGE=THISANDFUTURE: the one parameter that says which instances are meant.
    if "RANGE" in event["RECURRENCE-ID"].params:
        replaces.params["RANGE"] = event["RECURRENCE-ID"].params["RANGE"]
    event["RECURRENCE-ID"] = replaces


def listed(given: Any) -> list[Any]:
    """icalendar keeps a property that is there once as it is, and of several a list."""
    if isinstance(given, list):
        return given
    return [given]


def value(event: icalendar.Component, name: str) -> Any:
    """A time property as a Python value: icalendar types every property as any of thirty."""
    held: Any = event[name]
    return held.dt


def _align_rules(event: icalendar.Component, zone: ZoneInfo) -> None:
    start: Moment = value(event, "DTSTART")
    for rule in listed(event.get("RRULE", [])):
        if rule.get("UNTIL"):
            rule["UNTIL"] = [_until(rule["UNTIL"][0], start, zone)]


def _align_dates(event: icalendar.Component, name: str, start: Moment, zone: ZoneInfo) -> None:
    for dates in listed(event.pop(name, [])):
        for each in dates.dts:
            moment = each.dt
            # A period stays as it is.
            if not isinstance(moment, tuple):
                moment = _like(moment, start, zone)
            # One property each: icalendar gives all values of one the zone of the first.
            event.add(name, [moment])


def _until(until: Moment, start: Moment, zone: ZoneInfo) -> Moment:
    """The last moment of a series that starts so, as RFC 5545 wants it written."""
    # A date as the end of a series of times: its last instance may begin at any time of that day.
    if isinstance(start, datetime) and whole_day(until):
        until = datetime.combine(until, END_OF_DAY, start.tzinfo)
    until = _like(until, start, zone)
    if isinstance(until, datetime) and until.tzinfo is not None:
        return until.astimezone(UTC)
    return until


def _like(moment: Moment, start: Moment, zone: ZoneInfo) -> Moment:
    """A moment of a series that starts so, in the same kind of time:
    a date, a floating time, or an instant.
    """
    if not isinstance(start, datetime):
        return _date_meant(moment, zone)
    if not isinstance(moment, datetime):
        return datetime.combine(moment, start.timetz().replace(tzinfo=start.tzinfo))
    if start.tzinfo is None and moment.tzinfo is not None:
        return moment.astimezone(zone).replace(tzinfo=None)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=start.tzinfo)
    return moment


def _date_meant(moment: Moment, zone: ZoneInfo) -> Moment:
    """The day that a time stands for in a series of whole days:
    exporters write its midnight, or its end, in UTC.
    """
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        return moment.date()
    at, there = moment.astimezone(UTC), moment.astimezone(zone)
    if moment.time() == time():
        return moment.date()
    if there.time() == time():
        return there.date()
    if at.time() == END_OF_DAY:
        return at.date()
    # Midnight somewhere east of Greenwich, where the file was made: in UTC that is ten o'clock or
    # later of the day before, and at a quarter of an hour, since offsets are whole quarters.
    hour = (timedelta(hours=24) - EASTERNMOST).seconds // 3600
    if at.hour >= hour and at.minute % 15 == 0 and at.second == 0:
        return (at + EASTERNMOST).date()
    return there.date()
