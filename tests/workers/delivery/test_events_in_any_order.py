"""Whatever a coach, a participant and Cronofy do, in any order, with writes that come late, twice
or never, under each policy and one that changes meanwhile: nobody is said to have done what they
did not, and in the end all agree.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.event_differences import POLICIES, EventPolicy, Standing, compare, event_id
from domain.sessions import Refused
from storage.transactions.bookings import BookingChange
from tests.support import late_writes, people, touched_events
from tests.support.in_process import House
from tests.support.late_writes import ON_SQLITE, WRITES
from tests.support.people import at
from tests.support.touched_events import found, read
from tests.support.written_sessions import HOUR, Diary
from tests.workers.delivery.split_reads import begin_read

STARTS = [at(day, hour) for day in (15, 16, 17, 18, 19) for hour in (8, 10, 12, 14)]
STEPS = 60
Course = tuple[EventPolicy, ...]
"""Policies, one after the other."""
CHANGING: tuple[Course, ...] = (("ask", "restore", "follow"), ("follow", "ask", "restore"))


class Tale:
    """What happens to Ada's sessions, as the dice have it."""

    def __init__(self, ada: Diary, seed: int) -> None:
        self.ada, self.dice = ada, random.Random(seed)
        self.booked: list[BookingChange] = []
        self.did: set[tuple[str, str, int | None]] = set()
        self.store: Callable[[], None] | None = None

    def step(self) -> None:
        ours = (self.book, self.rebook, self.write, self.write, self.trouble, self.wait)
        theirs = (self.read, self.read, self.split, self.drag, self.drag, self.end, self.settle)
        self.dice.choice((*ours, *theirs))()

    def book(self) -> None:
        if len(self.booked) < 4:
            with suppress(Refused):
                self.booked.append(self.ada.book(self.dice.choice(STARTS), people.GRACE))

    def rebook(self) -> None:
        if self.booked:
            with suppress(Refused):
                self.ada.rebook(self.dice.choice(self.booked), self.dice.choice(STARTS))

    def write(self) -> None:
        self.ada.set_rows(next_attempt_at_ms=0)
        self.ada.write()

    def trouble(self) -> None:
        """Of the next writes: late, late and unanswered, refused; or none any more."""
        control = self.ada.house.control
        which = self.dice.randrange(4)
        if which == 0:
            control.clear_faults()
        elif which == 1:
            control.fail(WRITES, 502, times=2)
        else:
            control.fault("late", WRITES, seconds=late_writes.LATE)
        if which == 3:
            control.fault("hang_up", WRITES)

    def wait(self) -> None:
        late_writes.pass_time(self.ada, self.dice.choice((1, 30, 70)))
        late_writes.look(self.ada)

    def read(self) -> None:
        read(self.ada)
        self.check()

    def split(self) -> None:
        """A read that takes its time."""
        if self.store is None:
            self.store = begin_read(self.ada)
            return
        self.store()
        self.store = None
        self.check()

    def drag(self) -> None:
        for event in self._events():
            start = self.dice.choice(STARTS)
            self.did.add((event["event_id"], "moved", start))
            times = [datetime.fromtimestamp(each, UTC) for each in (start, start + HOUR)]
            self.ada.house.control.move_event(event["event_uid"], *times)

    def end(self) -> None:
        for event in self._events():
            if self.dice.random() < 0.5:
                self.did.add((event["event_id"], "deleted", None))
                self.ada.house.control.delete_event(event["event_uid"])
            else:
                self.did.add((event["event_id"], "declined", None))
                self.ada.house.control.change_event(event["event_uid"], declined=True)

    def settle(self) -> None:
        for each in found(self.ada)[:1]:
            if self.dice.random() < 0.5:
                touched_events.put_back(self.ada, each)
            else:
                with suppress(Refused):
                    touched_events.move_there(self.ada, each)

    def check(self) -> None:
        for each in found(self.ada):
            where = each.starts
            if each.kind != "moved":
                where = None
            assert (event_id(each.session_id), each.kind, where) in self.did, each

    def _events(self) -> list[dict[str, Any]]:
        shown = self.ada.details()
        return shown and [self.dice.choice(shown)]


def told(tale: Tale, course: Course) -> None:
    """What happens, with a change of policy now and then."""
    for policy in course:
        touched_events.choose(tale.ada, policy)
        for _ in range(STEPS // len(course)):
            tale.step()
    if tale.store is not None:
        tale.store()


def standing_of(event: dict[str, Any] | None, session_id: str) -> Standing | None:
    if event is None:
        return None
    declined = event["participation_status"] == "declined"
    times = event["start"], event["end"]
    return Standing(session_id, event["calendar"], *times, declined=declined)


@ON_SQLITE
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("course", [*((policy,) for policy in POLICIES), *CHANGING], ids="-".join)
def test_nobody_did_what_they_did_not_and_in_the_end_all_agree(
    house: House, course: Course, seed: int
) -> None:
    ada = late_writes.patient(house)
    tale = Tale(ada, seed)
    told(tale, course)
    house.control.clear_faults()
    for _ in range(4):
        late_writes.pass_time(ada, 90)
        late_writes.look(ada)
        read(ada)
        late_writes.settle(ada)
        read(ada)
        house.refresh(ada.account.connection_id)
    tale.check()
    known = {each.session_id: each.kind for each in found(ada)}
    shown = {each["event_id"]: each for each in ada.details()}
    assert len(shown) == len(ada.details())
    for done in tale.booked:
        session = ada.session(done.session)
        stands = standing_of(shown.get(event_id(session.id)), session.id)
        state = compare((session.starts, session.ends), stands)
        assert known.get(session.id, "as_written") == state, session
        # What is declined again and again is asked about under each policy.
        if course[-1] == "restore":
            assert state in ("as_written", "declined"), session
