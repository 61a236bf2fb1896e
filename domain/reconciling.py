"""How often calendars are read although nobody pushed about them: pushes get lost.

Cronofy lets one application make only so many calls. A fleet that is larger than they allow is read
in longer turns; how long those are is computed here, so that it can be shown, and so that nobody
calls a calendar stale only because the fleet is large.

                                        where there are calls     where there are too few
    lively   changed within a day       a quarter of an hour      up to half an hour
    steady   changed within 30 days     an hour                   an hour
    quiet    no change for longer       an hour                   up to two

First the quiet ones wait longer, then the lively ones, whom the next push reads soon anyway; where
that does not make enough room, all wait longer by the same factor. Whoever has waited longest,
measured by their own turn, is read first: so nobody starves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

LIVELY_FOR = timedelta(days=1)
STEADY_FOR = timedelta(days=30)
QUIET_FACTOR, LIVELY_FACTOR = 2.0, 0.5
"""Of a steady one's turn: how long those of the others become where there are too few calls."""
_LONG = timedelta(days=365) / timedelta(minutes=1)
STALE_FACTOR = 1.5
"""A calendar is stale once it was not read for so many of the longest turns."""


class Pace(IntEnum):
    """How often a calendar changes. The numbers are stored."""

    LIVELY = 0
    STEADY = 1
    QUIET = 2


@dataclass(frozen=True, slots=True)
class Turns:
    """How long each pace waits for its turn where there are calls for all;
    `stretch`: how many times that where there are not, at least 1.
    """

    spans: Mapping[Pace, timedelta]
    stretch: float

    @property
    def longest(self) -> timedelta:
        """Within so long every calendar is read that can be read at all."""
        return max(self.spans.values()) * self.stretch


def pace_of(changed_at: datetime | None, now: datetime) -> Pace:
    """`changed_at`: when its periods last changed; None where they never did."""
    if changed_at is None or changed_at <= now - STEADY_FOR:
        return Pace.QUIET
    if changed_at <= now - LIVELY_FOR:
        return Pace.STEADY
    return Pace.LIVELY


def turns(
    fleet: Mapping[Pace, int], *, steady: timedelta, lively: timedelta, reads_per_minute: float
) -> Turns:
    """`fleet`: how many connections there are of each pace. `steady`, `lively`: the settings.
    `reads_per_minute`: what reconciling may take of Cronofy's calls, in reads; above 0.
    """
    spans = {Pace.LIVELY: min(steady, lively), Pace.STEADY: steady, Pace.QUIET: steady}
    for pace, most in ((Pace.QUIET, QUIET_FACTOR), (Pace.LIVELY, LIVELY_FACTOR)):
        others = _load(fleet, spans) - fleet.get(pace, 0) / _minutes(spans[pace])
        needed = _shortest(fleet.get(pace, 0), reads_per_minute - others)
        spans[pace] = max(spans[pace], min(needed, steady * most))
    return Turns(spans, max(1.0, _load(fleet, spans) / reads_per_minute))


def stale_after(longest_turn: timedelta, least: timedelta) -> timedelta:
    """From how long without a read on a calendar is stale, in a fleet with such turns.
    `least`: the setting.
    """
    return max(least, longest_turn * STALE_FACTOR)


def _shortest(count: int, reads_per_minute: float) -> timedelta:
    """In how long so many can be read, each once."""
    if not count:
        return timedelta(0)
    if reads_per_minute <= 0:
        return timedelta.max
    return timedelta(minutes=min(count / reads_per_minute, _LONG))


def _load(fleet: Mapping[Pace, int], spans: Mapping[Pace, timedelta]) -> float:
    """The reads a minute that these turns take."""
    return sum(fleet.get(pace, 0) / _minutes(span) for pace, span in spans.items())


def _minutes(span: timedelta) -> float:
    return span / timedelta(minutes=1)
