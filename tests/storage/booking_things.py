"""What the model of booking knows: coaches, times and seats, in integers; and the
lengths of time in seconds.
"""

from dataclasses import dataclass, field

QUARTER, HOUR, DAY = 900, 3600, 86_400
SUMMER = HOUR
HORIZON = 3 * DAY
TRUSTED = 24 * HOUR
FOREVER = 1 << 40
LATE = 24 * HOUR
AHEAD = {"one_to_one": 24 * HOUR, "pod": 72 * HOUR}
SLOT = "slot_not_open"
ELSEWHERE = "participant_elsewhere"


@dataclass
class Coach:
    id: str
    read_at: int
    known_until: int
    busy: list[tuple[int, int]] = field(default_factory=list)
    pre: int = 15
    post: int = 15
    notice: int = 0
    per_day: int | None = None
    shown: set[str] = field(default_factory=set)
    """The holds that the stored set counts: one that ended counts on until something makes the set
    anew.
    """

    @property
    def spread(self) -> int:
        return 60 * max(self.pre, self.post)


@dataclass
class Time:
    id: str
    coach: str
    kind: str
    start: int
    end: int
    gap: int
    status: str
    capacity: int = 1
    min_seats: int = 0
    form: str | None = None
    forced: bool = False
    expires: int | None = None
    active: bool = True
    version: int = 1
    taken: int = 0

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // 60


@dataclass
class Seat:
    id: str
    time: str
    who: str
    made: int
    changed: int
    status: str = "booked"
    version: int = 1
    sequence: int = 0

    def change(self, now: int, *, told: bool = True) -> None:
        self.changed, self.version, self.sequence = now, self.version + 1, self.sequence + told


def date(instant: int) -> int:
    return (instant + SUMMER) // DAY


def works(start: int, end: int) -> bool:
    """9 to 5 in London."""
    opens = date(start) * DAY - SUMMER + 9 * HOUR
    return opens <= start and end <= opens + 8 * HOUR


def near(time: Time, start: int, end: int, spread: int) -> bool:
    gap = max(time.gap, spread)
    return time.start - gap < end and start < time.end + gap
