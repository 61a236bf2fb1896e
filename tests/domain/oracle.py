"""The rules once more, deliberately naive: loops over minutes and quarter hours with datetime and
zoneinfo.

It shares no code with the product and takes its cases as JSON has them; where the two differ, one
of them is wrong.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Case = dict[str, Any]
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def evaluate(case: Case) -> dict[str, Any]:
    """{"starts", "closed"} as the product's `evaluate` answers."""
    starts, closed = [], Counter[str]()
    for start, why in reasons(case).items():
        if why == "open":
            starts.append(start.strftime("%Y-%m-%dT%H:%M:%SZ"))
        else:
            closed[why] += 1
    return {"starts": starts, "closed": dict(closed)}


def reasons(case: Case) -> dict[datetime, str]:
    """Each quarter hour of the case's range, and why it is closed, or "open"."""
    world = World(case)
    since, until = instant(case["from"]), instant(case["to"])
    return {start: world.at_reading(start) for start in quarters(since, until)}


class World:
    """A case with its texts turned into datetimes, and the minutes in which the coach works."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.zone = ZoneInfo(case["zone"])
        self.holidays: list[str] = case.get("holidays", [])
        self.begun: dict[date, datetime] = {}
        self.pre, self.post = timedelta(minutes=case["pre"]), timedelta(minutes=case["post"])
        self.duration = timedelta(minutes=case["duration"])
        self.now = instant(case["now"])
        packs = case.get("mode") == "back_to_back"
        self.since = instant(case["from"]) - (6 if packs else 0) * DAY
        self.until = instant(case["to"]) + DAY
        self.working = set(self.working_minutes())
        self.busy = list(self.blocking())
        self.away = list(self.absences())
        self.own = [(instant(item[0]), instant(item[1]), self.gap(item)) for item in case["own"]]
        self.sequence = set(self.packed()) if packs else None

    def gap(self, item: list[Any]) -> timedelta:
        return max(self.pre, self.post, timedelta(minutes=item[2] if item[2:] else 0))

    def at_reading(self, start: datetime) -> str:
        """What the clock leaves of a start that is open by itself."""
        why = self.why(start)
        if why == "open" and self.sequence is not None and start not in self.sequence:
            return "spacing"
        if why == "open" and start < self.now + timedelta(minutes=self.case["notice_min"]):
            return "notice"
        if why == "open" and start + self.duration > self.now + timedelta(
            hours=24 * self.case["horizon_days"]
        ):
            return "horizon"
        return why

    def why(self, start: datetime) -> str:
        end = start + self.duration
        works = all(minute in self.working for minute in minutes(start, end))
        if not works and str(self.day(start)) in self.holidays:
            return "holiday"
        if any(begin < end and finish > start for begin, finish in self.away):
            return "away"
        if not works:
            return (
                "day_off"
                if self.case["overrides"].get(str(self.day(start))) == []
                else "outside_hours"
            )
        if any(begin < end and finish > start for begin, finish, _ in self.own):
            return "session"
        if any(begin < end and finish > start for begin, finish in self.busy):
            return "busy"
        if any(
            begin < end + self.post and finish > start - self.pre for begin, finish in self.busy
        ):
            return "buffer"
        if any(begin - end < gap and start - finish < gap for begin, finish, gap in self.own):
            return "buffer"
        return "limit" if self.is_full(start) else "open"

    def day(self, moment: datetime) -> date:
        """The date that began last, each of them where the coach is then."""
        if not self.case.get("travel"):
            return moment.astimezone(self.zone).date()
        dates = [moment.date() + days * DAY for days in (2, 1, 0, -1, -2)]
        return next(day for day in dates if self.begins(day) <= moment)

    def begins(self, day: date) -> datetime:
        if day not in self.begun:
            self.begun[day] = first(self.zone_on(day), datetime.combine(day, time()))
        return self.begun[day]

    def zone_on(self, day: date) -> ZoneInfo:
        for trip in self.case.get("travel", []):
            if trip["first"] <= str(day) <= trip["last"]:
                return ZoneInfo(trip["zone"])
        return self.zone

    def absences(self) -> Iterator[tuple[datetime, datetime]]:
        for item in self.case.get("away", []):
            begin = first(self.zone, datetime.fromisoformat(item["from"]))
            finish = last(self.zone, datetime.fromisoformat(item["to"]))
            if begin < finish:
                yield begin, finish

    def is_full(self, start: datetime) -> bool:
        day = self.day(start)
        begun = [self.day(begin) for begin, _, _ in self.own]
        of_day = sum(other == day for other in begun)
        of_week = sum(other.isocalendar()[:2] == day.isocalendar()[:2] for other in begun)
        per_day, per_week = self.case.get("per_day"), self.case.get("per_week")
        return (per_day is not None and of_day >= per_day) or (
            per_week is not None and of_week >= per_week
        )

    def working_minutes(self) -> Iterator[datetime]:
        day = self.since.date() - 2 * DAY
        while day < self.until.date() + 2 * DAY:
            usual = self.case["hours"].get(DAYS[day.weekday()], [])
            worked = self.case["overrides"].get(str(day), usual)
            for start, end in [] if str(day) in self.holidays else worked:
                opens, closes = wall(day, start), wall(day, end)
                if closes <= opens:
                    closes += DAY
                zone = self.zone_on(day)
                yield from minutes(first(zone, opens), last(zone, closes))
            day += DAY

    def blocking(self) -> Iterator[tuple[datetime, datetime]]:
        for start, end, *status in self.case["busy"]:
            word = status[0] if status else "busy"
            if word == "free" or (
                word == "tentative" and not self.case.get("tentative_blocks", True)
            ):
                continue
            times = (instant(start), instant(end)) if "T" in start else self.days(start, end)
            if times[0] < times[1]:
                yield times

    def days(self, start: str, end: str) -> tuple[datetime, datetime]:
        if end <= start:  # that one day
            end = str(datetime.fromisoformat(start).date() + DAY)
        begin, finish = datetime.fromisoformat(start), datetime.fromisoformat(end)
        # Until the end of its last day, where the coach is on that day.
        there = self.zone_on(finish.date() - DAY)
        return first(self.zone_on(begin.date()), begin), first(there, finish)

    def packed(self) -> Iterator[datetime]:
        """Back to back: walk through the quarter hours, count from the run's first or from a
        midnight.
        """
        spread = max(self.case["pre"], self.case["post"])
        spacing = timedelta(minutes=-(-(self.case["duration"] + spread) // 15) * 15)
        anchor, day_was_open = None, False
        for start in quarters(self.since, self.until):
            if self.day(start) != self.day(start - QUARTER):
                if day_was_open and anchor is not None:
                    anchor = start
                day_was_open = True
            if self.why(start) != "open":
                anchor, day_was_open = None, False
                continue
            anchor = anchor or start
            if (start - anchor) % spacing == timedelta(0):
                yield start


def first(zone: ZoneInfo, local: datetime) -> datetime:
    """The first instant with this wall clock; of one that is skipped, the wall clock moved forward
    by the gap.
    """
    return min(occurrences(zone, local) or occurrences(zone, local + gap(zone, local)))


def last(zone: ZoneInfo, local: datetime) -> datetime:
    return max(occurrences(zone, local) or occurrences(zone, local + gap(zone, local)))


def occurrences(zone: ZoneInfo, local: datetime) -> list[datetime]:
    """Every instant at which the wall clock shows `local`: try all offsets there are, by quarter
    hours.
    """
    offsets = (step * QUARTER for step in range(-48, 57))
    guesses = ((local - offset).replace(tzinfo=UTC) for offset in offsets)
    return [guess for guess in guesses if guess.astimezone(zone).replace(tzinfo=None) == local]


def gap(zone: ZoneInfo, local: datetime) -> timedelta:
    """By how much the wall clock jumps over `local`: watch it minute by minute."""
    moment = (local - DAY).replace(tzinfo=UTC)
    while (after := (moment + MINUTE).astimezone(zone).replace(tzinfo=None)) <= local:
        moment += MINUTE
    return after - moment.astimezone(zone).replace(tzinfo=None) - MINUTE


def wall(day: date, text: str) -> datetime:
    hours, minute = text.split(":")
    return datetime.combine(day, time()) + timedelta(hours=int(hours), minutes=int(minute))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE


def quarters(since: datetime, until: datetime) -> Iterator[datetime]:
    start = since.replace(minute=0, second=0)
    while start < until:
        if start >= since:
            yield start
        start += QUARTER
