"""A refresh replaces a connection's periods whole or not at all, and the coach's set with them."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from domain.accounts import Account, Profile
from domain.slots.listing import offered
from storage.rows import calendars, channels, refresh_jobs
from storage.schema.database import Database
from storage.schema.tables import metadata
from storage.slots.listings import Listing
from storage.transactions import store_reading
from tests.support import people
from tests.support.people import at


@pytest.fixture
def connection(database: Database) -> str:
    people.introduce(database)
    return people.connect(database)


def is_open(listing: Listing, start: int, duration: int = 60) -> bool:
    return start in listing.slots.open_starts(duration)


def test_busy_time_closes_the_coach_s_slots_with_its_buffers(
    database: Database, connection: str
) -> None:
    # Given 09:00-17:00 in London, which is 08:00-16:00 UTC in June, and buffers of 15 minutes
    stored = people.read(database, connection, (at(2, 10), at(2, 11)))
    assert stored is not None
    assert stored.changed
    listing = people.listing(database)
    open_starts = [start for start in listing.slots.open_starts(60) if at(2, 0) <= start < at(3, 0)]
    assert open_starts == [
        at(2, 8),
        at(2, 8, 15),
        at(2, 8, 30),
        at(2, 8, 45),
        *range(at(2, 11, 15), at(2, 15, 1), 900),
    ]


def test_the_same_read_again_moves_only_the_time_of_reading(
    database: Database, connection: str
) -> None:
    first = people.read(database, connection, (at(2, 10), at(2, 11)))
    people.mark_dirty(database, connection)
    again = people.read(database, connection, (at(2, 10), at(2, 11)), account=None)
    assert first is not None
    assert again is not None
    assert (again.version, again.changed) == (first.version, False)


def test_order_and_repeats_of_items_make_no_difference(database: Database, connection: str) -> None:
    one, other = (at(2, 10), at(2, 11)), (at(3, 10), at(3, 11))
    people.read(database, connection, one, other)
    people.mark_dirty(database, connection)
    again = people.read(database, connection, other, one, one, account=None)
    assert again is not None
    assert not again.changed


def test_an_older_read_that_finishes_last_changes_nothing(
    database: Database, connection: str
) -> None:
    # Given a reader that saw an empty calendar and fell asleep, and a newer one that saw a meeting
    late = people.claim(database, connection)
    with database.write() as tx:
        people.wait_until_free(tx, connection)
    people.read(database, connection, (at(2, 10), at(2, 11)))
    before = _dump(database)
    # When the old one stores what it saw
    assert late is not None
    with database.write() as tx:
        assert store_reading.store(tx, late, people.observed(), now=people.NOW) is None
    # Then not a byte is different
    assert _dump(database) == before


def test_a_store_that_breaks_halfway_leaves_everything_as_it_was(
    database: Database, connection: str
) -> None:
    people.read(database, connection, (at(2, 10), at(2, 11)))
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    before = _dump(database)
    assert held is not None

    def break_at_the_last_write(
        _conn: object, _cursor: object, statement: str, *_rest: object
    ) -> None:
        if "slot_sets SET" in statement:
            raise RuntimeError("the process died here")

    event.listen(database.engine, "before_cursor_execute", break_at_the_last_write)
    with pytest.raises(RuntimeError, match="died here"), database.write() as tx:
        store_reading.store(tx, held, people.observed((at(4, 10), at(4, 11))), now=people.NOW)
    event.remove(database.engine, "before_cursor_execute", break_at_the_last_write)
    assert _dump(database) == before


def test_two_accounts_of_one_coach_block_together_even_when_stored_at_once(
    database: Database, connection: str
) -> None:
    # Given two accounts whose reads end at the same moment
    other = people.connect(database, sub="acc_second")
    found = {connection: (at(2, 10), at(2, 11)), other: (at(3, 10), at(3, 11))}
    held = {connection_id: people.claim(database, connection_id) for connection_id in found}
    together = threading.Barrier(2)

    def store(connection_id: str) -> None:
        claim = held[connection_id]
        assert claim is not None
        together.wait()
        with database.write() as tx:
            store_reading.store(tx, claim, people.observed(found[connection_id]), now=people.NOW)

    threads = [threading.Thread(target=store, args=(connection_id,)) for connection_id in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Then the set knows both
    listing = people.listing(database)
    assert not is_open(listing, at(2, 10))
    assert not is_open(listing, at(3, 10))
    assert is_open(listing, at(4, 10))


def test_removing_an_account_takes_only_its_own_periods_away(
    database: Database, connection: str
) -> None:
    other = people.connect(database, sub="acc_second")
    people.read(database, connection, (at(2, 10), at(2, 11)))
    people.read(database, other, (at(3, 10), at(3, 11)))
    with database.write() as tx:
        store_reading.forget(tx, other, now=people.NOW)
    listing = people.listing(database)
    assert not is_open(listing, at(2, 10))
    assert is_open(listing, at(3, 10))


def test_a_forgotten_account_leaves_nothing_behind(database: Database, connection: str) -> None:
    before = _dump(database, without=("connections", "slot_sets"))
    people.read(database, connection, (at(2, 10), at(2, 11)))
    with database.write() as tx:
        channels.plan_channel(tx, connection, b"hash", b"sealed")
    with database.write() as tx:
        store_reading.forget(tx, connection, now=people.NOW)
    assert _dump(database, without=("connections", "slot_sets")) == before
    assert _dump(database)["connections"] == []


def test_a_calendar_that_the_coach_left_out_does_not_block_and_stays_left_out(
    database: Database, connection: str
) -> None:
    people.read(database, connection, (at(2, 10), at(2, 11)))
    with database.write() as tx:
        calendars.choose(tx, connection, {people.HOME})
    people.mark_dirty(database, connection)
    people.read(database, connection, (at(2, 10), at(2, 11)))
    assert is_open(people.listing(database), at(2, 10))


def test_a_calendar_that_the_account_was_not_described_with_yet_blocks(
    database: Database, connection: str
) -> None:
    people.read(database, connection)
    # When a read shows a meeting in a calendar that the coach made a moment ago
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    assert held is not None
    meeting = people.reading((at(2, 10), at(2, 11)), calendar="cal_new")
    found = replace(people.observed(account=None), reading=meeting)
    with database.write() as tx:
        store_reading.store(tx, held, found, now=people.NOW)
    # Then it closes its time, and not only once somebody asks what calendars there are
    assert not is_open(people.listing(database), at(2, 10))


def test_an_account_in_its_first_sync_hides_the_coach_and_is_looked_at_again(
    database: Database, connection: str
) -> None:
    # An unfinished sync looks free all day: nothing of it may be offered.
    syncing = _with_profile(initial_sync=True)
    people.read(database, connection, account=syncing)
    listing = people.listing(database)
    assert (listing.state, listing.effect) == ("initial_sync", "hide")
    with database.read() as tx:
        assert refresh_jobs.owed(tx, [connection]) == [connection]


def test_a_profile_without_credentials_makes_the_coach_disconnected(
    database: Database, connection: str
) -> None:
    people.read(database, connection, account=_with_profile(connected=False))
    assert people.listing(database).state == "disconnected"


def test_nothing_is_open_where_the_calendar_was_not_read(
    database: Database, connection: str
) -> None:
    held = people.claim(database, connection)
    assert held is not None
    known_for_two_days = replace(people.observed(), window_end=at(3, 0))
    with database.write() as tx:
        store_reading.store(tx, held, known_for_two_days, now=people.NOW)
    assert max(people.listing(database).slots.open_starts(60)) < at(3, 0)


def test_the_clock_clips_what_is_stored(database: Database, connection: str) -> None:
    people.read(database, connection)
    listing = people.listing(database)
    now = int(people.NOW.timestamp())
    found = offered(
        listing.slots,
        60,
        now=now,
        notice=listing.notice,
        horizon_days=listing.horizon_days,
        since=0,
        until=1 << 40,
    )
    assert found[0] == at(1, 8)
    assert found[-1] + 3600 <= now + 28 * 86_400


def _with_profile(**changes: Any) -> Account:
    profile: Profile = replace(people.ACCOUNT.profiles[0], **changes)
    return replace(people.ACCOUNT, profiles=(profile,))


def _dump(
    database: Database, *, without: tuple[str, ...] = ()
) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as tx:
        return {
            table.name: sorted((tuple(row) for row in tx.execute(table.select())), key=repr)
            for table in metadata.sorted_tables
            if table.name not in without
        }
