"""A product and a mail server as real processes, between which anything may be killed."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from domain.sessions import Participant
from storage.rows.outbox_claims import Wake
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import forks, people, processes
from tests.support.mail_delivery import NEXT_WEEK, ORGANIZER
from tests.support.mail_server import PostOffice, opened
from tests.support.processes import Town
from workers.bootstrap import bootstrap
from workers.settings import Settings

# Of her there is one mail for a booking, its participant's; the reminder is not due.
ADA = replace(people.MAILED, email=None)
LEASE = "COACHCAL_LEASE_SECONDS"
LEASE_SECONDS = 30
"""The race: a mail has two fifths of a lease, and by half of it has to be begun. Of 5 s that is too
little on a slow machine, whose worker tries once more than was to be: so it ends by `lapse`.
"""


@dataclass
class Post:
    """A town, and the mail server that it sends to."""

    town: Town
    office: PostOffice

    def book(self, start: int = NEXT_WEEK, who: Participant = people.GRACE) -> list[Wake]:
        """Committed, and nobody woken. These tests are about mails: calendars are left alone."""
        with self.town.database.write() as tx:
            wanted = Wanted("ada", start, 60)
            done = bookings.book(tx, wanted, who, people.PROGRAMME, people.terms())
            self._leave_calendars_alone(tx)
        return [wake for wake in done.wake if wake[1] == "mail"]

    def workers_lease(self, seconds: int) -> None:
        """Of those that start from now on."""
        self.town.environment[LEASE] = str(seconds)

    def wake(self, wakes: list[Wake], times: int = 1) -> None:
        runtime = bootstrap(Settings(**self._settings()))
        runtime.actors.wake_outbox(wakes * times)
        runtime.close()

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": "/usr/bin:/bin", **self.town.environment}
        done = forks.run(*arguments, env=environment)
        with self.town.database.write() as tx:
            self._leave_calendars_alone(tx)
        return done

    def count(self, table: Any) -> int:
        with self.town.database.read() as tx:
            return int(tx.execute(select(func.count()).select_from(table)).scalar_one())

    def rows(self) -> list[Any]:
        """The mails that are due."""
        row = tables.outbox.c
        query = tables.outbox.select().where(row.kind == "mail", row.topic != "reminder")
        with self.town.database.read() as tx:
            return list(tx.execute(query.order_by(row.created_at, row.id)))

    def row(self) -> Any:
        (found,) = self.rows()
        return found

    def wait(self, wanted: Callable[[Any], bool], seconds: float = 60.0) -> Any:
        """The one mail's row, once it is as wanted."""
        return self.wait_for(lambda: wanted(self.row()), seconds) and self.row()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60.0) -> bool:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (
                f"not within {seconds} s: {[row._asdict() for row in self.rows()]}"
            )
            time.sleep(0.02)
        return True

    def lapse(self) -> None:
        """The leases of first tries end, as time would end them: one of a second try, which began
        since, does not.
        """
        mine = tables.outbox.update().where(tables.outbox.c.attempts <= 1)
        with self.town.database.write() as tx:
            tx.execute(mine.values(lease_until_ms=0, wake_after_ms=0))

    def log(self, name: str) -> str:
        return self.town.processes.log(name).read_text()

    def _settings(self) -> dict[str, Any]:
        return {
            name.removeprefix("COACHCAL_").lower(): value
            for name, value in self.town.environment.items()
        }

    def _leave_calendars_alone(self, tx: Any) -> None:
        tx.execute(
            tables.outbox.update()
            .where(tables.outbox.c.kind == "calendar")
            .values(state="superseded")
        )


@contextmanager
def opened_at(
    folder: Path, database_url: str, redis_url: str, *, lease_seconds: int = LEASE_SECONDS
) -> Iterator[Post]:
    """Nobody is working yet; the product's clock is at the cast's Monday morning."""
    offset = round((people.NOW - datetime.now(UTC)).total_seconds())
    with opened() as office:
        settings = {
            "COACHCAL_MAILER": "smtp",
            "COACHCAL_SMTP_URL": office.url,
            "COACHCAL_MAIL_FROM": f"Coaching <{ORGANIZER}>",
            "COACHCAL_CLOCK_OFFSET_SECONDS": str(offset + 1),
            "COACHCAL_SWEEP_SECONDS": "0.1",
            LEASE: str(lease_seconds),
        }
        with processes.raised(folder, database_url, redis_url, **settings) as raised:
            people.ready(raised.database, ADA)
            yield Post(raised, office)
            for name in ("worker", "clock", "frozen"):  # nothing is lost by not being polite
                with suppress(KeyError, ProcessLookupError):
                    raised.signal(name, signal.SIGKILL)
