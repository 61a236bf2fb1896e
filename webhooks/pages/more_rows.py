"""Rows of fields in a section of "More settings": as typed, so that what is wrong is shown as it
was sent; until when a row that is over is kept; and how a section is stored.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from flask import abort

from domain.coaches import Coach
from domain.hours import timezone
from storage.schema.database import Tx
from storage.transactions import coach_settings
from storage.transactions.coach_settings import CoachChange
from webhooks.http.context import runtime
from webhooks.http.page_sessions import guest
from webhooks.pages.more_sections import Form, Sent

Row = tuple[str, ...]
T = TypeVar("T")

SPARE_ROWS = 2
"""Empty ones, besides those that are filled in."""
KEPT = timedelta(days=30)
"""So long after its end a row is kept: the spacing of sessions depends on days that are over."""


def filled(form: Form, names: tuple[str, ...], most: int) -> list[Row]:
    """The rows in which something stands; one more than may be, which is then refused."""
    found: list[Row] = []
    for row in zip(*map(form.getlist, names), strict=False):
        if len(found) > most:
            break
        texts = tuple(text.strip()[:1000] for text in row)
        if any(texts):
            found.append(texts)
    return found


def spared(rows: list[Row], names: tuple[str, ...]) -> list[Row]:
    empty = ("",) * len(names)
    return [*rows, *[empty] * SPARE_ROWS]


def newest(past: list[T], most: int, sent: Sequence[T]) -> list[T]:
    """Of what is over, in order, as much as there is room for beside what was just sent."""
    room = most - len(sent)
    return past[max(0, len(past) - room) :]


def here_and_now(coach: Coach) -> datetime:
    """What the clocks show in the coach's zone: naive."""
    now: datetime = runtime().services.now()
    return now.astimezone(timezone(coach.hours.zone)).replace(tzinfo=None)


def store(tx: Tx, sent: Sent, change: Callable[[Coach], Coach]) -> CoachChange:
    """The guest's own coach, changed, with the slot set that follows. Raises StaleVersion."""

    def changed(coach: Coach | None) -> Coach:
        if coach is None:
            abort(404, "not_here")
        return change(coach)

    now = runtime().services.now()
    return coach_settings.put_coach(tx, guest().coach_id, changed, expected=sent.version, now=now)
