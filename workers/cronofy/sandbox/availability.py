"""POST /v1/availability: when enough of the asked-for people are free. Plain interval arithmetic on
instants.

Vendor's habits kept here: `available_periods` is the older name of `query_periods`; `buffer` may be
{} and `start_interval` null; `calendar_ids: []` means that no event counts; a declined event does
not block. The grid starts with each query period.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, combinations, product
from typing import Any

from workers.cronofy.sandbox.errors import invalid, require
from workers.cronofy.sandbox.reading import span
from workers.cronofy.sandbox.responses import mapping
from workers.cronofy.sandbox.times import UTC_ZONE, instant, read_moment, utc_text
from workers.cronofy.sandbox.world import World

Span = tuple[datetime, datetime]
# Cronofy has a limit, but documents no number: this one is ours.
PERIODS_MOST = 50
# Of slots when no start_interval is given.
GRID = timedelta(minutes=15)
FORMATS = ("periods", "slots", "overlapping_slots")


@dataclass(frozen=True)
class AvailabilityMember:
    """One participant and the runs in which they are free, buffers kept."""

    sub: str
    free: tuple[Span, ...]

    def is_free(self, slot: Span) -> bool:
        return any(start <= slot[0] and slot[1] <= end for start, end in self.free)


@dataclass(frozen=True)
class AvailabilityRequest:
    """The query. `groups` pairs how many are needed with who is asked."""

    groups: tuple[tuple[int, tuple[AvailabilityMember, ...]], ...]
    duration: timedelta
    periods: tuple[Span, ...]
    step: timedelta
    form: str
    most: int | None


def available(world: World, asked: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """`{available_periods: […]}` or `{available_slots: […]}`. Raises ProtocolError 422."""
    request = _read(world, asked)
    starts = [_instant(slot, "start", "query_slots") for slot in asked.get("query_slots") or ()]
    if starts:
        found = _working(request, starts)
    elif request.form == "periods":
        found = _periods(request)
    else:
        found = _working(request, _grid(request), overlapping=request.form == "overlapping_slots")
    items = [_shown(*one) for one in found][: request.most]
    if request.form == "periods":
        return {"available_periods": items}
    return {"available_slots": items}


def _periods(request: AvailabilityRequest) -> Iterator[tuple[Span, list[str]]]:
    """The maximal runs, for each choice of people that satisfies every group."""
    # Every choice is tried, which grows fast: fine for the few people that a session has.
    chosen = [combinations(members, needed) for needed, members in request.groups]
    seen: dict[Span, list[str]] = {}
    for choice in product(*chosen):
        people = list(chain.from_iterable(choice))
        runs = list(request.periods)
        for member in people:
            runs = list(_meet(runs, member.free))
        for run in runs:
            if run[1] - run[0] >= request.duration:
                seen.setdefault(run, [member.sub for member in people])
    return iter(sorted(seen.items()))


def _working(
    request: AvailabilityRequest, starts: Iterable[datetime], *, overlapping: bool = True
) -> Iterator[tuple[Span, list[str]]]:
    """Those starts at which every group has enough free people;
    one after the other unless overlapping.
    """
    free_from: datetime | None = None
    for start in starts:
        slot = (start, start + request.duration)
        if not overlapping and free_from is not None and start < free_from:
            continue
        people = _able(request, slot)
        if people is not None:
            free_from = slot[1]
            yield slot, people


def _able(request: AvailabilityRequest, slot: Span) -> list[str] | None:
    """All who are free then, more than are needed too. None: too few of some group."""
    people: list[str] = []
    for needed, members in request.groups:
        able = [member.sub for member in members if member.is_free(slot)]
        if len(able) < needed:
            return None
        people += able
    return people


def _grid(request: AvailabilityRequest) -> Iterator[datetime]:
    # From each period's own start: Cronofy says nothing of an origin that all of them share.
    for since, until in request.periods:
        for number in range((until - since - request.duration) // request.step + 1):
            yield since + number * request.step


def _read(world: World, asked: Mapping[str, Any]) -> AvailabilityRequest:
    require(asked, "participants", "required_duration")
    duration = _minutes(asked["required_duration"], "required_duration")
    form = asked.get("response_format") or "periods"
    if form not in FORMATS:
        raise invalid(response_format="errors.invalid_format")
    periods = _query_periods(asked, duration)
    buffers = mapping(asked.get("buffer"), "buffer")
    around = (_buffer(buffers.get("before")), _buffer(buffers.get("after")))
    groups = [_group(world, group, periods, around) for group in _listed(asked["participants"])]
    step = GRID
    if asked.get("start_interval"):
        step = _minutes(asked["start_interval"], "start_interval")
    most = asked.get("max_results")
    return AvailabilityRequest(tuple(groups), duration, periods, step, form, most)


def _query_periods(asked: Mapping[str, Any], duration: timedelta) -> tuple[Span, ...]:
    # `available_periods` is the older name, which the official clients still send.
    given = asked.get("query_periods") or asked.get("available_periods") or ()
    periods = [_span(period, "query_periods") for period in given]
    for slot in asked.get("query_slots") or ():
        start = _instant(slot, "start", "query_slots")
        periods.append((start, start + duration))
    if not periods:
        raise invalid(query_periods="errors.required")
    if len(periods) > PERIODS_MOST:
        raise invalid(query_periods="errors.too_many_periods")
    return tuple(sorted(periods))


def _group(
    world: World,
    group: Mapping[str, Any],
    periods: Sequence[Span],
    around: tuple[timedelta, timedelta],
) -> tuple[int, tuple[AvailabilityMember, ...]]:
    asked = _listed(group.get("members"))
    needed = group.get("required", "all")
    if needed == "all":
        needed = len(asked)
    if not asked or not isinstance(needed, int) or not 0 < needed <= len(asked):
        raise invalid(participants="errors.invalid_required")
    members = [_member(world, member, periods, around) for member in asked]
    return needed, tuple(members)


def _member(
    world: World,
    member: Mapping[str, Any],
    periods: Sequence[Span],
    around: tuple[timedelta, timedelta],
) -> AvailabilityMember:
    sub = str(member.get("sub"))
    # Only accounts that the application may read: a grant is what says so.
    if not any(grant.sub == sub for grant in world.grants.values()):
        raise invalid(participants="errors.unknown_sub")
    free = list(periods)
    if member.get("available_periods"):
        free = [_span(period, "available_periods") for period in member["available_periods"]]
    for start, end in sorted(_busy(world, sub, member.get("calendar_ids"))):
        # The buffer after a slot reaches up to an event's start, the one before it to its end: so
        # they change sides when it is the event that grows.
        hole = (start - around[1], end + around[0])
        pieces: list[Span] = []
        for run in free:
            pieces += _without(run, hole)
        free = pieces
    return AvailabilityMember(sub, tuple(sorted(free)))


def _busy(world: World, sub: str, calendar_ids: Sequence[str] | None) -> Iterator[Span]:
    account = world.account(sub)
    for calendar in account.calendars():
        if calendar.deleted or (calendar_ids is not None and calendar.id not in calendar_ids):
            continue
        for event in calendar.seen.values():
            if event.deleted or event.free_busy == "free":
                continue
            # Whether a declined event blocks at Cronofy is not documented: here it does not.
            if event.details.get("participation_status") == "declined":
                continue
            start, end = span(event, account.zoneinfo)
            if start < end:
                yield start, end


def _without(run: Span, hole: Span) -> Iterator[Span]:
    if run[0] < hole[0]:
        yield run[0], min(run[1], hole[0])
    if hole[1] < run[1]:
        yield max(run[0], hole[1]), run[1]


def _meet(runs: Iterable[Span], others: Sequence[Span]) -> Iterator[Span]:
    for start, end in runs:
        for a, b in others:
            if max(start, a) < min(end, b):
                yield max(start, a), min(end, b)


def _shown(slot: Span, subs: Sequence[str]) -> dict[str, Any]:
    people = [{"sub": sub} for sub in dict.fromkeys(subs)]
    return {"start": utc_text(slot[0]), "end": utc_text(slot[1]), "participants": people}


def _buffer(buffer: object) -> timedelta:
    given = mapping(buffer, "buffer")
    return _minutes(given.get("minimum") or given, "buffer")


def _minutes(duration: object, field: str) -> timedelta:
    if not isinstance(duration, Mapping):
        raise invalid(**{field: "errors.invalid_duration"})
    try:
        length = timedelta(
            hours=int(duration.get("hours") or 0), minutes=int(duration.get("minutes") or 0)
        )
    except (TypeError, ValueError) as error:
        raise invalid(**{field: "errors.invalid_duration"}) from error
    if length <= timedelta() and field != "buffer":
        raise invalid(**{field: "errors.invalid_duration"})
    return length


def _listed(value: object) -> list[Mapping[str, Any]]:
    items = value
    # One may come without the list around it.
    if isinstance(value, Mapping):
        items = [value]
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise invalid(participants="errors.invalid")
    return items


def _span(period: object, field: str) -> Span:
    span_ = (_instant(period, "start", field), _instant(period, "end", field))
    if span_[0] >= span_[1]:
        raise invalid(**{field: "errors.end_before_start"})
    return span_


def _instant(period: object, name: str, field: str) -> datetime:
    try:
        return instant(read_moment(mapping(period, field).get(name)), UTC_ZONE)
    except ValueError as error:
        raise invalid(**{field: "errors.invalid_time"}) from error
