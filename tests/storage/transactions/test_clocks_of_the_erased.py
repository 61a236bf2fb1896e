"""What the platform was told of a participant's clock is theirs: their export has it, and it goes
with them, however far it had come on its way.
"""

import pytest

from storage.reports import personal_data
from storage.reports.personal_data import Person
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import erasures, retention
from tests.storage.moved_clocks import (
    booked,
    older_rules,
    roll,
    seat,
    told,
)
from tests.support import people

GRACE = Person("participant", "grace")
MOVED = "session.participant_clock_moved"
ZONE = "New_York"


def told_of_a_clock(database: Database) -> str:
    """Grace's booking, of which the platform was told that her local time is another."""
    booking_id = booked(database)
    older_rules(database, booking_id)
    roll(database)
    assert [body["type"] for body in told(database)] == [MOVED]
    assert ZONE in kept(database)
    return booking_id


def kept(database: Database) -> str:
    """What the feed and the outbox hold."""
    with database.read() as tx:
        return repr([tx.execute(each.select()).all() for each in (tables.events, tables.outbox)])


@pytest.mark.parametrize("state", ["pending", "sent", "dead"])
def test_nothing_of_their_zone_outlives_an_erasure(database: Database, state: str) -> None:
    told_of_a_clock(database)
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(state=state))
        erasures.ask(tx, GRACE, actor="a test", now=people.NOW)
        erasures.advance(tx, GRACE, now=people.NOW)
    assert ZONE not in kept(database)


def test_nor_the_year_after_which_a_booking_loses_its_person(database: Database) -> None:
    booking_id = told_of_a_clock(database)
    with database.write() as tx:
        retention.anonymise(tx, seat.id == booking_id, now=people.NOW)
        mails = tables.outbox.c.kind == "mail"
        retention.empty_mails(
            tx, tables.outbox.select().with_only_columns(tables.outbox.c.id).where(mails)
        )
    assert ZONE not in kept(database)


def test_their_export_has_it(database: Database) -> None:
    booking_id = told_of_a_clock(database)
    with database.read() as tx:
        exported = personal_data.export_participant(tx, GRACE.id)
    assert exported is not None
    clocks = [each for each in exported["events"] if each["topic"] == MOVED]
    assert [each["data"]["booking_id"] for each in clocks] == [booking_id]
    assert MOVED in {each["topic"] for each in exported["outbox"]}
