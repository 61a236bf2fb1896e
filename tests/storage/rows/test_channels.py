"""A connection's channel: opened, audited by one at a time, and opened again at the same URL."""

from datetime import timedelta

import pytest

from storage.rows import channels, connections, push_marks, refresh_jobs
from storage.rows.connections import SealedTokens
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import store_reading
from tests.support import people


def test_connecting_again_refuses_whoever_works_by_the_old_grant(
    database: Database, channel: str
) -> None:
    # Given a reader that is to erase, a renewal, and an audit
    with database.write() as tx:
        push_marks.mark_dirty(tx, channel, erase=True)
    reader = people.claim(database, channel)
    assert reader is not None
    with database.write() as tx:
        renewal = connections.lease_tokens(tx, channel, lease_ms=60_000)
        auditor = channels.lease_channel(tx, channel, lease_ms=60_000)
    assert renewal is not None
    # When the account is connected again
    people.connect(database)
    # Then none of them touches it
    with database.write() as tx:
        assert not store_reading.erase(tx, reader, now=people.NOW)
        assert refresh_jobs.finish(tx, reader) is None
        assert not connections.store_tokens(tx, channel, renewal, SealedTokens(b"old", people.NOW))
        assert not channels.channel_opened(tx, channel, auditor, "chn_1", now=people.NOW)
        assert channels.channel(tx, channel) == channels.StoredChannel(b"sealed", None)
        assert connections.tokens(tx, channel) == SealedTokens(
            b"sealed", people.NOW + timedelta(hours=1)
        )
    # And it can be read at once
    assert people.claim(database, channel) is not None


def test_a_channel_is_audited_by_one_at_a_time_and_a_reader_that_opens_it_waits_for_none(
    database: Database, channel: str
) -> None:
    with database.write() as tx:
        audit = channels.lease_channel(tx, channel, lease_ms=60_000)
        assert audit is not None
        assert channels.lease_channel(tx, channel, lease_ms=60_000) is None
        reader = channels.lease_channel(tx, channel, lease_ms=60_000, over=True)
        assert channels.channel_opened(tx, channel, reader, "chn_2", now=people.NOW)
        assert not channels.channel_opened(tx, channel, audit, "chn_1", now=people.NOW)
        channels.release_channel(tx, channel, audit)
        assert channels.lease_channel(tx, channel, lease_ms=60_000) is None
        channels.release_channel(tx, channel, reader)
        assert channels.lease_channel(tx, channel, lease_ms=60_000) is not None
        assert not channels.channel_opened(tx, channel, None, "chn_1", now=people.NOW)


def test_the_first_push_of_a_planned_channel_finds_its_connection(
    database: Database, connection: str
) -> None:
    hashed = channels.channel_hash("token")
    with database.write() as tx:
        channels.plan_channel(tx, connection, hashed, b"sealed")
        assert channels.open_channels(tx, limit=5) == []
        people.has_channel(tx, connection, "chn_1")
        assert channels.channel(tx, connection) == channels.StoredChannel(b"sealed", "chn_1")
        assert channels.open_channels(tx, limit=5) == [(connection, "chn_1")]
    assert push_marks.by_channel(database, hashed) == (connection, False)
    with database.write() as tx:
        push_marks.mark_dirty(tx, connection, pushed=True)
    assert push_marks.by_channel(database, hashed) == (connection, True)
    assert push_marks.by_channel(database, channels.channel_hash("other")) is None


@pytest.fixture
def channel(database: Database, connection: str) -> str:
    """The connection's channel was opened, and compared with Cronofy's list, at NOW."""
    with database.write() as tx:
        channels.plan_channel(tx, connection, channels.channel_hash("token"), b"sealed")
        people.has_channel(tx, connection, "chn_1")
    return connection


def test_connecting_again_has_the_channel_opened_again_at_the_same_url(
    database: Database, channel: str
) -> None:
    people.connect(database)
    with database.read() as tx:
        # A grant that was taken back took the channel along, so its id is not believed; its token
        # is kept
        assert channels.channel(tx, channel) == channels.StoredChannel(b"sealed", None)
    assert push_marks.by_channel(database, channels.channel_hash("token")) is not None


def test_connecting_again_leaves_the_channels_of_others_alone(
    database: Database, channel: str
) -> None:
    people.connect(database, sub="acc_2")
    people.connect(database, sub="acc_2")
    with database.read() as tx:
        assert channels.channel(tx, channel) == channels.StoredChannel(b"sealed", "chn_1")


@pytest.mark.parametrize(
    ("trouble", "audited"),
    [(None, True), ("disconnected", True), ("initial_sync", True), ("revoked", False)],
)
def test_channels_are_audited_but_for_those_of_accounts_that_nobody_may_ask_about(
    database: Database, channel: str, trouble: str | None, audited: bool
) -> None:
    with database.write() as tx:
        tx.execute(tables.connections.update().values(trouble=trouble))
        due = channels.due_for_audit(tx, before=people.NOW + timedelta(days=1), limit=5)
        assert (due, channels.oldest_audit(tx)) == (
            ([channel], people.NOW) if audited else ([], None)
        )


def test_a_channel_that_is_not_open_is_not_audited(database: Database, channel: str) -> None:
    people.connect(database)  # again: the next read opens it
    with database.read() as tx:
        assert channels.due_for_audit(tx, before=people.NOW + timedelta(days=1), limit=5) == []
        assert channels.oldest_audit(tx) is None
