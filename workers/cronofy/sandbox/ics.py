"""Reads anybody's .ics file, event by event, so that one that cannot be read never takes the rest
with it.

Exporters' habits kept here: files cut off in the middle; dates without VALUE=DATE, or with a TZID;
TZIDs without a VTIMEZONE, Windows names, vendor prefixes; "Customized Time Zone", which only the
file's own VTIMEZONE explains; X-WR-TIMEZONE, which is not used: floating times belong to the coach.
"""

import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import icalendar
from icalendar.error import GloballyUniqueTZIDGuessed

from workers.cronofy.sandbox import filezones, identifiers, occurrences, repairs
from workers.cronofy.sandbox.person_actions import Draft
from workers.cronofy.sandbox.times import Moment, floats, instant

TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
FOLD = re.compile(rb"\n[ \t]")
DATE_ONLY = re.compile(
    r"^(DTSTART|DTEND|RECURRENCE-ID|EXDATE|RDATE)((?:;(?:\"[^\"]*\"|[^\":])*)?):(\d{8}(?:,\d{8})*)\s*$",
    re.IGNORECASE,
)
ZONED_OR_TYPED = re.compile(r";(?:TZID|VALUE)=(?:\"[^\"]*\"|[^;\":]*)", re.IGNORECASE)

_one_file_at_a_time = threading.Lock()  # icalendar keeps the zones of a file for the whole process


@dataclass
class Imported:
    """What a file held within the window.
    `unreadable` and `notes` are sentences for the person who owns it.
    """

    drafts: list[Draft] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cancelled: int = 0


def read(data: bytes, *, zone: ZoneInfo, since: datetime, until: datetime) -> Imported:
    """The occurrences that meet [since, until), as drafts; floating ones are placed in `zone` for
    that question.

    Raises ValueError when the data holds no event at all, not even a broken one.
    """
    result = Imported()
    # The race: two imports at once, each with a "Customized Time Zone" of its own: icalendar keeps
    # such names for the whole process, and one would be placed by the other's rules.
    with _one_file_at_a_time, warnings.catch_warnings(), filezones.of_one_file() as zones:
        # The guess that it warns of is the one that we want.
        warnings.simplefilter("ignore", GloballyUniqueTZIDGuessed)
        blocks = list(_blocks(data))
        # Zones first, wherever they stand: some exporters put them behind the events that need
        # them.
        for name, block in blocks:
            if name == "VTIMEZONE":
                _learn_zone(block, result, zones, (since, until))
        events: list[icalendar.Component] = []
        for name, block in blocks:
            if name == "VEVENT":
                events += _event(block, result)
        if not events and not result.unreadable:
            raise ValueError("this holds no VEVENT: export the calendar as .ics once more")
        found = occurrences.expand(
            events, zone=zone, since=since, until=until, unreadable=result.unreadable
        )
        for one in found:
            _keep(one, result, zone, (since, until))
    return result


def _keep(
    one: occurrences.Occurrence, result: Imported, zone: ZoneInfo, window: tuple[datetime, datetime]
) -> None:
    one = replace(one, start=_placeable(one.start), end=_placeable(one.end))
    start, end = instant(one.start, zone), instant(one.end, zone)
    # An event without a length ends where it starts, and is in the window all the same.
    if not (start < window[1] and (end > window[0] or start >= window[0])):
        return
    status = occurrences.free_busy(one.event)
    if status is None:
        result.cancelled += 1
        return
    tzid = one.tzid
    if floats(one.start):
        tzid = None
    result.drafts.append(
        Draft(
            one.start,
            one.end,
            str(one.event.get("SUMMARY", "Busy")),
            status,
            tzid=tzid,
            details=occurrences.details(one.event),
        )
    )


def _placeable(moment: Moment) -> Moment:
    """Not so near the ends of all time that it has no instant in some zone."""
    return moment.replace(year=min(max(moment.year, 2), 9998))


def _learn_zone(
    block: str, result: Imported, zones: filezones.FileZones, window: tuple[datetime, datetime]
) -> None:
    try:
        filezones.learn(zones, block, *window)
    except Exception as error:  # noqa: BLE001 - icalendar raises what its parsers raise; the events must go on
        result.notes.append(f"a VTIMEZONE cannot be read and is left out: {error}")


def _event(block: str, result: Imported) -> Iterator[icalendar.Component]:
    if not block.rstrip().upper().endswith("END:VEVENT"):
        result.unreadable.append(f"{_label(block)}: it is cut off before its end")
        return
    text, unlike = repairs.once(block)
    try:
        event = icalendar.Event.from_ical(text)
        reason = _flaw(event)
    except Exception as error:  # noqa: BLE001 - icalendar raises what its parsers raise; the rest must go on
        result.unreadable.append(f"{_label(block)}: {error}")
        return
    if reason:
        result.unreadable.append(f"{_label(block)}: {reason}")
        return
    for name in unlike:
        counts = "the first counts"
        if name in repairs.BLOCKING:
            counts = "none counts, so it blocks"
        result.notes.append(f"{_label(block)}: {name} is given more than once: {counts}")
    _leave_out_unread(event, _label(block), result)
    # One of its own: all events of a file without UIDs would pass for one series.
    if not str(event.get("UID", "")).strip():
        event["UID"] = icalendar.vText(identifiers.external_event())
    _note_unknown_zone(event, result)
    yield event


def _flaw(event: icalendar.Component) -> str | None:
    for name, message in event.errors:
        if name in TIMES:
            return f"{name}: {message}"
    if "DTSTART" not in event:
        return "it has no DTSTART"
    if occurrences.reversed_(event):
        return "it ends before it starts"
    return None


def _leave_out_unread(event: icalendar.Component, label: str, result: Imported) -> None:
    """Take out what icalendar keeps as it could not read it: nobody else can, either."""
    names = [name for name, _ in event.errors]
    for name in dict.fromkeys(names):
        if name:
            event.pop(name, None)
        result.notes.append(f"{label}: {name or 'a line'} cannot be read and is left out")


def _note_unknown_zone(event: icalendar.Component, result: Imported) -> None:
    tzid = event["DTSTART"].params.get("TZID")
    note = (
        f'the time zone "{tzid}" is unknown and the file does not explain it: read as the'
        " coach's own"
    )
    if tzid and floats(repairs.value(event, "DTSTART")) and note not in result.notes:
        result.notes.append(note)


def _blocks(data: bytes) -> Iterator[tuple[str, str]]:
    """The VEVENT and VTIMEZONE components as text, unfolded;
    one that is cut off comes without its END line.
    """
    # Unfolded as bytes: a fold may stand in the middle of a letter.
    plain = FOLD.sub(b"", data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    name, lines = "", list[str]()
    for line in plain.decode("utf-8-sig", "replace").split("\n"):
        opening = line.strip().upper()
        if opening in ("BEGIN:VEVENT", "BEGIN:VTIMEZONE"):
            # An event that was cut off has no END before the next one begins.
            if name:
                yield name, "\r\n".join(lines)
            name, lines = opening.removeprefix("BEGIN:"), []
        if name:
            lines.append(_typed(line))
        if name and opening == f"END:{name}":
            yield name, "\r\n".join(lines)
            name = ""
    if name:
        yield name, "\r\n".join(lines)


def _typed(line: str) -> str:
    """A bare date gets its VALUE=DATE, and loses a TZID that means nothing there."""
    match = DATE_ONLY.match(line)
    if match is None:
        return line
    return f"{match[1]};VALUE=DATE{ZONED_OR_TYPED.sub('', match[2])}:{match[3]}"


def _label(block: str) -> str:
    found = re.findall(r"^(SUMMARY|UID)[^:\n]*:(.*)$", block, re.MULTILINE)
    if not found:
        return "an event without a name"
    # SUMMARY before UID, by the alphabet.
    return f'event "{min(found)[1].strip()[:60]}"'


def with_zone(drafts: list[Draft], zone: ZoneInfo) -> list[Draft]:
    """The drafts with every floating one tied to `zone`, whatever the account's own is."""
    tied = []
    for draft in drafts:
        if floats(draft.start):
            draft = replace(draft, tzid=zone.key)  # noqa: PLW2901 (the same event, with its zone)
        tied.append(draft)
    return tied
