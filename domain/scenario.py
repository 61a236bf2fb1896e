"""One worked case in, its slots out: how support reproduces "why was this time not offered?".

It decides nothing itself: the case becomes a Coach, a Reading and a SlotSet, and those answer as in
the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.coaches import Coach, Policy
from domain.errors import Invalid, one_of, whole_number
from domain.freebusy import STATUSES, Item, Reading, blocking
from domain.hours import DAY_SECONDS, YEARS, Hours
from domain.slots import Own, build
from domain.slots.cells import Periods
from domain.slots.listing import Clock, closed_counts, offered, render

Case = Mapping[str, Any]

_MOST_DAYS = 800
_NAMES = {"notice": "notice_min", "durations": "duration"}  # the coach's word -> the case's


def evaluate(case: object) -> dict[str, Any]:
    """{"id", "starts": ["2026-01-05T09:00:00Z", ...], "closed": {reason: count}} of a case as
    parsed from JSON.

    Required: zone, hours, duration (minutes), now, from, to. Optional: id, overrides, busy, own,
    pre, post, notice_min, horizon_days, mode, per_day, per_week, tentative_blocks. A busy item is
    [start, end] or [start, end, status], all-day when both are dates; an own session is [start,
    end] or [start, end, gap in minutes]. Unknown keys are ignored. Raises Invalid with the path of
    the field.
    """
    scenario = read(case)
    coach, clock = scenario.coach, scenario.clock
    origin = clock["since"] // DAY_SECONDS * DAY_SECONDS
    days = max(1, -((origin - clock["until"]) // DAY_SECONDS))
    slot_set = build(coach, scenario.busy, scenario.own, origin=origin, days=days)
    (duration,) = coach.durations
    closed = closed_counts(slot_set, duration, **clock)
    return {
        "id": scenario.id,
        "starts": render(offered(slot_set, duration, **clock)),
        "closed": {reason.name: count for reason, count in sorted(closed.items())},
    }


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
    reading = Reading.of(
        _busy(item, f"busy[{place}]") for place, item in enumerate(_list(case, "busy"))
    )
    busy = blocking(
        reading, zone=coach.hours.zone, calendars=None, tentative_blocks=coach.tentative_blocks
    )
    own = tuple(_own(item, f"own[{place}]") for place, item in enumerate(_list(case, "own")))
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
        )
    except Invalid as wrong:
        raise Invalid(_NAMES.get(wrong.field, wrong.field), wrong.code, wrong.detail) from None


def _clock(case: Case, coach: Coach) -> Clock:
    now, since, until = (_instant(_required(case, field), field) for field in ("now", "from", "to"))
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
    start, end, *more = _parts(item, field)
    status = one_of(f"{field}[2]", more[0] if more else "busy", tuple(STATUSES))
    all_day = [_is_date(start), _is_date(end)]
    if all_day == [True, True]:
        start, end = (f"{day}T00:00:00Z" for day in (start, end))
    return (
        "",
        _instant(start, f"{field}[0]"),
        _instant(end, f"{field}[1]"),
        STATUSES[status],
        all(all_day),
    )


def _own(item: object, field: str) -> Own:
    start, end, *more = _parts(item, field)
    gap = whole_number(f"{field}[2]", more[0] if more else 0, 0, 480)
    own = Own(_instant(start, f"{field}[0]"), _instant(end, f"{field}[1]"), 60 * gap)
    if own.end <= own.start:
        raise Invalid(
            field,
            "ends_before_start",
            "An own session ends after it begins; exchange the two times.",
        )
    return own


def _parts(item: object, field: str) -> list[Any]:
    if isinstance(item, list) and len(item) in (2, 3):
        return item
    raise Invalid(
        field, "not_a_period", 'Send a period as ["2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"].'
    )


def _is_date(value: object) -> bool:
    return isinstance(value, str) and len(value) == len("2026-01-05")


def _instant(value: object, field: str) -> int:
    """Whole epoch seconds."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.microsecond:
        detail = (
            f"{value!r:.60} is no instant; write whole seconds with an offset, like"
            " 2026-01-05T09:00:00Z."
        )
        raise Invalid(field, "invalid_instant", detail)
    whole_number(field, moment.year, *YEARS)
    return int(moment.timestamp())


def _required(case: Case, field: str) -> Any:
    if field in case:
        return case[field]
    raise Invalid(field, "missing", f"A case needs `{field}`; add it.")


def _list(case: Case, field: str) -> list[object]:
    value = case.get(field, [])
    if isinstance(value, list):
        return value
    raise Invalid(
        field, "not_a_list", f"Send a list of periods, [] for none, not {type(value).__name__}."
    )
