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
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from workers.cronofy.sandbox import repairs
from workers.cronofy.sandbox.repairs import BUSY_STATUS, value
from workers.cronofy.sandbox.times import Moment, instant, whole_day
from workers.cronofy.sandbox.world import FreeBusy

# A floating time may lie most of a day away from where UTC would have it.
MARGIN = timedelta(days=2)
MOST_INSTANCES = 100_000
"""From its first one on: one of each hour for eleven years."""
DAY_SECONDS = 86_400
SECONDS_APART = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}
FINER = ("BYSECOND", "BYMINUTE", "BYHOUR")
"""What gives a rule several instances: the first so many, in the order of the frequencies above."""
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
                # Which one of them is wrong nobody says: each is tried by itself.
                waiting += [[event] for event in group]
            else:
                unreadable.append(
                    f'event "{group[0].get("SUMMARY", group[0].get("UID"))}": {error}'
                )
        else:
            yield from found


def free_busy(event: icalendar.Component) -> FreeBusy | None:
    """Whether it blocks: None for a cancelled one.
    FREE and TRANSPARENT do not; OOF and WORKINGELSEWHERE do.
    """
    status = str(event.get("STATUS", "")).upper()
    shown_as = str(event.get(BUSY_STATUS, "")).upper()
    if status == "CANCELLED":
        return None
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or shown_as == "FREE":
        return "free"
    if "TENTATIVE" in (status, shown_as):
        return "tentative"
    # Whatever else is written there, unknown words too: a time that is busy by mistake is lost, one
    # that is free by mistake is sold twice.
    return "busy"


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
    """Whether it ends before it starts, which days do not.
    Times of which only one has a zone cannot be compared: False.
    """
    start, end = map(_in_utc, _times(event))
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
        # A file may hold an event as it was and as it is: the highest SEQUENCE is the last word.
        newest = max(map(_sequence, masters), default=0)
        latest = [event for event in masters if _sequence(event) == newest]
        yield latest[:1] + overrides
        # Two of the same SEQUENCE share their UID by mistake: both are events.
        for twin in latest[1:]:
            yield [twin]


def _sequence(event: icalendar.Component) -> int:
    return int(event.get("SEQUENCE", 0))


def _expanded(
    group: list[icalendar.Component], zone: ZoneInfo, since: datetime, until: datetime
) -> Iterator[Occurrence]:
    if len(group) == 1 and not {"RRULE", "RDATE"} & set(group[0]):
        yield _occurrence(group[0])
        return
    # First of all: the expander compares moments, and those of two kinds are never equal.
    repairs.align(group, zone)
    for event in group:
        _bear(event, zone, until)
    calendar = icalendar.Calendar()
    overridden = set()
    for event in group:
        if "RECURRENCE-ID" in event:
            overridden.add(_key(value(event, "RECURRENCE-ID")))
    for event in group:
        _keep_overridden(event, overridden)
        calendar.add_component(event)
    query = recurring_ical_events.of(calendar, keep_recurrence_attributes=True)
    for event in query.between(since, until):
        yield _occurrence(event)


def _bear(event: icalendar.Component, zone: ZoneInfo, until: datetime) -> None:
    """Raises ValueError for a series of more instances than can be gone through: one of each second
    would hold up all other files for minutes.
    """
    since = instant(value(event, "DTSTART"), zone)
    for rule in repairs.listed(event.get("RRULE", [])):
        ends = min([until, *(instant(end, zone) for end in rule.get("UNTIL", []))])
        most = (ends - since).total_seconds() / _seconds_apart(rule)
        # What is left out by a BY... is gone through all the same, and counts for no COUNT.
        if not any(name.startswith("BY") for name in rule):
            most = min([most, *rule.get("COUNT", [])])
        if most > MOST_INSTANCES:
            raise ValueError("it repeats too often to be read: enter its times as one long event")


def _seconds_apart(rule: icalendar.vRecur) -> float:
    """How far two instances lie apart, on average and at least. Of days and longer, one at a time,
    there are never too many.
    """
    frequency = str(rule.get("FREQ", ["DAILY"])[0]).upper()
    finer: tuple[str, ...] = FINER
    if frequency in SECONDS_APART:
        finer = FINER[: list(SECONDS_APART).index(frequency)]
    at_once = 1
    for name in finer:
        at_once *= max(1, len(rule.get(name, [])))
    if frequency not in SECONDS_APART and at_once == 1:
        return inf
    seconds = SECONDS_APART.get(frequency, DAY_SECONDS)
    interval = int(max([1, *rule.get("INTERVAL", [])]))
    return seconds * interval / at_once


def _keep_overridden(event: icalendar.Component, overridden: set[str]) -> None:
    """Take out of EXDATE what an override replaces:
    else the expander drops the override together with it.
    """
    if "EXDATE" not in event or not overridden:
        return
    for dates in repairs.listed(event.pop("EXDATE")):
        kept = [one.dt for one in dates.dts if _key(one.dt) not in overridden]
        if kept:
            event.add("EXDATE", kept)


def _key(moment: Moment) -> str:
    return _in_utc(moment).isoformat()


def _occurrence(event: icalendar.Component) -> Occurrence:
    start, end = _times(event)
    tzid = None
    # A zone of the file's own has no name that anybody else would know.
    if isinstance(start, datetime) and isinstance(start.tzinfo, ZoneInfo):
        tzid = start.tzinfo.key
    return Occurrence(event, _in_utc(start), _in_utc(end), tzid)


def _times(event: icalendar.Component) -> tuple[Moment, Moment]:
    """Start and end. Neither DTEND nor DURATION: a date lasts its day, a time has no length (RFC
    5545, 3.6.1). Days that end no later than they start are that one day.
    """
    start: Moment = value(event, "DTSTART")
    if "DTEND" in event:
        end: Moment = value(event, "DTEND")
    elif "DURATION" in event:
        end = _later(start, value(event, "DURATION"))
    elif whole_day(start):
        end = start + timedelta(days=1)
    else:
        end = start
    # Some exporters mix a date with a time; the date then means its midnight.
    if whole_day(start) != whole_day(end):
        start, end = _at_midnight(start), _at_midnight(end)
    if whole_day(start) and end <= start:
        end = start + timedelta(days=1)
    if isinstance(start, datetime) and isinstance(end, datetime):
        end = _across_the_change(start, end)
    return start, end


def _across_the_change(start: datetime, end: datetime) -> datetime:
    """The end as it is meant, where the clocks change between the two.

    An hour that comes twice: a wall time in it is taken for the first one's, before which the event
    may have begun. An hour that is left out: a start in it falls together with its end.
    """
    # In one zone Python compares by the wall clock, which is what was written: no length was meant.
    if start.tzinfo is None or end.tzinfo is None or end == start:
        return end
    since, second = start.astimezone(UTC), end.replace(fold=1)
    if end.astimezone(UTC) > since:
        return end
    if second.astimezone(UTC) > since:
        return second
    if start.tzinfo == end.tzinfo and end > start:
        return (since + (end - start)).astimezone(end.tzinfo)
    return end


def _later(start: Moment, length: timedelta) -> Moment:
    """Days are days of the calendar,
    hours are hours that pass, also over a change of the clocks.
    """
    end = start + timedelta(days=length.days)
    rest = length - timedelta(days=length.days)
    if isinstance(end, datetime) and end.tzinfo is not None:
        # By way of UTC: Python adds hours to the wall clock, whatever happens to it in between.
        return (end.astimezone(UTC) + rest).astimezone(end.tzinfo)
    if not rest:
        return end
    return _at_midnight(end) + rest


def _at_midnight(moment: date) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time())


def _in_utc(moment: Moment) -> Moment:
    """An instant in UTC; floating times and dates as they are."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return moment
