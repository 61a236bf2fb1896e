"""What the API does to book Grace for Ada, in a process of its own that may die anywhere.

`python -m tests.support.one_booking KEY`: the transaction with its key, COMMIT, the wake-ups, the
  answer (the booking, printed).
"""

import sys

from storage.rows import idempotency
from storage.rows.idempotency import StoredAnswer
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import people
from workers.bootstrap import bootstrap
from workers.settings import Settings


def main(key: str) -> None:
    runtime = bootstrap(Settings.load())
    services = runtime.services
    with services.database.write() as tx:
        known = idempotency.begin(tx, "tests", key, b"digest", now=services.now())
        if known is None:
            wanted = Wanted("ada", people.at(9, 10), 60)
            done = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, services.terms())
            idempotency.remember(tx, "tests", key, StoredAnswer.of(201, done.booking.id))
    if known is None:
        runtime.actors.wake_outbox(done.wake)
    print(done.booking.id if known is None else known.document)
    runtime.close()


if __name__ == "__main__":
    main(sys.argv[1])
