"""The mails of a coach and her participants, in one process: a database, a real mail server, and a
clock to set.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from domain.coaches import Coach
from domain.sessions import Booking, Context, Participant, Terms
from storage.rows import coaches
from storage.rows import outbox as stored
from storage.rows.outbox_claims import Wake
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, pods
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.mail_server import PostOffice, Taken
from tests.support.people import at
from workers.bootstrap import create_services
from workers.broker import WORKER_TIMEOUT
from workers.delivery import outbox
from workers.services import Services
from workers.settings import Settings

ORGANIZER = "coaching@example.test"
NEXT_WEEK = at(9, 10)
"""Far enough away for a reminder to be owed too."""
DAY = 86_400


class Mailroom:
    """What the API, the workers and the clock would do to the outbox, when a test says so."""

    def __init__(self, services: Services, office: PostOffice) -> None:
        self.now = people.NOW
        self.office = office
        self.services = replace(services, now=lambda: self.now)
        self.woken: list[Wake] = []

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def terms(self) -> Terms:
        return self.services.terms()

    def book(
        self,
        start: int = NEXT_WEEK,
        who: Participant = people.GRACE,
        context: Context = people.PROGRAMME,
    ) -> BookingChange:
        return self._do(
            lambda tx: bookings.book(tx, Wanted("ada", start, 60), who, context, self.terms)
        )

    def rebook(self, booking: Booking, start: int) -> BookingChange:
        return self._do(lambda tx: bookings.rebook(tx, booking.id, start, self.terms))

    def cancel(self, booking: Booking) -> BookingChange:
        return self._do(lambda tx: bookings.cancel(tx, booking.id, self.terms))

    def pod(self, *participants: Participant, start: int = NEXT_WEEK) -> pods.Made:
        plan = pods.Plan(
            Wanted("ada", start, 60), 1, 4, "open", title="Circle", context=people.PROGRAMME
        )
        with self.database.write() as tx:
            made = pods.create(tx, plan, list(participants), self.terms)
        self.woken += made.wake
        return made

    def rename_coach(self, coach: Coach) -> list[Wake]:
        with self.database.write() as tx:
            coaches.put(tx, coach)
            return stored.free_held(tx, coach_id=coach.id)

    def pass_time(self, **by: float) -> None:
        """The product's clock moves on, and whatever was waited for is over."""
        self.now += timedelta(**by)
        self.set_rows(next_attempt_at_ms=0, wake_after_ms=0)

    def work(self, wakes: Sequence[Wake] | None = None) -> None:
        """Deliver the mails that were woken for (all since the last time), and those that these
        wake in turn.
        """
        if wakes is None:
            wakes, self.woken = self.woken, []
        todo = [outbox_id for outbox_id, kind in wakes if kind == "mail"]
        while todo:
            todo += [follower for follower, _ in outbox.deliver(self.services, todo.pop(0))]

    def sweep(self, **by: float) -> None:
        """Time passes, the sweeper wakes, and the mails are delivered."""
        self.pass_time(**by)
        with self.database.write() as tx:
            due = stored.sweep(tx, now=self.now)
        self.work(due)

    def rows(self, **where: Any) -> list[Any]:
        """The outbox's mails, the oldest first."""
        query = tables.outbox.select().where(tables.outbox.c.kind == "mail")
        for name, value in where.items():
            query = query.where(tables.outbox.c[name] == value)
        with self.database.read() as tx:
            return list(tx.execute(query.order_by(tables.outbox.c.version, tables.outbox.c.due_at)))

    def row(self, **where: Any) -> Any:
        (found,) = self.rows(**where)
        return found

    def set_rows(self, outbox_id: str | None = None, **values: Any) -> None:
        """What time or a crash does to the rows."""
        statement = tables.outbox.update()
        if outbox_id is not None:
            statement = statement.where(tables.outbox.c.id == outbox_id)
        with self.database.write() as tx:
            tx.execute(statement.values(values))

    def _do(self, change: Callable[[Any], BookingChange]) -> BookingChange:
        with self.database.write() as tx:
            done = change(tx)
        self.woken += done.wake
        return done


@contextmanager
def furnished(
    database_url: str, redis_url: str, office: PostOffice, **changes: Any
) -> Iterator[Mailroom]:
    values: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "public_url": "http://127.0.0.1:9",
        "secret_keys": Fernet.generate_key().decode(),
        "cronofy_client_id": "nobody",
        "cronofy_client_secrets": "nothing",
        "mailer": "smtp",
        "smtp_url": office.url,
        "mail_from": f"Coaching <{ORGANIZER}>",
    }
    settings = Settings(**values | changes)
    services = create_services(settings, redis_timeout=WORKER_TIMEOUT)
    try:
        people.ready(services.database)
        yield Mailroom(services, office)
    finally:
        services.mailer.close()
        services.cronofy.close()
        services.redis.close()
        services.database.close()


@pytest.fixture
def mailroom(database_url: str, redis_url: str, post_office: PostOffice) -> Iterator[Mailroom]:
    """Ada can be booked and mailed; the mail server takes everything."""
    with furnished(database_url, redis_url, post_office) as room:
        yield room


ADA, GRACE, HEDY = "ada@example.test", "grace@example.test", "hedy@example.test"


def told(taken: list[Taken], *names: str) -> list[tuple[str | None, ...]]:
    return [tuple(each.line(name) for name in names) for each in taken]
