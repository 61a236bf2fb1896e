"""Erasures beside what goes on at the same moment: nobody waits for the other in a circle, and
nothing of whoever is erased comes back.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from domain.pod_shells import PodShell
from storage.reports.personal_data import Person
from storage.rows import coaches, event_differences, feed, feeds
from storage.rows import pod_shells as shell_rows
from storage.rows.feeds import Feed
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, callbacks, erasures, pod_shells
from storage.transactions.pod_shells import ShellTime
from tests.storage.kit import TEN
from tests.storage.racing import until_somebody_waits
from tests.support import changed_events, people
from tests.support.people import at

# SQLite has one lock, of the whole file: there, one transaction writes at a time.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

ADA, GRACE = Person("coach", "ada"), Person("participant", "grace")
STALE_AFTER = people.terms().stale_after


def ask(database: Database, person: Person) -> None:
    with database.write() as tx:
        erasures.ask(tx, person, actor="ops", now=people.NOW)


def erase(database: Database, person: Person) -> None:
    with database.write() as tx:
        erasures.advance(tx, person, now=people.NOW)


def booked_and_told(database: Database) -> str:
    """Grace's session with Ada, of which the platform was told. Its id."""
    people.introduce(database, people.MAILED)
    with database.write() as tx:
        wanted = Wanted("ada", at(4, 9), 60, "She asked for it.")
        made = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms())
        callbacks.announce(tx, now=people.NOW, stale_after=STALE_AFTER)
        tx.execute(tables.outbox.update().values(state="sent", sent_at=people.NOW))
    return made.session.id


@pytest.mark.parametrize("person", [ADA, GRACE], ids=["coach", "participant"])
def test_an_erasure_that_waits_for_the_feed_has_no_callback_that_its_holder_wants(
    database: Database, person: Person
) -> None:
    booked_and_told(database)
    ask(database, person)
    with ThreadPoolExecutor(1) as threads:
        with database.write() as telling:
            # Given somebody who tells an endpoint, and an erasure that waits for them
            feed.lock(telling)
            erasing = threads.submit(erase, database, person)
            until_somebody_waits(database)
            # When they lock what was told before
            telling.execute(text("SET LOCAL lock_timeout = '2s'"))
            told = tables.outbox.select().where(tables.outbox.c.kind == "callback")
            assert telling.execute(told.with_for_update()).all() != []
        # Then both end
        erasing.result(timeout=60)
    with database.read() as tx:
        assert erasures.owed(tx, limit=9) == []


def test_who_gets_a_seat_just_then_is_forgotten_in_it(database: Database) -> None:
    # Given a pod without a time to which Grace is to come
    people.ready(database)
    shell = PodShell(
        "",
        coach_id="ada",
        duration=60,
        participants=(people.GRACE, people.HEDY),
        min_seats=1,
        capacity=3,
        format="closed",
        created_at=people.NOW,
    )
    with database.write() as tx:
        [planned] = pod_shells.make(tx, [shell])
    ask(database, GRACE)
    with ThreadPoolExecutor(1) as threads:
        with database.write() as tx:
            # When somebody who has read that gives it its time, while she is erased
            pod_shell = shell_rows.get(tx, planned.id, lock=True)
            assert {who.id for who in pod_shell.participants} == {"grace", "hedy"}
            erasing = threads.submit(erase, database, GRACE)
            until_somebody_waits(database)
            pod_shells.give_time(tx, planned.id, ShellTime(TEN), people.terms())
        erasing.result(timeout=60)
    # Then her seat is nobody's, and no mail knows her
    with database.read() as tx:
        rows = repr([tx.execute(table.select()).all() for table in tables.metadata.sorted_tables])
    assert people.HEDY.email in rows
    assert people.GRACE.email not in rows
    assert people.GRACE.name not in rows


def test_a_feed_that_is_made_just_then_goes_with_its_coach(database: Database) -> None:
    people.introduce(database, people.MAILED)
    ask(database, ADA)
    with ThreadPoolExecutor(1) as threads:
        with database.write() as tx:
            assert coaches.stands(tx, "ada")
            feeds.make(tx, Feed(feeds.new_id(), "ada", None, "en", people.NOW))
            erasing = threads.submit(erase, database, ADA)
            until_somebody_waits(database)
        erasing.result(timeout=60)
    with database.read() as tx:
        assert tx.execute(select(tables.feeds)).all() == []
        assert not coaches.stands(tx, "ada")


def test_the_end_of_what_is_told_just_then_is_told_too(database: Database) -> None:
    # Given a session whose event was moved
    connection_id = people.ready(database)
    with database.write() as tx:
        made = bookings.book(
            tx, Wanted("ada", at(4, 9), 60), people.GRACE, people.PROGRAMME, people.terms()
        )
    with database.write() as tx:
        changed_events.found(tx, made.session.id, connection_id, (at(3, 14), at(3, 15)))

    def settle() -> bool:
        with database.write() as tx:
            return event_differences.settle(tx, made.session.id)

    # When that is told, and settled before the telling is committed
    with ThreadPoolExecutor(1) as threads:
        with database.write() as tx:
            callbacks.announce(tx, now=people.NOW, stale_after=STALE_AFTER)
            settling = threads.submit(settle)
            until_somebody_waits(database)
        assert settling.result(timeout=60)
    # Then its end is told
    with database.write() as tx:
        callbacks.announce(tx, now=people.NOW, stale_after=STALE_AFTER)
        topics = set(tx.scalars(select(tables.events.c.topic)))
    assert {"session.event_moved", "session.event_settled"} <= topics
