"""How often calendars are read although nobody pushed about them: pushes get lost.

Cronofy lets one application make only so many calls. A fleet that is larger than they allow is read
in longer turns; how long those are is computed here, so that it can be shown, and so that nobody
calls a calendar stale only because the fleet is large.

    lively   changed within a day       a quarter of an hour
    steady   changed within 30 days     an hour
    quiet    no change for longer       an hour; up to four where there are too few calls

Where the quiet ones' longer turns do not make enough room, all wait longer by the same factor.
Whoever has waited longest, measured by their own turn, is read first: so nobody starves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from math import inf

LIVELY_FOR = timedelta(days=1)
STEADY_FOR = timedelta(days=30)
QUIET_FACTOR = 4
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
    room = reads_per_minute - _load(fleet, spans, (Pace.LIVELY, Pace.STEADY))
    spans[Pace.QUIET] = _quiet(fleet.get(Pace.QUIET, 0), room, steady)
    return Turns(spans, max(1.0, _load(fleet, spans, Pace) / reads_per_minute))


def stale_after(longest_turn: timedelta, least: timedelta) -> timedelta:
    """From how long without a read on a calendar is stale, in a fleet with such turns.
    `least`: the setting.
    """
    return max(least, longest_turn * STALE_FACTOR)


def _quiet(count: int, room: float, steady: timedelta) -> timedelta:
    """The shortest turn for which there are reads enough, from one to four ordinary ones."""
    needed = inf
    if room > 0:
        needed = count / room / _minutes(steady)
    return steady * min(max(needed, 1.0), QUIET_FACTOR)


def _load(
    fleet: Mapping[Pace, int], spans: Mapping[Pace, timedelta], paces: type[Pace] | tuple[Pace, ...]
) -> float:
    """The reads a minute that these turns take."""
    return sum(fleet.get(pace, 0) / _minutes(spans[pace]) for pace in paces)


def _minutes(span: timedelta) -> float:
    return span / timedelta(minutes=1)
