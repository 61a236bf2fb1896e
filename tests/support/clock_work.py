"""A house whose clock ticks: the wake-ups that wait in it, and time that passes."""

from dataclasses import replace
from datetime import timedelta

from dramatiq.brokers.stub import StubBroker

from storage.slots.bookable import Wanted
from storage.transactions import bookings
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.in_process import House
from workers.actors import QUEUES


def drain(house: House) -> list[tuple[str, str]]:
    """(job, id) of the wake-ups that wait."""
    broker = house.runtime.broker
    assert isinstance(broker, StubBroker)
    found = []
    for name in QUEUES:
        while not broker.queues[name].empty():
            message = broker.queues[name].get_nowait()
            broker.queues[name].task_done()
            decoded = people.decode(message)
            found.append((decoded.actor_name, str(decoded.args[0])))
    return found


def later(house: House, **by: float) -> None:
    """Time passes."""
    now = house.runtime.services.now() + timedelta(**by)
    house.runtime = replace(
        house.runtime, services=replace(house.runtime.services, now=lambda: now)
    )


def book(house: House) -> BookingChange:
    with house.runtime.services.database.write() as tx:
        terms = house.runtime.services.terms()
        return bookings.book(
            tx, Wanted("ada", people.at(9, 10), 60), people.GRACE, people.PROGRAMME, terms
        )
