"""The settings form: what stands in its fields, and the coach that its fields mean or what is wrong
with them.

Times are plain text ("09:00-12:00, 13:00-17:00"), so that the form works without a script; the grid
writes into it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar, get_args

from werkzeug.datastructures import MultiDict

from domain.coaches import Coach, Mode
from domain.errors import Invalid, one_of, whole_number
from domain.hours import Hours
from domain.windows import WEEKDAYS
from webhooks.api.schemas.hours import MOST_OVERRIDES
from webhooks.http.page_sessions import language, reader
from webhooks.pages import hours_text, zones
from webhooks.pages.more_rows import newest

Form = MultiDict[str, str]
Values = dict[str, Any]
Value = TypeVar("Value")

LENGTHS = (15, 30, 45, 60, 90, 120)
MOST_LENGTHS = 12
TYPED = ("version", "zone", "pre", "post", "notice", "notice_unit", "horizon_days", "mode")
"""Fields of a word or a number: a browser sends each, though it be empty."""
UNITS = {"days": 1440, "hours": 60, "minutes": 1}
BOUNDS = {
    "pre": (0, 480),
    "post": (0, 480),
    "horizon_days": (1, 180),
    "per_day": (0, 1000),
    "per_week": (0, 1000),
}
MOST_CHOICES = 1000
"""Accounts, and calendars, of one form."""
MOST_NOTICE = 60 * 24 * 365
SPARE_ROWS = 2
"""Empty rows for overrides, besides those that are filled in."""
COPIES: dict[str, tuple[str, ...]] = {"weekdays": WEEKDAYS[:5], "all": WEEKDAYS} | {
    day: (day,) for day in WEEKDAYS
}

_DIGITS = re.compile(r"\d{1,6}", re.ASCII)


@dataclass
class Read:
    """What was sent: the coach it means, if it means one, or what is wrong, by field."""

    values: Values
    coach: Coach
    errors: dict[str, Invalid] = field(default_factory=dict)


def values_of(coach: Coach, today: date) -> Values:
    """What stands in the form of a stored coach. Overrides that are over are kept and not shown."""
    unit, notice = _in_units(coach.notice)
    week = coach.hours.weekly_json()
    overrides = []
    for day, its in coach.hours.overrides_json().items():
        if day >= today.isoformat():
            overrides.append((day, hours_text.text_of(its, reader())))
    return {
        "version": str(coach.version),
        "zone": coach.hours.zone,
        "hours": {day: hours_text.text_of(week.get(day, []), reader()) for day in WEEKDAYS},
        "overrides": overrides,
        "pre": str(coach.pre),
        "post": str(coach.post),
        "notice": str(notice),
        "notice_unit": unit,
        "horizon_days": str(coach.horizon_days),
        "durations": list(map(str, coach.durations)),
        "mode": coach.mode,
        "per_day": _limit_text(coach.per_day),
        "per_week": _limit_text(coach.per_week),
        "tentative": str(int(coach.tentative_blocks)),
        "accounts": [],
        "calendars": [],
        "receives": None,
    }


def _in_units(minutes: int) -> tuple[str, int]:
    """The largest unit that it is a whole number of; none is none of hours."""
    for unit, length in UNITS.items():
        if minutes and minutes % length == 0:
            return unit, minutes // length
    return "hours", 0


def _limit_text(limit: int | None) -> str:
    if limit is None:
        return ""
    return str(limit)


def sent(form: Form) -> Values:
    """What stands in the form that was sent, as it was typed; with one day copied to others if that
    was asked. None: not sent, so that it stays as it is stored.
    """
    values: Values = {name: form.get(name, "").strip()[:100] for name in TYPED}
    # A "0" is sent always, and the switch after it where it is on.
    switch = [None, *form.getlist("tentative")]
    return values | {
        "hours": _hours_sent(form),
        "overrides": _overrides_sent(form),
        "durations": form.getlist("durations")[: MOST_LENGTHS + 1],
        "per_day": form.get("per_day"),
        "per_week": form.get("per_week"),
        "tentative": switch[-1],
        "accounts": form.getlist("account")[:MOST_CHOICES],
        "calendars": form.getlist("calendar")[:MOST_CHOICES],
        "receives": form.get("receives"),
    }


def _hours_sent(form: Form) -> dict[str, str]:
    hours = {day: form.get(f"hours.{day}", "")[:1000] for day in WEEKDAYS}
    copied = form.get("copy_from")
    if "copy" in form and copied in hours:
        for day in COPIES.get(form.get("copy_to", ""), ()):
            hours[day] = hours[copied]
    return hours


def _overrides_sent(form: Form) -> list[tuple[str, str]]:
    """The rows that are filled in; one more than may be, which is then refused: each that is shown
    back costs ten times what it cost to send.
    """
    filled: list[tuple[str, str]] = []
    dates, hours = form.getlist("override_date"), form.getlist("override_hours")
    for day, text in zip(dates, hours, strict=False):
        if len(filled) > MOST_OVERRIDES:
            break
        if day.strip() or text.strip():
            filled.append((day.strip()[:20], text[:1000]))
    return filled


def read(values: Values, stored: Coach, today: date) -> Read:
    """The stored coach, changed to what the fields say; fields that are wrong keep what
    is stored.
    """
    found = Read(values, stored)
    changes: Values = {}
    for name, parse in PARSERS.items():
        if values[name] is None:
            continue
        try:
            changes[name] = parse(values, name)
        except Invalid as error:
            found.errors[name] = error
    changes["hours"] = _hours(found, stored.hours, today)
    if values["tentative"] is not None:
        changes["tentative_blocks"] = values["tentative"] == "1"
    if set(changes.get("durations", ())) == set(stored.durations):
        del changes["durations"]  # in the order that they were set in
    found.coach = replace(stored, **changes)
    return found


def _hours(found: Read, stored: Hours, today: date) -> Hours:
    """Each day and date by itself, so that each wrong one is told where it stands."""
    values = found.values
    zone = _kept(found, "zone", lambda: zones.understood(values["zone"], language()), stored.zone)
    week = stored.weekly_json()
    for day in WEEKDAYS:
        week[day] = _kept(
            found, f"hours.{day}", partial(_day, day, values["hours"][day]), week.get(day, [])
        )
    none: dict[str, hours_text.Windows] = {}
    dates = _kept(found, "overrides", lambda: _dates(values["overrides"]), none)
    # More than a coach may have would be stored here, and could be told by no answer of the API.
    past = newest(_past(stored, today), MOST_OVERRIDES, list(dates.items()))
    return Hours.parse(zone, week, dict(past) | dates)


def _past(stored: Hours, today: date) -> list[tuple[str, hours_text.Windows]]:
    """The dates that are over, which the form does not show, in order."""
    return [each for each in stored.overrides_json().items() if each[0] < today.isoformat()]


def _kept(found: Read, name: str, parse: Callable[[], Value], otherwise: Value) -> Value:
    """What the field says, or else what is stored; then its error is noted."""
    try:
        return parse()
    except Invalid as error:
        found.errors[name] = error
        return otherwise


def _day(day: str, text: str) -> hours_text.Windows:
    its = hours_text.read(text, f"hours.{day}")
    Hours.parse("UTC", {day: its}, {})
    return its


def _dates(rows: Sequence[tuple[str, str]]) -> dict[str, hours_text.Windows]:
    if len(rows) > MOST_OVERRIDES:
        raise Invalid("overrides", "too_many", f"Send {MOST_OVERRIDES} dates at most.")
    dates: dict[str, hours_text.Windows] = {}
    for day, text in rows:
        if day in dates:
            detail = f"{day} stands here twice: put its hours into one row."
            raise Invalid("overrides", "repeated_date", detail)
        dates[day] = hours_text.read(text, f"overrides.{day}")
        Hours.parse("UTC", {}, {day: dates[day]})
    return dates


def _bounded(values: Values, name: str) -> int:
    return whole_number(name, _number(values, name, BOUNDS[name]), *BOUNDS[name])


def _limit(values: Values, name: str) -> int | None:
    """None: no limit."""
    if not values[name].strip():
        return None
    return _bounded(values | {name: values[name].strip()}, name)


def _number(values: Values, name: str, bounds: tuple[int, int]) -> int:
    if not _DIGITS.fullmatch(values[name]):
        detail = f"Write a whole number from {bounds[0]} to {bounds[1]}."
        raise Invalid(name, "not_a_whole_number", detail)
    return int(values[name])


def _notice(values: Values, name: str) -> int:
    unit = UNITS[one_of(name, values["notice_unit"], tuple(UNITS))]
    minutes = _number(values, name, (0, MOST_NOTICE // unit)) * unit
    if minutes > MOST_NOTICE:
        raise Invalid(name, "longer_than_a_year", "Ask for a year at most.")
    return minutes


def _durations(values: Values, name: str) -> tuple[int, ...]:
    chosen = values["durations"]
    if not chosen or len(chosen) > MOST_LENGTHS or len(set(chosen)) < len(chosen):
        raise Invalid(name, "not_distinct", "Offer one length or more.")
    lengths = []
    for text in chosen:
        length = 0  # what is no number is refused like this one
        if _DIGITS.fullmatch(text):
            length = int(text)
        whole_number(name, length, 5, 480)
        if length % 5:
            detail = f"{length} minutes cannot be offered; use multiples of 5."
            raise Invalid(name, "not_a_multiple_of_5", detail)
        lengths.append(length)
    return tuple(sorted(lengths))


def _mode(values: Values, name: str) -> str:
    return one_of(name, values["mode"], get_args(Mode))


PARSERS: dict[str, Callable[[Values, str], Any]] = {
    "pre": _bounded,
    "post": _bounded,
    "horizon_days": _bounded,
    "notice": _notice,
    "durations": _durations,
    "mode": _mode,
    "per_day": _limit,
    "per_week": _limit,
}
"""How each field is read: what of a coach it means. Raises Invalid."""
