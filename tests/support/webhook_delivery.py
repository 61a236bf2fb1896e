"""Ada's platform is told of things, in one process: a database, a real receiver, and a clock to
set.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from domain.sessions import Context, Participant
from storage.rows import dead_letters
from storage.rows.outbox_claims import OPEN, Wake
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import callbacks, pods
from storage.transactions.bookings import BookingChange
from tests.support import mail_delivery, people
from tests.support.callback_server import CANARY, SECRET, Platform
from tests.support.mail_delivery import NEXT_WEEK, Mailroom
from tests.support.mail_server import PostOffice
from tests.support.people import at
from workers.delivery import outbox
from workers.delivery.webhook_sender import Receiver

ADA = replace(people.MAILED, name=f"Ada {CANARY}", email=f"ada.{CANARY}@example.test")
ANNE, BETH = (
    Participant(
        who,
        f"{who} {CANARY}",
        f"{who}.{CANARY}@example.test",
        "Europe/London",
        my_page_url=f"https://os/{CANARY}",
    )
    for who in ("anne", "beth")
)
PROGRAMME = Context("acme", "leaders", "spring", f"{CANARY} programme")
TITLE = f"{CANARY} circle"


class Switchboard(Mailroom):
    """What the API, the workers and the clock would do to the callbacks, when a test says so."""

    platform: Platform

    def book(
        self, start: int = NEXT_WEEK, who: Participant = ANNE, context: Context = PROGRAMME
    ) -> BookingChange:
        return super().book(start, who, context)

    def pod(
        self, *participants: Participant, start: int = NEXT_WEEK, coach: str = "ada"
    ) -> pods.Made:
        plan = pods.Plan(Wanted(coach, start, 60), 1, 4, "open", title=TITLE, context=PROGRAMME)
        with self.database.write() as tx:
            made = pods.create(tx, plan, list(participants), self.terms)
        self.woken += made.wake
        return made

    def announce(self) -> list[Wake]:
        with self.database.write() as tx:
            found = callbacks.announce(tx, now=self.now, stale_after=self.terms.stale_after)
        self.woken += found
        return found

    def settle(self) -> None:
        """The platform has been told of how things are."""
        self.announce()
        self.work()
        self.platform.calls.clear()

    def work(self, wakes: Sequence[Wake] | None = None) -> None:
        if wakes is None:
            wakes, self.woken = self.woken, []
        todo = [outbox_id for outbox_id, kind in wakes if kind == "callback"]
        while todo:
            todo += [follower for follower, _ in outbox.deliver(self.services, todo.pop(0))]

    def impatient(self, deadline: float = 1.0, at_once: int = 4) -> None:
        """Workers that wait no longer than that for a whole answer."""
        receiver = Receiver(self.platform.url, [SECRET], deadline=deadline, at_once=at_once)
        self.services = replace(self.services, receiver=receiver)

    def rows(self, **where: Any) -> list[Any]:
        """The outbox's callbacks, the oldest first."""
        row = tables.outbox.c
        query = tables.outbox.select().where(row.kind == "callback")
        for name, value in where.items():
            query = query.where(row[name] == value)
        with self.database.read() as tx:
            return list(tx.execute(query.order_by(row.created_at, row.version, row.id)))

    def open(self) -> list[Any]:
        return [row for row in self.rows() if row.state in OPEN]

    def read(self, *periods: tuple[int, int]) -> None:
        """Ada's calendar is read, and holds these."""
        with self.database.read() as tx:
            (connection,) = tx.scalars(
                tables.connections.select().with_only_columns(tables.connections.c.id)
            )
        people.mark_dirty(self.database, connection)
        account = replace(people.ACCOUNT, sub="acc_ada")
        assert people.read(self.database, connection, *periods, of=ADA, account=account)

    def set_connection(self, **values: Any) -> None:
        """What a refresh finds out about Ada's connection."""
        with self.database.write() as tx:
            tx.execute(tables.connections.update().values(values))

    def requeue(self, outbox_id: str) -> Wake | None:
        with self.database.write() as tx:
            return dead_letters.requeue(tx, outbox_id, now=self.now)


@contextmanager
def wired(
    database_url: str, redis_url: str, office: PostOffice, platform: Platform, **changes: Any
) -> Iterator[Switchboard]:
    told = {"callback_url": platform.url, "callback_secret": SECRET} | changes
    with mail_delivery.furnished(database_url, redis_url, office, **told) as room:
        board = Switchboard(room.services, office)
        board.platform = platform
        board.rename_coach(ADA)
        if board.services.receiver is not None:
            board.settle()
        yield board
        if board.services.receiver is not None:
            board.services.receiver.close()


@pytest.fixture
def switchboard(
    database_url: str, redis_url: str, post_office: PostOffice, platform: Platform
) -> Iterator[Switchboard]:
    """Ada can be booked; the platform has been told of how things are, and takes everything."""
    with wired(database_url, redis_url, post_office, platform) as board:
        yield board


__all__ = ["ADA", "ANNE", "BETH", "Switchboard", "at", "switchboard", "wired"]


def callback_wakes(wakes: list[Wake]) -> list[Wake]:
    return [wake for wake in wakes if wake[1] == "callback"]
