"""What is kept of people, as the commands of ops find it."""

from typing import Any

from domain.sessions import Participant
from storage.rows import audit_log
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.in_process import House
from tests.support.people import at


def book(
    house: House, who: Participant = people.GRACE, coach: str = "ada", start: int = at(4, 10)
) -> BookingChange:
    with house.runtime.services.database.write() as tx:
        return bookings.book(
            tx, Wanted(coach, start, 60), who, people.PROGRAMME, house.runtime.services.terms()
        )


def rows(house: House, table: Any, **where: Any) -> list[Any]:
    query = table.select()
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    with house.runtime.services.database.read() as tx:
        return list(tx.execute(query).all())


def diary(house: House) -> list[tuple[str, str]]:
    with house.runtime.services.database.read() as tx:
        return [(deed.action, deed.target) for deed in audit_log.deeds(tx)]
