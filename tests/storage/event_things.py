"""One session, its event and two workers: what a world of events is made of."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from domain.event_differences import EventPolicy, Standing
from tests.storage.whole_rows import Mail
from tests.support import people

HOUR = 3600
TEN, ONE, THREE = people.at(2, 10), people.at(2, 13), people.at(2, 15)
ADA = replace(people.MAILED, horizon_days=2)
TERMS = people.terms()
UNSEEN = "unseen"
ROUNDS = 3


class Event(NamedTuple):
    """As it stands in the calendar."""

    starts: int
    declined: bool = False


class Reader(NamedTuple):
    """A worker with a claim on the connection. `seen`: what it read, once it did."""

    token: str
    generation: int
    claimed_ms: int
    erases: bool
    seen: Event | str | None = UNSEEN


class Writer(NamedTuple):
    """A worker with a claim on a row of the calendar's. `starts`: what it is to write; None: it
    deletes. `look`: the token of the look that it owed before; `alone`: as that says.
    """

    row_id: str
    token: str
    topic: str
    version: int
    phase: str
    starts: int | None = None
    look: str = ""
    alone: bool = True
    asked: bool = False
    seen: bool = False
    doubtful: bool = False
    rounds: int = 1
    lapsed: bool = False
    """Its lease has passed: it asks Cronofy for nothing more."""


Hand = Reader | Writer | None
Hands = tuple[Hand, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """A state: the rows by their number, the calendar, the workers; what the coach did; and what
    may still happen.
    """

    rows: int
    hands: Hands
    event: Event | None = None
    late: tuple[int | None, ...] = ()
    """A write that was not answered, and may be carried out yet: where to; None: a deletion."""
    read: bool = False
    """Whether the calendar was read since it changed."""
    did: frozenset[tuple[str, int | None]] = frozenset()
    mailed: frozenset[Mail] = frozenset()
    told: int = 0
    """How often the coach was asked: once for each deed at most."""
    twice: str | None = None
    deeds: int = 2
    rebooks: int = 1
    cancels: int = 0
    choices: int = 1
    lates: int = 1
    failures: int = 0
    lapses: int = 0
    erasures: int = 0
    policies: tuple[EventPolicy, ...] = ()
    """To which the coach may change theirs, in this order."""


def standing(session_id: str, event: Event | None) -> Standing | None:
    """The event as a read shows it."""
    if event is None:
        return None
    times = event.starts, event.starts + HOUR
    return Standing(session_id, people.WORK, *times, declined=event.declined)
