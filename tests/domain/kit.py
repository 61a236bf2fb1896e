"""One coach and short ways to say when: what the tests of this room share."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from domain.coaches import Coach, Policy
from domain.hours import Hours
from domain.slots import Own, SlotSet, Starts, build
from domain.slots.cells import NO_PERIODS, Periods, columns
from domain.windows import WEEKDAYS

MONDAY = "2026-06-08"
DAY = 86_400
NOTHING_BUSY = NO_PERIODS

GRACE = Coach(
    id="grace",
    hours=Hours.parse("UTC", {day: [["07:00", "18:00"]] for day in WEEKDAYS}, {}),
    pre=15,
    post=30,
    notice=0,
    horizon_days=60,
    durations=(60,),
    mode="flexible",
    per_day=None,
    per_week=None,
    tentative_blocks=True,
    policy=Policy("hide", 0),
    version=1,
)


def coach(
    *windows: list[str],
    zone: str = "UTC",
    overrides: dict[str, list[list[str]]] | None = None,
    **changes: Any,
) -> Coach:
    """Grace with these windows every day."""
    weekly = dict.fromkeys(WEEKDAYS, list(windows) or [["07:00", "18:00"]])
    return replace(GRACE, hours=Hours.parse(zone, weekly, overrides or {}), **changes)


def at(text: str) -> int:
    """Epoch seconds of "10:00" on the tests' Monday, or of "2026-06-09T10:00", UTC."""
    moment = datetime.fromisoformat(text if "T" in text else f"{MONDAY}T{text}")
    return int(moment.replace(tzinfo=UTC).timestamp())


def periods(*texts: str) -> Periods:
    """("10:00-11:00", ...) as what blocks."""
    return columns([(at(start), at(end)) for start, end in (text.split("-") for text in texts)])


def session(text: str, gap: int = 0) -> Own:
    start, end = text.split("-")
    return Own(at(start), at(end), gap * 60)


def monday(
    person: Coach,
    busy: Periods = NOTHING_BUSY,
    own: Sequence[Own] = (),
    *,
    days: int = 1,
    reasons: bool = True,
) -> SlotSet:
    return build(person, busy, own, origin=at("00:00"), days=days, reasons=reasons)


def clocks(starts: Starts) -> list[str]:
    return [datetime.fromtimestamp(start, UTC).strftime("%H:%M") for start in starts.tolist()]


def through(first: str, last: str) -> list[str]:
    """Every quarter hour from "07:00" to "08:30", that one too."""
    return clocks(np.arange(at(first), at(last) + 1, 900))
