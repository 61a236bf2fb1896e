"""A machine that books, with a small model beside it: what it starts from, and what must be so
after every step.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, Literal, TypeVar

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import Connection, select

from domain.hours import Hours
from domain.sessions import Participant, Refused, Terms
from storage.schema.database import Database
from storage.schema.tables import bookings as booking_rows
from storage.schema.tables import metadata, outbox
from storage.schema.tables import sessions as session_rows
from storage.slots import availability, slot_sets
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.domain import oracle
from tests.storage.booking_model import Model
from tests.storage.booking_rows import OFFICE, as_case, as_seat, as_time, epoch
from tests.storage.booking_things import DAY, HORIZON, HOUR, QUARTER, SLOT, Coach, Seat, Time, near
from tests.support import people

Thing = TypeVar("Thing")
Pick = tuple[Literal["listed", "beside", "any"], int]
PEOPLE = {person.id: person for person in (people.GRACE, people.HEDY, people.MARY)}
COACHES = ("ada", "bob")
DURATIONS = (30, 60)


class Checked(RuleBasedStateMachine):
    """Two coaches with a calendar each, in a database that is theirs alone."""

    def __init__(self, database: Database, heard: set[str | None]) -> None:
        super().__init__()
        self.heard = heard
        self.database = database
        self.steps = 0
        self.hold_ids: list[str] = []
        self.last: dict[str, tuple[Any, ...]] = {}
        now = int(people.NOW.timestamp())
        empty(database)
        introduced = []
        self.connections = {}
        for coach_id in COACHES:
            hours = Hours.parse("Europe/London", OFFICE, {})
            person = replace(people.MAILED, id=coach_id, hours=hours, horizon_days=HORIZON // DAY)
            person = replace(person, email=f"{coach_id}@example.test")
            self.connections[coach_id] = people.ready(database, person)
            introduced.append(
                Coach(coach_id, now, slot_sets.window(person, people.NOW).known_until)
            )
        self.model = Model(now, introduced)

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.model.now, UTC)

    @property
    def terms(self) -> Terms:
        return people.terms(self.moment)

    def attempt(
        self, verdict: str | None, act: Callable[[Connection], Thing], instead: Sequence[int] = ()
    ) -> Thing | None:
        """Do it in a transaction. It must be accepted if the verdict is None, and refused with just
        that otherwise.
        """
        self.heard.add(verdict)
        done, refused = self._outcome(act)
        assert (refused and told(refused)) == verdict
        assert refused is None or not instead or list(refused.nearest) == list(instead)
        return done

    def _outcome(self, act: Callable[[Connection], Thing]) -> tuple[Thing | None, Refused | None]:
        try:
            with self.database.write() as tx:
                return act(tx), None
        except Refused as refused:
            return None, refused

    def start(self, coach_id: str, minutes: int, pick: Pick) -> int:
        how, nth = pick
        listed = self.model.listed(coach_id, minutes) if how == "listed" else ()
        if listed:
            return listed[nth % len(listed)]
        beside = among(
            [time for time in self.model.times.values() if time.coach == coach_id], nth // 10
        )
        if how == "beside" and beside is not None:
            return (beside.end if nth % 2 else beside.start - 60 * minutes) + (
                nth % 10 // 2 - 2
            ) * QUARTER
        return self.model.now // DAY * DAY + nth // 40 * DAY + (30 + nth % 40) * QUARTER

    def at(
        self,
        coach_id: str,
        start: int,
        minutes: int,
        *,
        force: str | None,
        without: str | None = None,
    ) -> str | None:
        reason = self.model.shut(coach_id, start, minutes, force=force is not None, without=without)
        return reason and f"{SLOT}:{reason}"

    def seat(self, nth: int, *kinds: str) -> Seat:
        """Mostly one that stands, in a session of these kinds."""
        seats = list(self.model.seats.values())
        standing = [
            seat
            for seat in seats
            if seat.status == "booked" and self.model.times[seat.time].kind in kinds
        ]
        return present(among(standing if standing and nth % 5 else seats, nth))

    def pods(self) -> list[Time]:
        return [time for time in self.model.times.values() if time.kind == "pod"]

    def pod(self, nth: int) -> Time:
        """Mostly one that is to come."""
        coming = [pod for pod in self.pods() if pod.active and pod.start > self.model.now]
        return present(among(coming if coming and nth % 5 else self.pods(), nth))

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        with self.database.read() as tx:
            times = {row.id: row for row in tx.execute(select(session_rows))}
            seats = {row.id: row for row in tx.execute(select(booking_rows))}
            owed = tx.execute(select(outbox)).all()
        assert {key: as_time(row) for key, row in times.items()} == self.model.times
        assert {key: as_seat(row) for key, row in seats.items()} == self.model.seats
        mails = [
            (row.booking_id, row.version, row.topic, row.recipient.partition("@")[0])
            for row in owed
            if row.recipient
        ]
        events = [
            (row.session_id, row.version, row.topic) for row in owed if row.kind == "calendar"
        ]
        assert sorted(mails) == sorted(self.model.mails)
        assert sorted(events) == sorted(self.model.events)
        self._nothing_goes_back({**times, **seats})
        self._seats_are_counted(times, [as_seat(row) for row in seats.values()])

    def _nothing_goes_back(self, rows: dict[str, Any]) -> None:
        for key, row in rows.items():
            before = self.last.get(key)
            assert before is None or before[0] <= row.version
            assert before is None or before[1] != "cancelled" or before[2] == tuple(row)
            self.last[key] = (row.version, row.status, tuple(row))

    def _seats_are_counted(self, times: dict[str, Any], seats: list[Seat]) -> None:
        for key, row in times.items():
            assert row.taken <= row.capacity
            if row.kind != "hold" and row.active:
                mine = [seat for seat in seats if seat.time == key and seat.status != "cancelled"]
                assert row.taken == sum(
                    seat.status != "missed" or seat.changed >= row.starts for seat in mine
                )
        active = [as_time(row) for row in times.values() if row.active]
        for one, other in combinations([time for time in active if not self.model.ended(time)], 2):
            assert one.coach != other.coach or not near(one, other.start, other.end, other.gap)

    @invariant()
    def the_listing_is_what_the_model_says(self) -> None:
        self.steps += 1
        for coach_id in self.model.coaches:
            listing = people.listing(self.database, coach_id, now=self.moment)
            for minutes in DURATIONS:
                now = self.model.now
                found = availability.starts(
                    listing, Asked(minutes, now - DAY, now + HORIZON + 2 * DAY, now)
                ).tolist()
                assert found == self.model.listed(coach_id, minutes, stored=True)

    @invariant()
    def what_is_listed_can_be_booked_and_nothing_else(self) -> None:
        if self.steps % 4:
            return  # it costs more than all the rest
        coach_id, minutes = COACHES[self.steps // 4 % 2], DURATIONS[self.steps // 8 % 2]
        listed = self.model.listed(coach_id, minutes)
        first = self.model.now // DAY * DAY + 7 * HOUR
        for start in (*listed[self.steps * 7 % 13 :][:1], first + self.steps * 11 % 200 * QUARTER):
            wanted = Wanted(coach_id, start, minutes)
            with pytest.raises(TakenBack) if start in listed else pytest.raises(Refused):
                self._book_and_take_back(wanted, replace(people.MARY, id="nobody_else"))

    def _book_and_take_back(self, wanted: Wanted, who: Participant) -> None:
        with self.database.write() as tx:
            bookings.book(tx, wanted, who, people.PROGRAMME, self.terms)
            raise TakenBack

    def teardown(self) -> None:
        """The model itself is checked against the rules' own oracle, which knows zones and nothing
        of bookings.
        """
        self.heard |= {kind for _, _, kind, _ in self.model.mails}
        for coach in self.model.coaches.values():
            if self.model.now < coach.read_at + DAY:
                for minutes in DURATIONS:
                    answer = oracle.evaluate(as_case(self.model, coach, minutes))
                    assert self.model.listed(coach.id, minutes) == [
                        epoch(text) for text in answer["starts"]
                    ]


class TakenBack(Exception):
    """Ends a transaction that must not last."""


def told(refused: Refused) -> str:
    return f"{SLOT}:{refused.reason}" if refused.code == SLOT else refused.code


def empty(database: Database) -> None:
    with database.write() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())


def among(items: Sequence[Thing], nth: int) -> Thing | None:
    return items[nth % len(items)] if items else None


def present(found: Thing | None) -> Thing:
    assert found is not None
    return found
