"""Bookable starts: hours - away - busy - sessions - buffers - limits -> SlotSet, with a reason for
each closed cell.

The clock has no part in it: past, notice and horizon are applied when a set is read, by
`domain.slots.listing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from domain.coaches import Coach
from domain.errors import Invalid
from domain.hours import DAY_SECONDS, wall_instants
from domain.slots.cells import (
    GRID,
    NO_PERIODS,
    Cells,
    Periods,
    Row,
    Span,
    columns,
    meeting,
    outside,
    padded,
    touching,
)
from domain.slots.limits import full
from domain.slots.packing import look_back, packed
from domain.slots.reasons import (
    Codes,
    Reason,
    decode,
    encode,
    given,
    highest,
    name_days,
    name_holds,
    named_days,
)

Starts = npt.NDArray[np.int64]
"""UTC epoch seconds, ascending, multiples of GRID."""

CELLS_A_DAY = DAY_SECONDS // GRID
BYTES_A_DAY = CELLS_A_DAY // 8


@dataclass(frozen=True, slots=True)
class Own:
    """A session of the coach's own: [start, end) in UTC epoch seconds, and the larger of its
    buffers, in seconds. `hold`: it is a time that is only kept for one.
    """

    start: int
    end: int
    gap: int
    hold: bool = False


@dataclass(frozen=True, slots=True)
class SlotSet:
    """Which quarter hours a coach can be booked at, whatever the time is now."""

    origin: int
    """UTC midnight of the first day, epoch seconds."""
    days: int
    durations: tuple[int, ...]
    """Minutes."""
    bits: bytes
    """Per duration 12 bytes a day, a bit for each quarter hour,
    the first one in the highest bit.
    """
    reasons: bytes = b""
    """Coded by `domain.slots.reasons.encode`; empty when the set was built without."""

    @property
    def span(self) -> Span:
        return Span(self.origin, self.days * CELLS_A_DAY)

    def row(self, duration: int) -> int:
        """Where a duration (minutes) stands.
        Raises Invalid for one that the coach does not offer.
        """
        if duration in self.durations:
            return self.durations.index(duration)
        offered = ", ".join(map(str, self.durations))
        detail = (
            f"{duration!r:.60} minutes are not offered by this coach; ask for one of {offered}."
        )
        raise Invalid("duration", "duration_not_offered", detail)

    def open_starts(
        self, duration: int, since: int | None = None, until: int | None = None
    ) -> Starts:
        """The open starts with since <= start < until (epoch seconds; by default all of them)."""
        span = self.span
        low, high = 0, span.cells
        if since is not None:
            low = span.cell(since)
        if until is not None:
            high = span.cell(until)
        # Only the bytes of the range are unpacked: most readers ask for some days of a season.
        byte = self.row(duration) * self.days * BYTES_A_DAY + low // 8
        window = np.frombuffer(self.bits, np.uint8, max(0, -(-high // 8) - low // 8), byte)
        found = np.flatnonzero(np.unpackbits(window)[low % 8 : low % 8 + max(0, high - low)])
        return (found + low) * GRID + self.origin

    def day_bits(self, duration: int, first: int, days: int) -> bytes:
        """The bits of `days` UTC days from day `first` (counted from 1970-01-01);
        days beyond the set are closed.
        """
        begin = first - self.origin // DAY_SECONDS
        low = min(max(begin, 0), self.days)
        high = min(max(begin + days, 0), self.days)
        row = self.row(duration) * self.days
        within = self.bits[(row + low) * BYTES_A_DAY : (row + high) * BYTES_A_DAY]
        before = min(max(-begin, 0), days)
        return (bytes(before * BYTES_A_DAY) + within).ljust(days * BYTES_A_DAY, b"\0")

    def codes(self, duration: int) -> Codes:
        """The Reason of every cell. Raises ValueError when the set was built without reasons."""
        if not self.reasons:
            raise ValueError("this set holds no reasons; build it with reasons=True")
        return decode(
            self.reasons, self.row(duration), rows=len(self.durations), cells=self.span.cells
        )

    def digest(self) -> bytes:
        """16 bytes, the same for sets that answer everything alike."""
        head = repr((self.origin, self.days, self.durations)).encode()
        return blake2b(head + self.bits + self.reasons, digest_size=16).digest()


def build(
    coach: Coach,
    busy: Periods,
    own: Sequence[Own],
    *,
    origin: int,
    days: int,
    reasons: bool = True,
    unsettled: Sequence[Own] = (),
) -> SlotSet:
    """The slot set of a coach from `origin` (a UTC midnight, epoch seconds) for `days` days.

    `busy`: what blocks, shape (n, 2), each start < end, in any order (`domain.freebusy.blocking`).
    `own`: the active sessions; with limits, all of each local week that the days touch. What lies
    around the days must be there as far as a session or a buffer reaches, and three days back in
    back_to_back mode: then no choice of origin and days changes an answer. `unsettled`: where the
    coach put the events of some of them; closed like a session, and counted as none.
    """
    if origin % DAY_SECONDS or days < 1:
        raise ValueError(
            f"a set begins at a UTC midnight and has a day or more, not origin={origin},"
            f" days={days}"
        )
    # Where a packed day begins depends on the days before it: they are computed, and cut off below.
    lead = look_back(coach.trips) // GRID if coach.mode == "back_to_back" else 0
    span = Span(origin - lead * GRID, days * CELLS_A_DAY + lead)
    durations = [60 * minutes for minutes in coach.durations]
    closing, holds, kept_off = _closing(coach, busy, own, unsettled)
    off = outside(coach.hours, coach.trips, coach.holidays.dates)
    parts = [(Reason.buffer, touching(kept_off)), (Reason.outside_hours, off)]
    for reason, periods in closing:
        if reasons and len(periods):
            parts.append((reason, touching(periods)))
    codes = meeting(span, durations, highest(parts))
    begins = [it.start for it in own]
    limited = full(coach.hours.zone, span, begins, (coach.per_day, coach.per_week), coach.trips)
    listed = _listed(coach, span, codes == 0, limited)
    bits = np.packbits(listed[:, lead:], axis=1).tobytes()
    if not reasons:
        return SlotSet(origin, days, coach.durations, bits)
    if coach.mode == "back_to_back":
        codes = np.maximum(codes, given(Reason.spacing, ~listed))
    if coach.limited:
        codes = np.maximum(codes, given(Reason.limit, limited))
    if len(holds):
        name_holds(codes, meeting(span, durations, touching(holds)))
    if days_off := named_days(coach.hours, coach.trips, coach.holidays.dates):
        name_days(codes, span, meeting(span, durations, off), days_off)
    return SlotSet(origin, days, coach.durations, bits, encode(codes[:, lead:]))


def _closing(
    coach: Coach, busy: Periods, own: Sequence[Own], unsettled: Sequence[Own]
) -> tuple[list[tuple[Reason, Periods]], Periods, Periods]:
    """What closes times, by reason; the holds; and all that a session keeps off, with its buffers.
    Working hours are no part of it.
    """
    away = away_periods(coach)
    # An own session keeps the larger buffer of both sides; what is busy outside keeps those of the
    # session that is to be booked, since we know of no others.
    sessions, apart = _sessions(coach, [it for it in own if not it.hold])
    holds, apart_from_holds = _sessions(coach, [it for it in own if it.hold])
    elsewhere, apart_too = _sessions(coach, unsettled)
    around = padded(busy, 60 * coach.pre, 60 * coach.post)
    closing = [
        (Reason.busy, busy),
        (Reason.session, sessions),
        (Reason.unsettled, elsewhere),
        (Reason.away, away),
    ]
    kept_off = filter(len, (around, apart, apart_from_holds, apart_too, away))
    return closing, holds, np.concatenate(list(kept_off) or [NO_PERIODS])


def away_periods(coach: Coach) -> Periods:
    """The times in which the coach is away."""
    if not coach.away:
        return NO_PERIODS
    zone, times = coach.hours.zone, []
    for it in coach.away:
        since, until = wall_instants(zone, it.since, it.until)
        # Both times may lie in an hour that a clock change removes: then nothing is between them.
        if since < until:
            times.append((since, until))
    return columns(times)


def _sessions(coach: Coach, own: Sequence[Own]) -> tuple[Periods, Periods]:
    """The sessions, and the sessions with the gap that another keeps:
    the larger of both sides' buffers.
    """
    if not own:
        return NO_PERIODS, NO_PERIODS
    sessions, apart = [], []
    for it in own:
        gap = max(it.gap, coach.gap)
        sessions.append((it.start, it.end))
        apart.append((it.start - gap, it.end + gap))
    return columns(sessions), columns(apart)


def _listed(coach: Coach, span: Span, free: Cells, limited: Row) -> Cells:
    if coach.limited:
        free = free & ~limited
    if coach.mode == "flexible":
        return free
    rows = []
    for row, minutes in zip(free, coach.durations, strict=True):
        spacing = 60 * minutes + coach.gap
        rows.append(packed(row, coach.hours.zone, span, spacing, coach.trips))
    return np.array(rows)
