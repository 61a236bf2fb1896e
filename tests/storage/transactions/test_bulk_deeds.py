"""One deed for all rows of a cause: what it does to whom, in batches, once, whoever dies."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from storage.reports import causes
from storage.rows import audit_log, bulk_deeds, dead_letters, withheld_addresses
from storage.rows.bulk_deeds import Action, BulkDeed
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import bulk_deeds as deeds
from tests.support import failed_messages, people
from tests.support.failed_messages import cause_of, fail

NOW = people.NOW
GONE, BUSY = "the platform answered 410: it wants no callbacks there", "the platform answered 503"


def ask(database: Database, error: str, action: Action = "requeue") -> BulkDeed:
    cause = cause_of(database, error)
    with database.write() as tx:
        seen = causes.shown_ms(tx)
        return deeds.ask(tx, cause, action, actor="ops/1", seen_ms=seen, now=NOW)


def work_off(database: Database) -> int:
    """How many batches it took."""
    count = 0
    while True:
        with database.write() as tx:
            if deeds.advance(tx, now=NOW) is None:
                return count
        count += 1


def die_over_a_batch(database: Database) -> None:
    with database.write() as tx:
        deeds.advance(tx, now=NOW)
        raise RuntimeError("killed")


def get(database: Database, deed: BulkDeed) -> BulkDeed:
    with database.read() as tx:
        found = bulk_deeds.get(tx, deed.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("state", "action", "becomes"),
    [
        ("dead", "requeue", "pending"),
        ("dead", "discard", "superseded"),
        ("pending", "retry", "pending"),
        ("pending", "discard", "superseded"),
        ("waiting_for_text", "retry", "waiting_for_text"),
        ("withheld", "discard", "superseded"),
    ],
)
def test_all_that_fail_alike_are_done_in_batches_and_no_other(
    database: Database, state: str, action: Action, becomes: str
) -> None:
    # Given more than a batch of one cause, and some of another
    fail(database, 450, GONE, name="mine", state=state, attempts=3)
    fail(database, 7, BUSY, name="other", state=state, attempts=3)
    # When one deed is asked for
    deed = ask(database, GONE, action)
    assert deed.total == 450
    # Then it takes three batches, and the others are as they were
    assert work_off(database) == 3
    assert failed_messages.states(database, "mine") == {becomes: 450}
    assert failed_messages.states(database, "other") == {state: 7}
    after = get(database, deed)
    assert (after.done, after.passed_over, after.ended_at) == (450, 0, NOW)


def test_what_fails_alike_after_it_was_counted_waits_for_its_own_decision(
    database: Database,
) -> None:
    fail(database, 3, GONE, name="seen")
    deed = ask(database, GONE, "discard")
    late = fail(database, 2, GONE, name="late")
    with database.write() as tx:
        mine = tables.outbox.c.id.in_(late)
        later = {"failing_since_ms": deed.seen_ms + 1}
        tx.execute(tables.outbox.update().where(mine).values(later))
    work_off(database)
    assert failed_messages.states(database, "seen") == {"superseded": 3}
    assert failed_messages.states(database, "late") == {"dead": 2}


def test_what_somebody_else_did_meanwhile_is_passed_over(database: Database) -> None:
    first, *_ = fail(database, 3, GONE, name="mine")
    deed = ask(database, GONE, "discard")
    with database.write() as tx:
        assert dead_letters.requeue(tx, first, now=NOW) is not None
    work_off(database)
    assert failed_messages.states(database, "mine") == {"pending": 1, "superseded": 2}
    assert get(database, deed).done == 2


def test_a_requeue_leaves_alone_what_goes_to_an_address_that_is_withheld(
    database: Database,
) -> None:
    gone, well = "gone@people.example", "well@people.example"
    fail(database, 2, GONE, name="gone", kind="mail", topic="booked", recipient=gone)
    fail(database, 2, GONE, name="well", kind="mail", topic="booked", recipient=well)
    with database.write() as tx:
        listed = {"address": gone, "reason": "550", "since": NOW, "id": "wad_1"}
        tx.execute(tables.withheld_addresses.insert().values(listed))
    deed = ask(database, GONE)
    work_off(database)
    assert failed_messages.states(database, "gone") == {"dead": 2}
    assert failed_messages.states(database, "well") == {"pending": 2}
    assert (get(database, deed).done, get(database, deed).passed_over) == (2, 2)


def test_a_release_takes_the_addresses_off_that_these_mails_wait_for(database: Database) -> None:
    reason = "refused for good, because of the address (550 5.1.1)"
    for number in range(3):
        address = f"nobody{number}@people.example"
        more = {"kind": "mail", "topic": "cancelled", "state": "withheld", "recipient": address}
        fail(database, 2, reason, name=f"mine{number}", **more)
        with database.write() as tx:
            listed = {"address": address, "reason": reason, "since": NOW, "id": f"wad_{number}"}
            tx.execute(tables.withheld_addresses.insert().values(listed))
    deed = ask(database, reason, "release")
    work_off(database)
    assert failed_messages.states(database, "mine") == {"pending": 6}
    assert get(database, deed).done == 6
    with database.read() as tx:
        assert tx.execute(tables.withheld_addresses.select()).all() == []


def test_a_release_of_many_and_of_one_address_do_not_wait_for_each_other(
    database: Database,
) -> None:
    # Given mails that wait for one address
    reason, address = "550 5.1.1 nobody", "nobody@people.example"
    more = {"kind": "mail", "topic": "cancelled", "state": "withheld", "recipient": address}
    fail(database, 2, reason, name="mine", **more)
    listed = {"address": address, "reason": reason, "since": NOW, "id": "wad_1"}
    with database.write() as tx:
        tx.execute(tables.withheld_addresses.insert().values(listed))
    ask(database, reason, "release")
    with ThreadPoolExecutor(1) as pool:
        with database.write() as tx:
            # When somebody has the address in hand, and a deed for all of them comes in between
            mine = tables.withheld_addresses.update().values(since=NOW)
            tx.execute(mine)
            other = pool.submit(work_off, database)
            wait([other], timeout=0.5)
            # Then they go on to the mails, and none of the two is ended for a deadlock
            assert withheld_addresses.release(tx, address, now=NOW) is not None
        assert other.result(timeout=60) == 1
    assert failed_messages.states(database, "mine") == {"pending": 2}


def test_whoever_dies_over_a_batch_loses_that_batch_alone(database: Database) -> None:
    fail(database, 450, GONE, name="mine")
    deed = ask(database, GONE)
    with database.write() as tx:
        assert deeds.advance(tx, now=NOW) is not None
    # When a process dies with a batch in hand: nothing of it was committed
    with pytest.raises(RuntimeError, match="killed"):
        die_over_a_batch(database)
    assert get(database, deed).done == 200
    # Then the next one goes on there, and each row was done once
    work_off(database)
    assert failed_messages.states(database, "mine") == {"pending": 450}
    assert get(database, deed).done == 450


def test_two_clocks_at_one_deed_do_each_row_once(database: Database) -> None:
    fail(database, 900, GONE, name="mine")
    deed = ask(database, GONE, "discard")
    threads = [threading.Thread(target=work_off, args=[database]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    work_off(database)
    after = get(database, deed)
    assert (after.done, after.passed_over) == (900, 0)


def test_what_was_stopped_leaves_the_rest_alone_and_the_diary_tells(database: Database) -> None:
    fail(database, 450, GONE, name="mine")
    deed = ask(database, GONE, "discard")
    with database.write() as tx:
        deeds.advance(tx, now=NOW)
    with database.write() as tx:
        assert deeds.stop(tx, deed.id, actor="ops/2", now=NOW)
        assert not deeds.stop(tx, deed.id, actor="ops/2", now=NOW)
    assert work_off(database) == 0
    assert failed_messages.states(database, "mine") == {"superseded": 200, "dead": 250}
    with database.read() as tx:
        told: Any = [(each.actor, each.action) for each in audit_log.deeds(tx)]
    assert sorted(told) == [("ops/1", "discard all"), ("ops/2", "stop")]


def test_nothing_can_be_done_to_reads_that_fail(database: Database) -> None:
    # Given a calendar that cannot be read, which is no message
    people.ready(database)
    failed = {"attempts": 1, "last_error": BUSY}
    with database.write() as tx:
        tx.execute(tables.connections.update().values(failed))
    # When a deed is asked for that would fit a message in that state
    for action in ("retry", "discard"):
        with pytest.raises(deeds.Unfitting, match="read pending takes: nothing"):
            ask(database, BUSY, action)
    # Then none was written down
    with database.read() as tx:
        assert bulk_deeds.lately(tx, now=NOW) == []
