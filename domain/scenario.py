"""One worked case in, its slots out: how support reproduces "why was this time not offered?".

It decides nothing itself: the case becomes a Coach, a Reading and a SlotSet, and those answer as in
the service.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Any

from domain.absences import PublicHolidays, away_of, dates_of, trips_of
from domain.coaches import Coach, Policy
from domain.errors import Invalid, one_of, whole_number
from domain.freebusy import STATUSES, Item, Reading, blocking
from domain.hours import DAY_SECONDS, Hours
from domain.slots import Own, build
from domain.slots.cells import Periods
from domain.slots.listing import Clock, closed_counts, offered, render
from domain.windows import YEARS

Case = Mapping[str, Any]

_MOST_DAYS = 800
_NAMES = {"notice": "notice_min", "durations": "duration"}  # the coach's word -> the case's


def evaluate(case: object) -> dict[str, Any]:
    """{"id", "starts": ["2026-01-05T09:00:00Z", ...], "closed": {reason: count}} of a case as
    parsed from JSON.

    Required: zone, hours, duration (minutes), now, from, to. Optional: id, overrides, busy, own,
    pre, post, notice_min, horizon_days, mode, per_day, per_week, tentative_blocks, away, travel
    (`domain.absences` has their shapes), holidays (dates). A busy item is [start, end] or [start,
    end, status], all-day when both are dates; an own session is [start, end] or [start, end, gap in
    minutes]. Unknown keys are ignored. Raises Invalid with the path of
    the field.
    """
    scenario = read(case)
    coach, clock = scenario.coach, scenario.clock
    origin = clock["since"] // DAY_SECONDS * DAY_SECONDS
    days = max(1, -((origin - clock["until"]) // DAY_SECONDS))
    slot_set = build(coach, scenario.busy, scenario.own, origin=origin, days=days)
    (duration,) = coach.durations
    closed = {}
    for reason, cells in sorted(closed_counts(slot_set, duration, **clock).items()):
        closed[reason.name] = cells
    starts = render(offered(slot_set, duration, **clock))
    return {"id": scenario.id, "starts": starts, "closed": closed}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A case in the words of this room."""

    id: object
    coach: Coach
    busy: Periods
    own: tuple[Own, ...]
    clock: Clock


def read(case: object) -> Scenario:
    """Raises Invalid with the path of the field."""
    if not isinstance(case, Mapping):
        raise Invalid(
            "case", "not_an_object", f"A case is one JSON object, not {type(case).__name__}."
        )
    coach = _coach(case)
    reading = Reading.of(starmap(_busy, _listed(case, "busy")))
    busy = blocking(
        reading,
        zone=coach.hours.zone,
        calendars=None,
        tentative_blocks=coach.tentative_blocks,
        trips=coach.trips,
    )
    own = tuple(starmap(_own, _listed(case, "own")))
    return Scenario(case.get("id"), coach, busy, own, _clock(case, coach))


def _coach(case: Case) -> Coach:
    hours = Hours.parse(
        _required(case, "zone"), _required(case, "hours"), case.get("overrides", {})
    )
    try:
        return Coach(
            id="case",
            hours=hours,
            pre=case.get("pre", 0),
            post=case.get("post", 0),
            notice=case.get("notice_min", 0),
            horizon_days=case.get("horizon_days", 365),
            durations=(_required(case, "duration"),),
            mode=case.get("mode", "flexible"),
            per_day=case.get("per_day"),
            per_week=case.get("per_week"),
            tentative_blocks=case.get("tentative_blocks", True),
            policy=Policy("hide", 0),
            version=0,
            away=away_of(case.get("away", [])),
            trips=trips_of(case.get("travel", [])),
            holidays=PublicHolidays(dates=dates_of(case.get("holidays", []), "holidays")),
        )
    except Invalid as wrong:
        raise Invalid(_NAMES.get(wrong.field, wrong.field), wrong.code, wrong.detail) from None


def _clock(case: Case, coach: Coach) -> Clock:
    now = _instant(_required(case, "now"), "now")
    since = _instant(_required(case, "from"), "from")
    until = _instant(_required(case, "to"), "to")
    if until < since:
        raise Invalid("to", "ends_before_start", "`to` lies before `from`; exchange them.")
    if until - since > _MOST_DAYS * DAY_SECONDS:
        raise Invalid(
            "to", "range_too_long", f"Ask for {_MOST_DAYS} days at most; split a longer range."
        )
    return Clock(
        now=now, notice=coach.notice, horizon_days=coach.horizon_days, since=since, until=until
    )


def _busy(item: object, field: str) -> Item:
    start, end, status = _parts(item, field, "busy")
    code = STATUSES[one_of(f"{field}[2]", status, tuple(STATUSES))]
    all_day = _is_date(start) and _is_date(end)
    if all_day:
        start, end = f"{start}T00:00:00Z", f"{end}T00:00:00Z"
    return "", _instant(start, f"{field}[0]"), _instant(end, f"{field}[1]"), code, all_day


def _own(item: object, field: str) -> Own:
    start, end, minutes = _parts(item, field, 0)
    gap = whole_number(f"{field}[2]", minutes, 0, 480)
    own = Own(_instant(start, f"{field}[0]"), _instant(end, f"{field}[1]"), 60 * gap)
    if own.end <= own.start:
        raise Invalid(
            field,
            "ends_before_start",
            "An own session ends after it begins; exchange the two times.",
        )
    return own


def _parts(item: object, field: str, third: object) -> tuple[Any, Any, Any]:
    """Start, end, and what else the item says; `third` where it says no more."""
    if isinstance(item, list) and len(item) in (2, 3):
        start, end, said, *_ = (*item, third)
        return start, end, said
    raise Invalid(
        field, "not_a_period", 'Send a period as ["2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"].'
    )


def _is_date(value: object) -> bool:
    return isinstance(value, str) and len(value) == len("2026-01-05")


def _instant(value: object, field: str) -> int:
    """Whole epoch seconds."""
    moment = _moment(value)
    if moment is None:
        detail = (
            f"{value!r:.60} is no instant; write whole seconds with an offset, like"
            " 2026-01-05T09:00:00Z."
        )
        raise Invalid(field, "invalid_instant", detail)
    whole_number(field, moment.year, *YEARS)
    return int(moment.timestamp())


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None or moment.microsecond:
        return None
    return moment


def _required(case: Case, field: str) -> Any:
    if field in case:
        return case[field]
    raise Invalid(field, "missing", f"A case needs `{field}`; add it.")


def _listed(case: Case, field: str) -> Iterator[tuple[object, str]]:
    """The items of a list, each with its path."""
    value = case.get(field, [])
    if isinstance(value, list):
        return ((item, f"{field}[{place}]") for place, item in enumerate(value))
    raise Invalid(
        field, "not_a_list", f"Send a list of periods, [] for none, not {type(value).__name__}."
    )
