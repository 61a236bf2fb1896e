"""The rows of an import, read: what each means as a pod, and what about it is wrong (red) or
doubtful (yellow).

Nothing here asks the database: whether the coach is there and the time open is found out by making
the pod.
"""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from domain.coaches import ID
from domain.errors import Invalid
from domain.hours import timezone
from domain.mail.safety import one_line
from domain.sessions import FORMATS, Context, Format
from storage.transactions.pod_import_entries import PodEntry
from webhooks.api.pod_import_people import NOBODY_KNOWN, Lookup, named
from webhooks.api.pod_import_verdicts import ImportRow
from webhooks.api.schemas.booking_requests import MOST_SEATS
from webhooks.api.schemas.requests import MOST_TEXT, SHOWS_NOTHING
from webhooks.api.sheet_headings import COLUMNS, OF_PEOPLE
from webhooks.api.spreadsheets import NoValue, SheetLine
from webhooks.http import patterns
from webhooks.http.times import YEARS

CHOSEN: tuple[Format, ...] = ("open", "hybrid_v2")
"""Pods whose participants may all still come: they choose by themselves."""

DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"),
    re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})"),
)
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(:00)?", re.ASCII)
NUMBER = re.compile(r"\d{1,9}", re.ASCII)

INVALID_DATE = {
    "date": "Write the date like 2026-12-24 (or 24.12.2026), and the time in its own column.",
    "when": "Write date and time like 2026-12-24 09:00 (or 24.12.2026 09:00).",
}
NO_TIME = (
    "No date and time: the pod is made without one. Choose an open time for it later, or fill"
    " them in."
)
INVALID_TIME = {
    "time": "Write the time like 09:00, of 24 hours.",
    "when": "Write the time behind the date, like 2026-12-24 09:00, of 24 hours.",
}


def read(line: SheetLine, people: Lookup = NOBODY_KNOWN) -> ImportRow:
    """The row, with an entry unless something is red. `people`: who is meant by a username."""
    row = ImportRow(line.number)
    for column, text in line.cells.items():
        if isinstance(text, NoValue):
            detail = f"{text} is no value, the spreadsheet could not compute it: fill it in."
            row.wrong("no_value", detail, column)
    if row.red:
        return row
    entry = _entry(line, row, people)
    if not row.red:
        row.entry = entry
    return row


def _entry(line: SheetLine, row: ImportRow, lookup: Lookup) -> PodEntry | None:
    pod_id, version = _pod(line, row)
    shell = _is_shell(line)
    coach, start = _coach_and_start(line, row, shell=shell)
    programme = _programme(line, row)
    low = _number(line, row, "min", 1, MOST_SEATS)
    high = _number(line, row, "max", 1, MOST_SEATS)
    duration = None
    if line.text("duration"):
        duration = _number(line, row, "duration", 5, 480)
    kind = _format(line, row)
    title = _text(line, row, "title", MOST_TEXT) or None
    company = _id(line, row, "company")
    project = _id(line, row, "project")
    cohort, group_id = _id(line, row, "cohort"), _id(line, row, "group")
    people = named(line, row, lookup)
    language = _language(line, row)
    if low is not None and high is not None:
        _check_seats(row, low, high, kind, len(people))
    if (start is None and not shell) or low is None or high is None or row.red:
        return None
    if shell and pod_id is None:
        row.doubtful("no_time", NO_TIME, "time")
    zone = line.text("zone")
    return PodEntry(
        coach,
        start,
        duration,
        low,
        high,
        kind,
        title,
        Context(company, project, cohort, programme),
        tuple(each.participant(zone, language) for each in people),
        zone,
        group_id,
        pod_id,
        version,
        frozenset(each.known.id for each in people if each.known is not None),
        _left_out(line),
    )


def _coach_and_start(line: SheetLine, row: ImportRow, *, shell: bool) -> tuple[str, int | None]:
    """Whoever plans a pod may know neither yet."""
    if not shell:
        return _needed(line, row, "coach", 254), _start(line, row)
    if line.text("zone"):
        _zone(line, row)
    return _text(line, row, "coach", 254), None


def _is_shell(line: SheetLine) -> bool:
    """Neither a date nor a time: the pod is planned without one."""
    return not any(line.text(column) for column in ("date", "time", "when"))


def _left_out(line: SheetLine) -> frozenset[str]:
    """What a row that names a pod says nothing of. An empty cell is nothing said, but where people
    are named: there it is nobody.
    """
    if not line.text("id"):
        return frozenset()
    left_out = {column for column in COLUMNS if not line.text(column)}
    if not line.cells.keys().isdisjoint(OF_PEOPLE):
        left_out -= {"participants"}
    return frozenset(left_out)


def _pod(line: SheetLine, row: ImportRow) -> tuple[str | None, int | None]:
    """The pod that the row is about, and its version when it was exported."""
    version = None
    if line.text("version"):
        version = _number(line, row, "version", 0, 2**31)
    return _id(line, row, "id"), version


def _programme(line: SheetLine, row: ImportRow) -> str | None:
    """None: the pod that is there keeps its own."""
    if line.text("id"):
        return _text(line, row, "programme", MOST_TEXT) or None
    return _needed(line, row, "programme", MOST_TEXT)


def _check_seats(row: ImportRow, low: int, high: int, kind: Format, people: int) -> None:
    if low > high:
        row.wrong("min_over_max", f"min is {low} and max is {high}: swap or correct them.", "min")
    if people > high:
        detail = f"{people} participants do not fit into {high} seats: raise max, or split them."
        row.wrong("seats_full", detail, "max")
    elif people < low and (people or kind not in CHOSEN):
        detail = f"{people} of at least {low} participants are named: add the others."
        row.doubtful("below_min", detail, "participants")


def _text(line: SheetLine, row: ImportRow, column: str, longest: int) -> str:
    text = line.text(column)
    if len(text) > longest:
        row.wrong("too_many", f"Send at most {longest} characters.", column)
    elif text and not one_line(text):
        row.wrong("shows_nothing", SHOWS_NOTHING, column)
    return text


def _needed(line: SheetLine, row: ImportRow, column: str, longest: int) -> str:
    text = _text(line, row, column, longest)
    if not text:
        row.wrong("missing", f"Fill in {column}.", column)
    return text


def _id(line: SheetLine, row: ImportRow, column: str) -> str | None:
    text = line.text(column)
    if text and not re.fullmatch(ID, text):
        detail = "Send an id of 1 to 128 letters, digits and . _ ~ : @ + = -, no spaces."
        row.wrong("invalid_id", detail, column)
    return text or None


def _format(line: SheetLine, row: ImportRow) -> Format:
    word = line.text("format").casefold() or "open"
    for known in FORMATS:
        if word == known:
            return known
    row.wrong("unknown_word", f"Send one of {', '.join(FORMATS)}.", "format")
    return "open"


def _language(line: SheetLine, row: ImportRow) -> str:
    text = line.text("language") or "en"
    if not re.fullmatch(patterns.LANGUAGE, text):
        row.wrong("invalid_value", "Send a language such as en, de or en-GB.", "language")
    return text


def _start(line: SheetLine, row: ImportRow) -> int | None:
    """When it begins, in epoch seconds: the wall clock of the row's zone. None when something about
    it is red.
    """
    day, clock = _day_and_clock(line, row)
    zone = _zone(line, row)
    if zone is None or day is None or clock is None:
        return None
    first = datetime.combine(day, clock, zone)
    start = int(first.timestamp())
    if datetime.fromtimestamp(start, zone).replace(tzinfo=None) != first.replace(tzinfo=None):
        detail = f"Clocks in {zone.key} skip {clock:%H:%M} on that day: send a time that there is."
        row.wrong("no_such_time", detail, "time")
    elif first.replace(fold=1).timestamp() != start:
        detail = (
            f"Clocks in {zone.key} show {clock:%H:%M} twice on that day; the first one is taken:"
            " check it."
        )
        row.doubtful("time_twice", detail, "time")
    return start


def _zone(line: SheetLine, row: ImportRow) -> ZoneInfo | None:
    try:
        return timezone(line.text("zone"))
    except Invalid as error:
        row.wrong(error.code, error.detail, "zone")
        return None


def _day_and_clock(line: SheetLine, row: ImportRow) -> tuple[date | None, time | None]:
    """From two columns, or from one that has both."""
    day, clock = "date", "time"
    texts = line.text(day), line.text(clock)
    if both := line.text("when"):
        day = clock = "when"
        words = both.replace("T", " ").split() or [""]
        texts = words[0], " ".join(words[1:])
    return _day(texts[0], row, day), _clock(texts[1], row, clock)


def _day(text: str, row: ImportRow, column: str) -> date | None:
    for shape in DATES:
        if found := shape.fullmatch(text.strip(",")):
            try:
                day = date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
            if day.year in YEARS:
                return day
    row.wrong("invalid_date", INVALID_DATE[column], column)
    return None


def _clock(text: str, row: ImportRow, column: str) -> time | None:
    found = CLOCK.fullmatch(text)
    if found is None:
        row.wrong("invalid_time", INVALID_TIME[column], column)
        return None
    return time(int(found[1]), int(found[2]))


def _number(line: SheetLine, row: ImportRow, column: str, low: int, high: int) -> int | None:
    text = line.text(column)
    if NUMBER.fullmatch(text) and low <= int(text) <= high:
        return int(text)
    row.wrong("out_of_range", f"Send a whole number from {low} to {high}.", column)
    return None
