"""Our events as they stand in a coach's calendar, compared with what the sessions say.

Not everything that differs was done by the coach: our own writes are on their way, come late, or
crossed the read. What may be ours is left to those who write; what cannot be is the coach's deed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.sessions import Answer

Kind = Literal["moved", "deleted", "declined"]
"""What a coach did to an event, as far as anybody has to be asked about it."""
State = Literal["as_written", "moved", "deleted", "declined", "changed"]
"""How an event stands. `changed`: its text alone, which is the coach's own affair."""
Verdict = Literal["as_written", "ours", "crossed", "theirs"]
"""`ours`: a write of ours explains it, and puts it right. `crossed`: the read and a write of ours
overlapped, so it says nothing: read again. `theirs`: the coach's deed."""
EventPolicy = Literal["ask", "restore", "follow"]
POLICIES: tuple[EventPolicy, ...] = ("ask", "restore", "follow")

PREFIX = "coachcal-"
SEVERAL = 2
"""Events that are gone in one read, and are looked for once more before that is believed."""
Times = tuple[int, int]
Attendees = tuple[tuple[str, Answer | None], ...]
"""Address and answer of each; None: there is none yet."""


def event_id(session_id: str) -> str:
    """What the event of a session is called in calendars: the key that we write it under."""
    return PREFIX + session_id


@dataclass(frozen=True, slots=True)
class Standing:
    """An event of ours that stands in a calendar, as a read showed it; epoch seconds."""

    session_id: str
    calendar_id: str
    starts: int
    ends: int
    summary: str = field(default="", repr=False)
    declined: bool = False
    join_url: str | None = field(default=None, compare=False, repr=False)
    """The link that was assigned to it."""
    attendees: Attendees = field(default=(), compare=False, repr=False)
    """Whom the coach added to it."""

    @property
    def times(self) -> Times:
        return self.starts, self.ends


@dataclass(frozen=True, slots=True)
class OwnWrites:
    """What we know of our own writes of one event.

    `waiting`: one is owed and has not begun. `under_way`: one is being made. `stood_ms`: since when
    it is known to have stood as the session is (the database's clock); None: not known. `late`: the
    times that a write may still bring; None: any. `may_vanish`: a deletion of ours may still land.
    """

    waiting: bool = False
    under_way: bool = False
    stood_ms: int | None = None
    late: frozenset[Times] | None = frozenset()
    may_vanish: bool = False


NO_LATE_WRITES = OwnWrites()


def compare(wanted: Times, found: Standing | None, summary: str | None = None) -> State:
    """How an event stands that should be at these times;
    `summary`: what it should say, if that is asked.
    """
    if found is None:
        return "deleted"
    if found.declined:
        return "declined"
    if found.times != wanted:
        return "moved"
    if summary is not None and found.summary != summary:
        return "changed"
    return "as_written"


def chosen(events: Iterable[Standing], wanted: Times) -> Standing | None:
    """Of several under one key the one that counts: what is as it should be, if one is."""
    return min(events, key=lambda each: each.times != wanted, default=None)


def by_session(events: Iterable[Standing]) -> Mapping[tuple[str, str], list[Standing]]:
    """Session and calendar -> what stands there."""
    found: dict[tuple[str, str], list[Standing]] = {}
    for each in events:
        found.setdefault((each.session_id, each.calendar_id), []).append(each)
    return found


def verdict(
    state: State,
    found: Standing | None,
    own: OwnWrites,
    *,
    read_from_ms: int,
    asked: Times | None = None,
) -> Verdict:
    """Who did what a read shows, which began no earlier than `read_from_ms` (the database's clock).

    `asked`: where the event stands by a difference that is not settled yet: writes leave it there.
    """
    if state in ("as_written", "changed"):
        return "as_written"
    # The race: the calendar is read while a write of ours is made, or was read before it was done.
    # What it shows may be older than that write, or newer: nobody knows, and no push tells of ours.
    if own.under_way:
        return "crossed"
    # The race: the session has moved, and its event stands where it was written before. A write
    # that is owed puts that right, and one that nobody saw in the calendar yet is a look's to find.
    if own.waiting and asked is None:
        return "ours"
    if own.stood_ms is None:
        return "ours"
    if own.stood_ms >= read_from_ms:
        return "crossed"
    # The race: a write of before lands long after we gave it up, over the newer one that was seen.
    if _may_be_late(state, found, own, asked):
        return "ours"
    return "theirs"


def _may_be_late(state: State, found: Standing | None, own: OwnWrites, asked: Times | None) -> bool:
    if state == "deleted":
        return own.may_vanish
    # No write of ours declines an event. And where the coach put it, a late one has to put it back.
    if state == "declined" or found is None or found.times == asked:
        return False
    return may_bring(own.late, found.times)


def may_bring(late: frozenset[Times] | None, times: Times) -> bool:
    """Whether a write that may still land brings an event there."""
    return late is None or times in late
