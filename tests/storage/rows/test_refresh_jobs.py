"""The connection row is the refresh job: what is owed, who reads it, and who is too late."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from domain import reconciling
from storage.rows import channels, push_marks, refresh_jobs
from storage.rows import reconciling as unasked
from storage.schema.database import Database
from storage.schema.tables import connections as rows
from tests.support import people


@pytest.fixture
def clean(database: Database) -> str:
    """A connection of Ada's that was read and is owed nothing."""
    people.introduce(database)
    connection_id = people.connect(database)
    people.read(database, connection_id)
    return connection_id


def owed(database: Database, connection_id: str) -> bool:
    with database.read() as tx:
        return refresh_jobs.owed(tx, [connection_id]) == [connection_id]


def sweep(database: Database) -> list[str]:
    with database.write() as tx:
        return refresh_jobs.sweep(tx)


def test_a_new_connection_is_owed_its_first_read(database: Database) -> None:
    people.introduce(database)
    assert owed(database, people.connect(database))


def test_the_first_notification_wakes_and_the_next_ones_need_not(
    database: Database, clean: str
) -> None:
    assert people.mark_dirty(database, clean) is True
    assert [people.mark_dirty(database, clean) for _ in range(4)] == [False] * 4
    assert owed(database, clean)


def test_a_notification_for_a_connection_already_owed_a_read_writes_nothing(
    database: Database, clean: str
) -> None:
    people.mark_dirty(database, clean)
    before = _row(database, clean)
    people.mark_dirty(database, clean)
    assert _row(database, clean) == before


def test_a_notification_during_a_read_owes_one_more(database: Database, clean: str) -> None:
    # Given a read under way
    people.mark_dirty(database, clean)
    held = people.claim(database, clean)
    assert held is not None
    # When three notifications arrive, and the read ends
    woken = [people.mark_dirty(database, clean) for _ in range(3)]
    with database.write() as tx:
        again = refresh_jobs.finish(tx, held)
    # Then nobody was woken for nothing, and one more read is owed
    assert woken == [False] * 3
    assert again is True
    assert owed(database, clean)
    second = people.claim(database, clean)
    assert second is not None
    with database.write() as tx:
        assert refresh_jobs.finish(tx, second) is False
    assert not owed(database, clean)


@pytest.mark.parametrize("end", ["finish", "doubt", "give_back", "give_up"])
def test_a_notification_for_a_reader_that_slept_past_its_lease_is_not_forgotten(
    database: Database, clean: str, end: str
) -> None:
    # Given a reader that sleeps past its lease, and a push meanwhile
    people.mark_dirty(database, clean)
    late = people.claim(database, clean)
    assert late is not None
    _set(database, clean, lease_until_ms=1)
    assert people.mark_dirty(database, clean) is False
    # When it wakes up, and nobody has taken over
    ends: dict[str, Callable[[Connection], object]] = {
        "finish": lambda tx: refresh_jobs.finish(tx, late),
        "doubt": lambda tx: refresh_jobs.doubt(tx, late, b"mark"),
        "give_back": lambda tx: refresh_jobs.give_back(tx, late, error="x", retry_in_ms=0),
        "give_up": lambda tx: refresh_jobs.give_up(tx, late, error="x", trouble="revoked"),
    }
    with database.write() as tx:
        assert ends[end](tx) is True
    # Then a read that starts later is owed, and the sweeper knows at once
    assert owed(database, clean)
    assert sweep(database) == [clean]


def test_a_push_in_passing_is_owed_already_only_while_nobody_may_still_finish(
    database: Database, clean: str
) -> None:
    with database.write() as tx:
        channels.plan_channel(tx, clean, b"hash", b"sealed")

    def owed_already() -> bool:
        found = push_marks.by_channel(database, b"hash")
        assert found is not None
        return found[1]

    def push() -> None:
        with database.write() as tx:
            push_marks.mark_dirty(tx, clean, pushed=True)

    assert not owed_already()
    push()
    assert owed_already()
    late = people.claim(database, clean)
    _set(database, clean, lease_until_ms=1)
    assert late is not None
    assert not owed_already()
    push()
    with database.write() as tx:
        refresh_jobs.finish(tx, late)
    assert owed_already()


def test_pushes_during_a_read_put_off_nobody_s_wake_up(database: Database, clean: str) -> None:
    """Whoever reads looks again; should it be gone, the sweeper comes when its lease ends, and not
    before.
    """
    people.mark_dirty(database, clean)
    people.claim(database, clean)
    people.mark_dirty(database, clean)
    assert sweep(database) == []
    _set(database, clean, lease_until_ms=1)
    assert (
        sweep(database) == []
    )  # the claim asked for a look at the end of its lease, which has not come
    _set(database, clean, wake_after_ms=1)
    assert sweep(database) == [clean]
    people.mark_dirty(database, clean)
    assert sweep(database) == []  # and pushes while its holder is gone do not flood the queue


def test_within_the_minimum_gap_nobody_is_woken_and_the_read_stays_owed(
    database: Database, clean: str
) -> None:
    # Given a read that began just now, with a long gap to the next
    people.mark_dirty(database, clean)
    held = people.claim(database, clean, gap_ms=60_000)
    assert held is not None
    with database.write() as tx:
        refresh_jobs.finish(tx, held)
    # When a notification arrives
    assert people.mark_dirty(database, clean) is False
    # Then it is owed, but neither a worker nor the sweeper takes it yet
    assert owed(database, clean)
    assert people.claim(database, clean) is None
    assert sweep(database) == []
    _set(database, clean, next_attempt_at_ms=0)
    assert sweep(database) == [clean]


def test_one_of_many_claimants_gets_the_connection(database: Database, clean: str) -> None:
    people.mark_dirty(database, clean)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(people.claim(database, clean)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert sum(result is not None for result in results) == 1


def test_a_clean_connection_cannot_be_claimed(database: Database, clean: str) -> None:
    assert people.claim(database, clean) is None


def test_whoever_slept_past_the_lease_writes_nothing(database: Database, clean: str) -> None:
    # Given a reader whose lease ended and a second one that took over
    people.mark_dirty(database, clean)
    late = people.claim(database, clean)
    _set(database, clean, lease_until_ms=0)
    mine = people.claim(database, clean)
    assert late is not None
    assert mine is not None
    # When the first one comes back, in any way
    with database.write() as tx:
        assert refresh_jobs.finish(tx, late) is None
        assert refresh_jobs.give_back(tx, late, error="x", retry_in_ms=0) is False
        assert refresh_jobs.give_up(tx, late, error="x", trouble="revoked") is False
    # Then the second one's lease is as it was
    with database.write() as tx:
        assert refresh_jobs.finish(tx, mine) is False


def test_a_failed_read_stays_owed_until_its_time(database: Database, clean: str) -> None:
    people.mark_dirty(database, clean)
    held = people.claim(database, clean)
    assert held is not None
    with database.write() as tx:
        assert refresh_jobs.give_back(tx, held, error="Cronofy answered 503", retry_in_ms=60_000)
    assert owed(database, clean)
    assert people.claim(database, clean) is None
    _set(database, clean, next_attempt_at_ms=0)
    again = people.claim(database, clean)
    assert again is not None
    assert again.attempts == 2


def test_a_read_given_up_is_not_owed_any_more(database: Database, clean: str) -> None:
    people.mark_dirty(database, clean)
    held = people.claim(database, clean)
    assert held is not None
    with database.write() as tx:
        refresh_jobs.give_up(tx, held, error="invalid_grant", trouble="revoked")
    assert not owed(database, clean)
    assert people.listing(database).state == "disconnected"


def test_the_sweeper_finds_a_lost_wake_once_and_leaves_a_fresh_one_alone(
    database: Database, clean: str
) -> None:
    # Given a notification whose wake-up was sent a moment ago
    people.mark_dirty(database, clean)
    assert sweep(database) == []
    # When its patience is over
    _set(database, clean, wake_after_ms=0)
    # Then one sweep finds it, and the next does not flood the queue
    assert sweep(database) == [clean]
    assert sweep(database) == []


def test_the_sweeper_finds_what_a_dead_worker_held(database: Database, clean: str) -> None:
    people.mark_dirty(database, clean)
    people.claim(database, clean)
    assert sweep(database) == []
    _set(database, clean, lease_until_ms=0, wake_after_ms=0)
    assert sweep(database) == [clean]


def test_reconcile_owes_the_stalest_first_and_never_a_revoked_one(database: Database) -> None:
    # Given four connections read at different times, one of them revoked since
    people.introduce(database)
    chosen = [people.connect(database, sub=f"acc_{n}") for n in range(4)]
    for place, connection_id in enumerate(chosen):
        people.read(database, connection_id)
        _set(database, connection_id, last_ok_at=people.NOW.replace(hour=place), changed_at=None)
    _set(database, chosen[0], trouble="revoked")

    # When those that were not read for two hours are asked for at 4 o'clock, one at a time
    def owe() -> list[str]:
        with database.write() as tx:
            hours, now = timedelta(hours=2), people.NOW.replace(hour=4)
            turns = reconciling.turns({}, steady=hours, lively=hours, reads_per_minute=1)
            return unasked.owe_stalest(tx, now=now, turns=turns, limit=1)

    assert [owe(), owe(), owe()] == [[chosen[1]], [chosen[2]], []]


def test_the_backlog_tells_number_and_age(database: Database, clean: str) -> None:
    with database.read() as tx:
        assert refresh_jobs.backlog(tx).dirty == 0
    people.mark_dirty(database, clean)
    _set(database, clean, dirty_since_ms=1)
    with database.read() as tx:
        found = refresh_jobs.backlog(tx)
    assert found.dirty == 1
    assert found.oldest_seconds > 1e9


def _set(database: Database, connection_id: str, **values: object) -> None:
    with database.write() as tx:
        tx.execute(rows.update().where(rows.c.id == connection_id).values(values))


def _row(database: Database, connection_id: str) -> object:
    with database.read() as tx:
        return tx.execute(rows.select().where(rows.c.id == connection_id)).one()


def test_a_single_statement_is_committed_once_the_block_ends(database: Database) -> None:
    people.introduce(database)
    connection_id = people.connect(database)
    with database.write_once() as tx:
        assert (
            push_marks.mark_dirty(tx, connection_id, userinfo=True) is False
        )  # its first read is owed already
    with database.read() as tx:
        assert people.row_of(tx, connection_id).userinfo_due
