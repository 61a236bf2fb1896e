"""When a coach is away, on "More settings": from one time to another, with a note for ops alone."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from domain.absences import MOST_AWAY, Away, away_of, in_order
from domain.coaches import Coach
from domain.errors import Invalid
from domain.mail.safety import one_line
from storage.schema.database import Tx
from storage.transactions.coach_settings import CoachChange
from webhooks.http.page_sessions import reader
from webhooks.pages import hours_text
from webhooks.pages.more_inside import inside
from webhooks.pages.more_rows import KEPT, Row, filled, here_and_now, newest, spared, store
from webhooks.pages.more_sections import Form, Section, Sent, Values

FIELDS = ("since_date", "since_time", "until_date", "until_time", "note")
DAY = timedelta(days=1)


def shown(tx: Tx, coach: Coach, typed: Form | None) -> Values:
    """Those that are over are not shown."""
    if typed is not None:
        rows = filled(typed, FIELDS, MOST_AWAY)
    else:
        rows = list(map(_row, _coming(coach)))
    return {
        "rows": spared(rows, FIELDS),
        "zone": coach.hours.zone,
        "inside": inside(tx, coach, "away"),
    }


def save(tx: Tx, sent: Sent) -> CoachChange:
    asked = []
    for place, row in enumerate(filled(sent.form, FIELDS, MOST_AWAY)):
        asked.append(_range(row, f"away[{place}]"))
    ranges = away_of(asked)

    def change(coach: Coach) -> Coach:
        past = newest(_past(coach), MOST_AWAY, ranges)
        return replace(coach, away=in_order((*past, *ranges)))

    return store(tx, sent, change)


def _coming(coach: Coach) -> list[Away]:
    now = here_and_now(coach)
    return [it for it in coach.away if it.until > now]


def _past(coach: Coach) -> list[Away]:
    """What is over and not shown, but not for long."""
    now = here_and_now(coach)
    return [it for it in coach.away if now - KEPT < it.until <= now]


def _row(away: Away) -> Row:
    """Without a time where whole days are meant."""
    until, end = away.until, ""
    if until.time() == time():
        until -= DAY
    else:
        end = _clock(until)
    begin = ""
    if away.since.time() != time():
        begin = _clock(away.since)
    return away.since.date().isoformat(), begin, until.date().isoformat(), end, away.note


def _clock(wall: datetime) -> str:
    return hours_text.clock(f"{wall:%H:%M}", reader())


def _range(row: Row, path: str) -> dict[str, str]:
    """As `away_of` takes it. Without a last day it is the first one."""
    first, begin, last, end, note = row
    since = hours_text.minute_of(begin, f"{path}.from") or 0
    until = hours_text.minute_of(end, f"{path}.to")
    if until is None:
        until = hours_text.DAY
    # A note of blanks that nobody sees is none.
    if "\0" not in note and not one_line(note):
        note = ""
    return {
        "from": _wall(first, since, f"{path}.from"),
        "to": _wall(last or first, until, f"{path}.to"),
        "note": note,
    }


def _wall(day: str, minute: int, path: str) -> str:
    try:
        wall = datetime.combine(date.fromisoformat(day), time()) + timedelta(minutes=minute)
    except (ValueError, OverflowError):
        detail = f"{day!r:.60} is no date; write it like 2026-12-24."
        raise Invalid(path, "invalid_date", detail) from None
    return wall.isoformat()[:16]


SECTION = Section("away", shown, save)
