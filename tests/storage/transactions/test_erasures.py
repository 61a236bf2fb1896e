"""What an erasure leaves in the tables that others go on with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from domain.coaches import Policy
from storage.reports.personal_data import Person
from storage.rows import holds as hold_rows
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import availability, listings
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings, erasures, holds, retention
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.people import at

GRACE = Person("participant", "grace")
UNREAD = people.coach(policy=Policy("hours_only", 24))
"""Ada, who can be booked without a calendar."""
TEN = at(2, 10)
LATER = people.NOW + timedelta(minutes=10)


def open_starts(database: Database) -> list[int]:
    """As they were last written down: with the clock of the hold's end, and nothing made anew."""
    found = availability.starts(
        people.listing(database, now=LATER), Asked(60, at(2, 0), at(3, 0), int(LATER.timestamp()))
    )
    return [int(start) for start in found]


def test_a_hold_of_somebody_erased_has_no_owner_and_ends_by_itself(database: Database) -> None:
    # Given a time that is kept for Grace
    people.ready(database)
    before = open_starts(database)
    with database.write() as tx:
        held = holds.hold(tx, Wanted("ada", TEN, 60), GRACE.id, 10, people.terms())
    # When she is erased meanwhile
    with database.write() as tx:
        assert erasures.ask(tx, GRACE, actor="a test", now=people.NOW) == []
        assert erasures.advance(tx, GRACE, now=people.NOW).sessions == 0
    # Then the time is kept for nobody
    with database.read() as tx:
        kept = hold_rows.get(tx, held.id)
        assert kept is not None
        assert kept.owner is None
        assert hold_rows.coaches_with_expired(tx, now=people.NOW) == []
    assert TEN not in open_starts(database)
    # And when its minutes are over the clock hears of it, and opens it
    with database.read() as tx:
        assert hold_rows.coaches_with_expired(tx, now=LATER) == ["ada"]
    with database.write() as tx:
        holds.reopen(tx, "ada", people.terms(LATER))
    assert open_starts(database) == before
    with database.read() as tx:
        found = listings.listings(tx, ["ada"], now=LATER, stale_after=people.terms().stale_after)
    assert found["ada"].holds_until is None


def erase(database: Database, person: Person) -> str:
    """Erase somebody without accounts. What is left in all tables but the audit."""
    with database.write() as tx:
        assert erasures.ask(tx, person, actor="a test", now=people.NOW) == []
        erasures.advance(tx, person, now=people.NOW)
    with database.read() as tx:
        kept = [table for table in tables.metadata.sorted_tables if table is not tables.ops_audit]
        return repr([tx.execute(table.select()).all() for table in kept])


def book(database: Database, **changes: Any) -> BookingChange:
    with database.write() as tx:
        wanted = Wanted("ada", at(4, 10), 60)
        return bookings.book(
            tx, wanted, people.GRACE, people.PROGRAMME, replace(people.terms(), **changes)
        )


@pytest.mark.parametrize("withheld", ["Ada@new.test", "Ada@old.test"])
def test_no_address_that_a_coach_has_or_had_stays_withheld(
    database: Database, withheld: str
) -> None:
    people.introduce(database, replace(UNREAD, name="Ada", email="Ada@old.test"))
    book(database)
    with database.write() as tx:
        tx.execute(
            tables.coaches.update().values(email="Ada@NEW.test")
        )  # as the release before kept it
        tx.execute(
            tables.withheld_addresses.insert().values(
                address=withheld, reason="550", since=people.NOW
            )
        )
    assert withheld not in erase(database, Person("coach", "ada"))


def test_what_the_platform_was_told_of_somebody_erased_does_not_say_whose_bookings_they_were(
    database: Database,
) -> None:
    people.introduce(database, UNREAD)
    book(database, callbacks=True)
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(state="sent"))
    left = erase(database, GRACE)
    for canary in ("'grace'", people.GRACE.name, people.GRACE.email):
        assert canary not in left
    assert "'booked'" in left


def test_whom_an_import_knew_by_an_address_alone_is_known_no_longer_than_their_bookings(
    database: Database,
) -> None:
    people.introduce(database, UNREAD)
    done = book(database)
    digest = sha256(people.GRACE.email.encode()).digest()
    with database.write() as tx:
        tx.execute(
            tables.imported_people.insert().values(address_hash=digest, participant_id="grace")
        )
        tx.execute(
            tables.imported_people.insert().values(address_hash=b"hedy", participant_id="hedy")
        )
    year = timedelta(days=365)
    ended = datetime.fromtimestamp(done.session.ends, UTC) + timedelta(days=1)
    with database.write() as tx:
        assert retention.forget_people(tx, now=ended, after=year) == 0
        assert len(tx.execute(tables.imported_people.select()).all()) == 2
        assert retention.forget_people(tx, now=ended + year, after=year) == 1
        assert [row.participant_id for row in tx.execute(tables.imported_people.select())] == [
            "hedy"
        ]
    # And whom the release before left there can still be erased
    assert "'hedy'" not in erase(database, Person("participant", "hedy"))
