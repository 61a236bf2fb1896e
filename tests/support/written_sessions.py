"""A coach's sessions and the calendar they are written into: booked in our database, looked at in
the sandbox.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import time
from typing import Any

from domain.places import Place
from domain.sessions import Participant, Session
from storage.rows import sessions
from storage.rows.outbox_claims import OPEN
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings, pod_seats, pods
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Changes, Made, Plan
from tests.support import people as people_tests
from tests.support.in_process import Connected, House
from tests.support.people import at
from workers.delivery import outbox
from workers.services import Services

TEN = at(2, 10)
HOUR = 3600
Shown = tuple[str, int, int]
"""Where one of our events is seen: calendar, start, end."""


@dataclass
class Diary:
    """Ada's, in a house."""

    house: House
    account: Connected

    @property
    def services(self) -> Services:
        return self.house.runtime.services

    @property
    def calendar(self) -> str:
        return self.account.calendar

    def book(
        self, start: int = TEN, who: Participant = people_tests.GRACE, **options: Any
    ) -> BookingChange:
        wanted = Wanted("ada", start, 60, options.pop("force", None))
        with self.services.database.write() as tx:
            return bookings.book(
                tx, wanted, who, people_tests.PROGRAMME, self.services.terms(), **options
            )

    def rebook(self, done: BookingChange, start: int) -> BookingChange:
        with self.services.database.write() as tx:
            terms = self.services.terms()
            return bookings.rebook(tx, done.booking.id, start, terms, excused=True)

    def cancel(self, done: BookingChange) -> BookingChange:
        with self.services.database.write() as tx:
            return bookings.cancel(tx, done.booking.id, self.services.terms(), excused=True)

    def plan_pod(self, start: int = TEN, *people: Participant, place: Place | None = None) -> Made:
        plan = Plan(
            Wanted("ada", start, 60),
            1,
            4,
            "open",
            title="Circle",
            context=people_tests.PROGRAMME,
            place=place,
        )
        with self.services.database.write() as tx:
            return pods.create(tx, plan, list(people), self.services.terms())

    def join(self, pod: Session, who: Participant) -> BookingChange:
        with self.services.database.write() as tx:
            return pod_seats.take_seat(
                tx, pod.id, who, people_tests.PROGRAMME, self.services.terms()
            )

    def change_pod(self, pod: Session, **changes: Any) -> Made:
        with self.services.database.write() as tx:
            return pods.change(tx, pod.id, Changes(**changes), self.services.terms())

    def session(self, session: Session) -> Session:
        """As it is now."""
        with self.services.database.read() as tx:
            return sessions.get(tx, session.id)

    def rows(self) -> list[Any]:
        """The calendar's rows of the outbox, the oldest first."""
        row = tables.outbox.c
        query = (
            tables.outbox.select()
            .where(row.kind == "calendar")
            .order_by(row.version, row.created_at, row.due_at)
        )
        with self.services.database.read() as tx:
            return list(tx.execute(query).all())

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]

    def write(self, *, now: datetime | None = None) -> list[str]:
        """Deliver every calendar row that is due, as a worker would at `now`; answers their states
        afterwards.
        """
        services = self.services if now is None else replace(self.services, now=lambda: now)
        for row in self.rows():
            if row.state in OPEN:
                outbox.deliver(services, row.id, leases=outbox.CALENDAR_LEASES)
        return self.states()

    def wait(self) -> int:
        """Let the wait of the rows pass; answers how long the longest was, in milliseconds."""
        open_rows = [row for row in self.rows() if row.state in OPEN]
        waits = [row.next_attempt_at_ms - _ms() for row in open_rows]
        self.set_rows(next_attempt_at_ms=0)
        return max(waits, default=0)

    def set_rows(self, **values: object) -> None:
        """What time or a crash does to the calendar's rows."""
        with self.services.database.write() as tx:
            mine = tables.outbox.c.kind == "calendar"
            tx.execute(
                tables.outbox.update().where(mine, tables.outbox.c.state.in_(OPEN)).values(values)
            )

    def look(self, account: Connected | None = None) -> None:
        """A refresh of an account, with what it is made of."""
        connection_id = (account or self.account).connection_id
        self.house.mark_dirty_with_userinfo(connection_id)
        self.house.set_row(connection_id, next_attempt_at_ms=0)
        self.house.refresh(connection_id)

    def events(self) -> list[Shown]:
        """Our own events in all calendars of the sandbox, those that were deleted left out."""
        return sorted((found["calendar"], found["start"], found["end"]) for found in self.details())

    def details(self) -> list[dict[str, Any]]:
        found = []
        for account in self.house.control.state()["accounts"]:
            for profile in account["profiles"]:
                for calendar in profile["calendars"]:
                    for event in calendar["events"]:
                        if event["event_id"] is not None and not event["deleted"]:
                            times = {name: _seconds(event[name]) for name in ("start", "end")}
                            found.append(event | {"calendar": calendar["calendar_id"]} | times)
        return found

    def over(self, session: Session) -> datetime:
        """A moment after it."""
        return self.services.now() + timedelta(
            seconds=session.ends - self.services.terms().seconds + 1
        )


def opened(house: House, **how: Any) -> Diary:
    """Ada, with an account of two calendars that was read once."""
    house.introduce(people_tests.MAILED)
    account = house.connect(calendars=("Work", "Home"), **how)
    house.refresh(account.connection_id)
    return Diary(house, account)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _ms() -> int:
    return round(time() * 1000)
