"""The storm on a page: how long pushes take until their slots can be seen, and what that time is
spent on, in the last minutes and at this moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template

from domain import push_stages
from domain.push_stages import STAGES, Stage
from storage.reports import stage_waits
from storage.reports.stage_waits import Seen
from webhooks.http.context import parts, runtime
from webhooks.http.shared_looks import StormLook
from webhooks.ops.formats import age, percent, span
from webhooks.ops.plots import HEIGHT, WIDTH, nice

LONG_SECONDS = 10.0
"""What waits for so long is told before what was seen: it is worse."""


@dataclass(frozen=True, slots=True)
class StageWords:
    """`slow`: within the sentence that says what is slow. `about`: what it is and what helps."""

    label: str
    slow: str
    about: str


WORDS: dict[Stage, StageWords] = {
    "gap": StageWords(
        "Gap",
        "the gap between two reads of one calendar",
        "A calendar that was read a moment ago is read again after the gap (MINIMUM_GAP_SECONDS)."
        " In a storm this is as it should be.",
    ),
    "queue": StageWords(
        "Queue",
        "the queue: no worker was free",
        "Nobody took the read yet. More worker processes or threads help; with Redis away the clock"
        " wakes them later.",
    ),
    "budget": StageWords(
        "Rate budget",
        "our rate budget for Cronofy",
        "Cronofy grants so many calls a second and a minute (RATE_PER_SECOND, RATE_PER_MINUTE)."
        " Ask Cronofy for more, or wait.",
    ),
    "cronofy": StageWords(
        "Cronofy",
        "Cronofy, which answers late or fails",
        "Calls, their repetitions, and the pauses after a failure. Look at Cronofy's status page.",
    ),
    "database": StageWords(
        "Database",
        "the database: storing what was read",
        "Storing, making the slots, and waiting for locks. Look at the database's load.",
    ),
    "fault": StageWords(
        "Our fault",
        "reads that broke off by our own fault",
        "A read broke off and is made again. The log of the workers says why.",
    ),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Of a column: a stage from so high on, so high; in units of the drawing."""

    stage: Stage
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    x: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """`top`: milliseconds at the upper edge. `width`: of a column."""

    top: float
    width: float
    columns: tuple[Column, ...]


def storm() -> str:
    """GET /ops/storm"""
    return render_template("ops/storm.html", **_shown())


def storm_live() -> str:
    """GET /ops/storm/live"""
    return render_template("ops/storm_live.html", **_shown())


def _shown() -> dict[str, Any]:
    look = parts().storm.get(_look)
    shares = {}
    if look.storm.now is not None:
        shares = push_stages.shares(look.storm.now.stages)
    minutes = [(minute, push_stages.shares(minute.stages)) for minute in look.storm.minutes]
    return {
        "look": look,
        "shares": shares,
        "minutes": minutes,
        "stages": STAGES,
        "stage_words": WORDS,
        "verdict": verdict(look),
        "drawing": draw(look.storm.minutes, look.at),
    }


def _look() -> StormLook:
    services = runtime().services
    now = services.corrected_now()
    budget = services.cronofy.budget_wait()
    with services.database.read() as tx:
        return StormLook(stage_waits.storm(tx, now=now), budget, now)


def verdict(look: StormLook) -> str:
    """What is slow and why, in a sentence or two."""
    waits = look.storm.waiting
    oldest = max((each.oldest for each in waits.values()), default=0.0)
    if oldest >= LONG_SECONDS:
        most = max(waits, key=lambda stage: waits[stage].pushes)
        count = sum(each.pushes for each in waits.values())
        return (
            f"Calendars with news that wait: {count}, the oldest for {age(oldest)}."
            f" Most of them ({waits[most].pushes}) wait for {WORDS[most].slow}."
        )
    now = look.storm.now
    if now is None:
        return "Nothing was pushed in the last minute, and nothing waits."
    shares = push_stages.shares(now.stages)
    said = f"A push is seen after {span(now.total)}, on average of {now.pushes}."
    if not shares:
        return said
    most = max(shares, key=lambda stage: shares[stage])
    return f"{said} {percent(shares[most])} of that is spent on {WORDS[most].slow}."


def draw(minutes: list[Seen], now: datetime) -> Drawing:
    """A column for each minute in which anything was seen, at its place in the last minutes."""
    top = nice(max((minute.total for minute in minutes), default=0.0))
    width = WIDTH / stage_waits.MINUTES
    columns = []
    for minute in minutes:
        back = int((now - minute.at).total_seconds() // 60)
        x = WIDTH - (back + 1) * width
        columns.append(Column(max(0.0, x), _pieces(minute.stages, top)))
    return Drawing(top, width, tuple(columns))


def _pieces(stages: Mapping[Stage, float], top: float) -> tuple[Piece, ...]:
    """From the ground up, in the order of the stages."""
    pieces = []
    y = float(HEIGHT)
    for stage in STAGES:
        height = HEIGHT * stages[stage] / top
        y -= height
        if height > 0:
            pieces.append(Piece(stage, round(y, 2), round(height, 2)))
    return tuple(pieces)
