"""Hypothesis books, holds, moves, cancels, fills pods and turns the clock, and a small model says
what must follow.
"""

from dataclasses import replace
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test
from sqlalchemy import Connection

from domain.sessions import Format, Unknown
from storage.rows import coaches, push_marks, refresh_jobs
from storage.rows import holds as hold_rows
from storage.schema.database import Database
from storage.slots import slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import (
    attendance,
    bookings,
    coach_settings,
    holds,
    store_reading,
)
from storage.transactions.store_reading import Observed
from tests.storage.booking_machine import COACHES, PEOPLE, Pick, among, present
from tests.storage.booking_operations import OFTEN, OPERATIONS
from tests.storage.booking_pods import Pods
from tests.storage.booking_things import DAY, ELSEWHERE, HORIZON, LATE, QUARTER, Seat, Time
from tests.support import people as people_tests
from tests.support.examples import examples

HOLD_MINUTES = 10


class BookingMachine(Pods):
    @initialize(forms=st.permutations(("open", "hybrid", "hybrid_v2", "hybrid_v2")))
    def begin(self, forms: list[Format]) -> None:
        """A small world, so that there is something to change from the first step on."""
        for number, form in enumerate(forms):
            self.create_pod(
                COACHES[number % 2],
                ("listed", 20 + 20 * number),
                form,
                2,
                None,
                {tuple(PEOPLE)[number % 3]},
            )
        for number, who in enumerate(PEOPLE):
            self.book(COACHES[number % 2], 60, ("listed", 45 * number), who, None, None)

    @rule(operation=st.sampled_from((*OPERATIONS, *OFTEN)), seed=st.integers(0, 2**32 - 1))
    def do(self, operation: str, seed: int) -> None:
        """Any of them as often as any other: Hypothesis would draw rules and arguments by the dozen
        alike.
        """
        random = Random(seed)
        getattr(self, operation)(
            **{name: draw(random) for name, draw in OPERATIONS[operation].items()}
        )

    def book(
        self, coach: str, minutes: int, pick: Pick, who: str, force: str | None, nth: int | None
    ) -> None:
        start = self.start(coach, minutes, pick)
        hold_id = None if nth is None else among(self.hold_ids, nth)
        hold = self.model.times.get(hold_id or "")
        if hold is not None and pick[0] != "any":
            coach, start, minutes = hold.coach, hold.start, hold.minutes
        refused = self.model.may_use(hold_id, coach, start, minutes)
        verdict = refused or self.at(coach, start, minutes, force=force, without=hold_id)
        if verdict is None and force is None and self.model.elsewhere(who, start, minutes):
            verdict = ELSEWHERE
        nearest = self.model.nearest(coach, start, minutes, without=hold_id, who=who)
        instead = nearest if not refused else ()
        closed = self.at(coach, start, minutes, force=None, without=hold_id) is not None
        wanted = Wanted(coach, start, minutes, force)
        done = self.attempt(
            verdict,
            lambda tx: bookings.book(
                tx, wanted, PEOPLE[who], people_tests.PROGRAMME, self.terms, hold_id=hold_id
            ),
            instead,
        )
        if done is not None:
            self.model.times.pop(hold_id or "", None)
            time = Time(
                done.session.id, coach, "one_to_one", start, wanted.end, 0, "booked", taken=1
            )
            time.forced = closed
            self.model.occupied(time)
            self.model.seated(Seat(done.booking.id, time.id, who, self.model.now, self.model.now))

    def hold(self, coach: str, minutes: int, pick: Pick) -> None:
        wanted = Wanted(coach, self.start(coach, minutes, pick), minutes)
        verdict = self.at(coach, wanted.start, minutes, force=None)
        held = self.attempt(
            verdict, lambda tx: holds.hold(tx, wanted, "page", HOLD_MINUTES, self.terms)
        )
        if held is not None:
            ends = self.model.now + 60 * HOLD_MINUTES
            self.hold_ids.append(held.id)
            self.model.occupied(
                Time(held.id, coach, "hold", wanted.start, wanted.end, 0, "unbooked", expires=ends)
            )

    def release(self, nth: int) -> None:
        hold_id = among(self.hold_ids, nth)
        if hold_id is None:
            return
        hold = self.model.times.get(hold_id)
        if hold is not None and not self.model.ended(hold):
            self.attempt(None, lambda tx: holds.release(tx, hold.id, self.terms))
            del self.model.times[hold.id]
            self.model.touched(hold.coach)
        else:
            with pytest.raises(Unknown), self.database.write() as tx:
                holds.release(tx, hold_id, self.terms)

    def rebook(
        self, nth: int, pick: Pick, minutes: int | None, off: int | None, force: str | None
    ) -> None:
        seat = self.seat(nth, "one_to_one")
        time, expected = self.model.times[seat.time], None if off is None else seat.version + off
        length = minutes or time.minutes
        start = self.start(time.coach, length, pick)
        verdict = self.model.may_change(seat, expected) or (
            "seat_has_no_time" if time.kind == "pod" else None
        )
        stays = (start, length) == (time.start, time.minutes)
        closed = self.at(time.coach, start, length, force=None, without=time.id) is not None
        verdict = verdict or (
            None if stays else self.at(time.coach, start, length, force=force, without=time.id)
        )
        moves = verdict is None and force is None and not stays
        if moves and self.model.elsewhere(seat.who, start, length, time.id):
            verdict = ELSEWHERE
        done = self.attempt(
            verdict,
            lambda tx: bookings.rebook(
                tx, seat.id, start, self.terms, duration=minutes, expected=expected, force=force
            ),
        )
        if done is None:
            return
        if stays:
            self.model.touched(time.coach)
        elif time.start - self.model.now < LATE and force is None and start != time.start:
            self._moved_late(seat, time)
            end = start + 60 * length
            after = Time(
                done.session.id, time.coach, "one_to_one", start, end, 0, "booked", taken=1
            )
            self.model.occupied(after)
            self.model.seated(
                Seat(done.booking.id, after.id, seat.who, self.model.now, self.model.now)
            )
        else:
            seat.change(self.model.now)
            time.forced = closed
            self.model.moved(time, start, length)
            self.model.told(seat, "rebooked")

    def _moved_late(self, seat: Seat, time: Time) -> None:
        seat.change(self.model.now)
        seat.status = "missed"
        self.model.vanished(time, "missed")
        self.model.told(seat, "missed")

    def cancel(self, nth: int, off: int | None, *, excused: bool) -> None:
        seat = self.seat(nth, "one_to_one", "pod")
        time, expected = self.model.times[seat.time], None if off is None else seat.version + off
        verdict = self.model.may_change(seat, expected)
        done = self.attempt(
            verdict,
            lambda tx: bookings.cancel(tx, seat.id, self.terms, expected=expected, excused=excused),
        )
        if done is not None:
            late = time.start - self.model.now < LATE and not excused
            seat.change(self.model.now)
            seat.status = "missed" if late else "cancelled"
            if time.kind == "pod":
                self.model.counted(time, -1)
            else:
                self.model.vanished(time, "missed" if late else "unbooked")
            self.model.told(
                seat, "missed" if late else "seat_left" if time.kind == "pod" else "cancelled"
            )

    def report(self, nth: int, attended: Literal["completed", "missed"], one: int | None) -> None:
        times = [self.model.times[seat.time] for seat in self.model.seats.values()]
        begun = [time for time in times if time.start <= self.model.now]
        time = present(among(begun if begun and nth % 5 else times, nth))
        there = self.model.present(time)
        named = among(there, one) if one is not None else None
        who = None if named is None else named.who
        done = self.attempt(
            self.model.may_report(time),
            lambda tx: attendance.report(tx, time.id, attended, self.terms, participant_id=who),
        )
        if done is None:
            return
        for seat in [named] if named else there:
            if seat.status != attended:
                seat.change(self.model.now, told=False)
                seat.status = attended
                if attended == "missed":
                    self.model.told(seat, "missed")
        told = {seat.status for seat in there}
        time.status = (
            "completed" if "completed" in told else "booked" if "booked" in told else "missed"
        )
        time.version += 1
        self.model.touched(time.coach)

    def read_calendar(self, coach: str, busy: list[tuple[int, int, int]]) -> None:
        midnight = self.model.now // DAY * DAY
        periods = [
            (midnight + n * QUARTER + odd, midnight + n * QUARTER + odd + length)
            for n, odd, length in busy
        ]
        connection_id = self.connections[coach]
        with self.database.write() as tx:
            push_marks.mark_dirty(tx, connection_id)
            stored = coaches.get(tx, coach)
            assert stored is not None
            known = slot_sets.window(stored, self.moment).known_until
            observed = Observed(
                people_tests.reading(*periods),
                known,
                replace(people_tests.ACCOUNT, sub=f"acc_{coach}"),
            )
            read = self._read(tx, connection_id, observed)
            if read.doubted:
                read = self._read(tx, connection_id, observed)
            assert not read.doubted
        theirs = self.model.coaches[coach]
        theirs.busy, theirs.read_at, theirs.known_until = (
            periods,
            self.model.now,
            midnight + HORIZON + 9 * DAY,
        )
        self.model.remade(coach)

    def _read(self, tx: Connection, connection_id: str, observed: Observed) -> store_reading.Stored:
        held = refresh_jobs.claim(tx, connection_id, lease_ms=30_000, gap_ms=0)
        assert held is not None
        read = store_reading.store(tx, held, observed, now=self.moment)
        assert read is not None
        return read

    def put_coach(self, coach: str, pre: int, post: int, notice: int, per_day: int | None) -> None:
        wanted: dict[str, Any] = {"pre": pre, "post": post, "notice": notice, "per_day": per_day}
        with self.database.write() as tx:
            coach_settings.put_coach(
                tx,
                coach,
                lambda before: replace(present(before), **wanted),
                expected=None,
                now=self.moment,
            )
        theirs = self.model.coaches[coach]
        if any(getattr(theirs, name) != value for name, value in wanted.items()):
            vars(theirs).update(wanted)
            self.model.remade(coach)

    def turn_the_clock(self, minutes: int, *, reopens: bool) -> None:
        self.model.now += 60 * minutes
        with self.database.write() as tx:
            rolled = slot_sets.due_for_roll(tx, now=self.moment)
            for coach_id in rolled:
                slot_sets.recompute(tx, present(coaches.lock(tx, coach_id)), now=self.moment)
                self.model.remade(coach_id)
        if reopens:
            with self.database.write() as tx:
                for coach_id in hold_rows.coaches_with_expired(tx, now=self.moment):
                    holds.reopen(tx, coach_id, self.terms)
                    self.model.touched(coach_id)


def test_bookings_do_what_the_model_says_whatever_is_done_in_whatever_order(
    database: Database,
) -> None:
    heard: set[str | None] = set()
    run_state_machine_as_test(
        lambda: BookingMachine(database, heard),  # type: ignore[arg-type]  # any factory will do
        settings=settings(examples(10, deep=250), stateful_step_count=40),
    )
    # Not by doing nothing: every kind of mail was owed, and what is refused most was refused.
    assert heard >= {None, "booked", "rebooked", "cancelled", "seat_left", "missed", "reminder"}
    assert heard >= {
        "stale_version",
        "already_begun",
        "format_forbids",
        "slot_not_open:session",
        "slot_not_open:buffer",
    }
