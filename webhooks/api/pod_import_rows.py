"""The rows of an import, read: what each means as a pod, and what about it is wrong (red) or
doubtful (yellow).

Nothing here asks the database: whether the coach is there and the time open is found out by making
the pod.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Literal

from domain.coaches import ID
from domain.errors import Invalid
from domain.hours import timezone
from domain.mail.safety import mailbox, one_line
from domain.sessions import FORMATS, Context, Format, Participant
from storage.transactions.pod_import_entries import Placed, PodEntry
from webhooks.api.schemas.booking_requests import MOST_SEATS
from webhooks.api.schemas.requests import LANGUAGE, MOST_TEXT, SHOWS_NOTHING
from webhooks.api.spreadsheets import NoValue, SheetLine
from webhooks.http.times import YEARS

REQUIRED = ("programme", "coach", "date", "time", "zone", "min", "max")
OTHERS = ("cohort", "participants", "duration", "format", "company", "project", "title", "language")
COLUMNS = REQUIRED + OTHERS
CHOSEN: tuple[Format, ...] = ("open", "hybrid_v2")
"""Pods whose participants may all still come: they choose by themselves."""

DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"),
    re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})"),
)
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(:00)?", re.ASCII)
NUMBER = re.compile(r"\d{1,9}", re.ASCII)

Verdict = Literal["green", "yellow", "red"]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong or doubtful; `reason` and `nearest` (epoch seconds) when the time cannot be
    had.
    """

    code: str
    detail: str
    column: str | None
    reason: str | None = None
    nearest: Sequence[int] = ()


@dataclass(slots=True)
class ImportRow:
    """A row and what was found out about it so far; `pod`: what it would come to, or came to."""

    number: int
    entry: PodEntry | None = None
    red: list[Remark] = field(default_factory=list)
    yellow: list[Remark] = field(default_factory=list)
    pod: Placed | None = None

    @property
    def verdict(self) -> Verdict:
        if self.red:
            return "red"
        if self.yellow:
            return "yellow"
        return "green"

    def copy(self) -> "ImportRow":
        """To which remarks can be added that the row itself does not get."""
        return replace(self, red=[*self.red], yellow=[*self.yellow])

    def wrong(self, code: str, detail: str, column: str) -> None:
        self.red.append(Remark(code, detail, column))

    def doubtful(self, code: str, detail: str, column: str) -> None:
        self.yellow.append(Remark(code, detail, column))


def read(line: SheetLine) -> ImportRow:
    """The row, with an entry unless something is red."""
    row = ImportRow(line.number)
    for column, text in line.cells.items():
        if isinstance(text, NoValue):
            detail = f"{text} is no value, the spreadsheet could not compute it: fill it in."
            row.wrong("no_value", detail, column)
    if row.red:
        return row
    entry = _entry(line, row)
    if not row.red:
        row.entry = entry
    return row


def doubt_people_in_two_places(rows: Sequence[ImportRow]) -> None:
    """Mark yellow whoever is in two pods of the file that overlap: perhaps meant, perhaps not."""
    seen: dict[str, list[tuple[int, Placed]]] = {}
    for row in rows:
        if row.entry is None or row.pod is None:
            continue
        for person in row.entry.participants:
            others = seen.setdefault(person.id, [])
            other = _overlapping(others, row.pod)
            if other is not None:
                also = f"{person.id} is in row {other} too, at the same time"
                detail = f"{also}: check that this is meant."
                row.doubtful("participant_in_two_pods", detail, "participants")
            others.append((row.number, row.pod))


def _overlapping(others: Sequence[tuple[int, Placed]], pod: Placed) -> int | None:
    """The number of the first row whose pod is at the same time."""
    for number, other in others:
        if other.starts < pod.ends and pod.starts < other.ends:
            return number
    return None


def _entry(line: SheetLine, row: ImportRow) -> PodEntry | None:
    coach = _needed(line, row, "coach", 254)
    programme = _needed(line, row, "programme", MOST_TEXT)
    start = _start(line, row)
    low = _number(line, row, "min", 1, MOST_SEATS)
    high = _number(line, row, "max", 1, MOST_SEATS)
    duration = None
    if line.text("duration"):
        duration = _number(line, row, "duration", 5, 480)
    kind = _format(line, row)
    title = _text(line, row, "title", MOST_TEXT) or None
    company = _id(line, row, "company")
    project = _id(line, row, "project")
    cohort = _id(line, row, "cohort")
    people = _people(line, row)
    language = _language(line, row)
    if low is not None and high is not None:
        _check_seats(row, low, high, kind, len(people))
    if start is None or low is None or high is None or row.red:
        return None
    zone = line.text("zone")
    seated = []
    for key, (name, email) in people.items():
        participant = Participant(key, name, email, zone, language)
        seated.append(participant)
    context = Context(company, project, cohort, programme)
    return PodEntry(coach, start, duration, low, high, kind, title, context, tuple(seated))


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
    if not re.fullmatch(LANGUAGE, text):
        row.wrong("invalid_value", "Send a language such as en, de or en-GB.", "language")
    return text


def _start(line: SheetLine, row: ImportRow) -> int | None:
    """When it begins, in epoch seconds: the wall clock of the row's zone. None when something about
    it is red.
    """
    day, clock = _day(line, row), _clock(line, row)
    try:
        zone = timezone(line.text("zone"))
    except Invalid as error:
        row.wrong(error.code, error.detail, "zone")
        return None
    if day is None or clock is None:
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


def _day(line: SheetLine, row: ImportRow) -> date | None:
    text = line.text("date")
    for shape in DATES:
        if found := shape.fullmatch(text):
            try:
                day = date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
            if day.year in YEARS:
                return day
    row.wrong(
        "invalid_date",
        "Write the date like 2026-12-24 (or 24.12.2026), and the time in its own column.",
        "date",
    )
    return None


def _clock(line: SheetLine, row: ImportRow) -> time | None:
    found = CLOCK.fullmatch(line.text("time"))
    if found is None:
        row.wrong("invalid_time", "Write the time like 09:00, of 24 hours.", "time")
        return None
    return time(int(found[1]), int(found[2]))


def _number(line: SheetLine, row: ImportRow, column: str, low: int, high: int) -> int | None:
    text = line.text(column)
    if NUMBER.fullmatch(text) and low <= int(text) <= high:
        return int(text)
    row.wrong("out_of_range", f"Send a whole number from {low} to {high}.", column)
    return None


def _people(line: SheetLine, row: ImportRow) -> dict[str, tuple[str, str]]:
    """`Ann Lee <ann@example.test>; bob@example.test`: names and addresses, by the address in small
    letters.
    """
    people: dict[str, tuple[str, str]] = {}
    parts = re.split(r"[;\n]", line.text("participants"))
    # Empty ones stand between them; and each that is wrong would get a remark of its own.
    if len(parts) > 2 * MOST_SEATS:
        row.wrong("too_many", f"Send at most {MOST_SEATS} participants.", "participants")
        return people
    for part in parts:
        # No long runs of blanks: the pattern of a mailbox would be slow on them.
        text = " ".join(part.split())
        if not text:
            continue
        try:
            name, email = mailbox("participants", text)
        except Invalid as error:
            detail = error.detail
            if len(parts) > 1:
                detail = f"{text[:60]!r}: {detail}"
            row.wrong(error.code, detail, "participants")
            continue
        if email.lower() in people:
            detail = f"{email} is in this row twice: leave one out."
            row.wrong("duplicate_participant", detail, "participants")
        if not name:
            detail = f"{email} has no name: mails will call them by their address."
            row.doubtful("name_missing", detail, "participants")
        people[email.lower()] = name or email, email
    return people
