"""Turns the events of one file into occurrences: recurrences expanded, overrides put in place, one
UID at a time.

`recurring-ical-events` does the expansion. Where our rule differs from it: an override of an
instance that EXDATE took away is an event of its own (it would vanish), and two events that share a
UID by mistake both stay.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from workers.cronofy.sandbox import repairs
from workers.cronofy.sandbox.repairs import BUSY_STATUS, value
from workers.cronofy.sandbox.times import Moment, whole_day
from workers.cronofy.sandbox.world import FreeBusy

MARGIN = timedelta(
    days=2
)  # a floating time may lie most of a day away from where UTC would have it
EXTENDED = {
    "OOF": "out_of_office",
    "WORKINGELSEWHERE": "working_elsewhere",
    "TENTATIVE": "tentative",
}


@dataclass(frozen=True)
class Occurrence:
    """One time that an event takes place; `tzid` is its zone's IANA name when it has one."""

    event: icalendar.Component
    start: Moment
    end: Moment
    tzid: str | None


def expand(
    events: Iterable[icalendar.Component],
    *,
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    unreadable: list[str],
) -> Iterator[Occurrence]:
    """The occurrences near [since, until), the caller cuts exactly. `zone`: the coach's.

    What cannot be expanded goes to `unreadable`. Where that is one of a series and its overrides,
    each of them is read alone: one may be busy twice then, and none is free.
    """
    waiting = list(_groups(events))
    while waiting:
        group = waiting.pop(0)
        try:
            found = list(_expanded(group, zone, since - MARGIN, until + MARGIN))
        except Exception as error:  # noqa: BLE001 - the expander raises what its parsers raise; the rest must go on
            if len(group) > 1:
                waiting += [[event] for event in group]
            else:
                unreadable.append(
                    f'event "{group[0].get("SUMMARY", group[0].get("UID"))}": {error}'
                )
        else:
            yield from found


def free_busy(event: icalendar.Component) -> FreeBusy | None:
    """Whether it blocks: None for a cancelled one. FREE and TRANSPARENT do not; OOF and
    WORKINGELSEWHERE do.
    """
    status = str(event.get("STATUS", "")).upper()
    shown_as = str(event.get(BUSY_STATUS, "")).upper()
    if status == "CANCELLED":
        return None
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or shown_as == "FREE":
        return "free"
    return "tentative" if "TENTATIVE" in (status, shown_as) else "busy"


def details(event: icalendar.Component) -> dict[str, Any]:
    """Further wire fields that the file knows."""
    known: dict[str, Any] = {"recurring": "RRULE" in event or "RECURRENCE-ID" in event}
    extended = EXTENDED.get(str(event.get(BUSY_STATUS, "")).upper())
    if extended:
        known["extended_transparency"] = extended
    if event.get("LOCATION"):
        known["location"] = {"description": str(event["LOCATION"])}
    return known


def reversed_(event: icalendar.Component) -> bool:
    """Whether it ends before it starts, which days do not. Times of which only one has a zone
    cannot be compared: False.
    """
    start, end = _times(event)
    try:
        return end < start
    except TypeError:
        return False


def _groups(events: Iterable[icalendar.Component]) -> Iterator[list[icalendar.Component]]:
    by_uid: defaultdict[str, list[icalendar.Component]] = defaultdict(list)
    for event in events:
        by_uid[str(event["UID"])].append(event)
    for group in by_uid.values():
        overrides = [event for event in group if "RECURRENCE-ID" in event]
        masters = [event for event in group if "RECURRENCE-ID" not in event]
        newest = max((_sequence(event) for event in masters), default=0)
        latest = [event for event in masters if _sequence(event) == newest]
        if latest[:1] + overrides:
            yield latest[:1] + overrides
        yield from ([twin] for twin in latest[1:])


def _sequence(event: icalendar.Component) -> int:
    return int(event.get("SEQUENCE", 0))


def _expanded(
    group: list[icalendar.Component], zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[Occurrence]:
    if len(group) == 1 and not {"RRULE", "RDATE"} & set(group[0]):
        yield _occurrence(group[0])
        return
    repairs.align(group, zone)
    calendar = icalendar.Calendar()
    overridden = {
        _key(value(event, "RECURRENCE-ID")) for event in group if "RECURRENCE-ID" in event
    }
    for event in group:
        _keep_overridden(event, overridden)
        calendar.add_component(event)
    query = recurring_ical_events.of(calendar, keep_recurrence_attributes=True)
    for event in query.between(since, until):
        yield _occurrence(event)


def _keep_overridden(event: icalendar.Component, overridden: set[str]) -> None:
    """Take out of EXDATE what an override replaces: else the expander drops the override together
    with it.
    """
    if "EXDATE" not in event or not overridden:
        return
    given = event.pop("EXDATE")
    for dates in given if isinstance(given, list) else [given]:
        kept = [one.dt for one in dates.dts if _key(one.dt) not in overridden]
        if kept:
            event.add("EXDATE", kept)


def _key(moment: Moment) -> str:
    aware = isinstance(moment, datetime) and moment.tzinfo is not None
    return (
        moment.astimezone(UTC).isoformat()
        if aware and isinstance(moment, datetime)
        else moment.isoformat()
    )


def _occurrence(event: icalendar.Component) -> Occurrence:
    start, end = _times(event)
    zone = start.tzinfo if isinstance(start, datetime) else None
    return Occurrence(
        event, _in_utc(start), _in_utc(end), zone.key if isinstance(zone, ZoneInfo) else None
    )


def _times(event: icalendar.Component) -> tuple[Moment, Moment]:
    """Start and end. Neither DTEND nor DURATION: a date lasts its day, a time has no length (RFC
    5545, 3.6.1). Days that end no later than they start are that one day.
    """
    start: Moment = value(event, "DTSTART")
    if "DTEND" in event:
        end: Moment = value(event, "DTEND")
    elif "DURATION" in event:
        end = _later(start, value(event, "DURATION"))
    else:
        end = start if isinstance(start, datetime) else start + timedelta(days=1)
    if isinstance(start, datetime) != isinstance(end, datetime):
        start, end = _at_midnight(start), _at_midnight(end)
    if whole_day(start) and end <= start:
        end = start + timedelta(days=1)
    return start, end


def _later(start: Moment, length: timedelta) -> Moment:
    """Days are days of the calendar, hours are hours that pass, also over a change of
    the clocks.
    """
    end = start + timedelta(days=length.days)
    rest = length - timedelta(days=length.days)
    if not isinstance(end, datetime) or end.tzinfo is None:
        return _at_midnight(end) + rest if rest else end
    return (end.astimezone(UTC) + rest).astimezone(end.tzinfo)


def _at_midnight(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _in_utc(moment: Moment) -> Moment:
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else moment
