"""What a connection is made of, and that it is the same one when it is connected again."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import Account, Calendar, Profile
from storage.rows import calendars, channels, connections, oauth_states, push_marks, refresh_jobs
from storage.rows.calendars import UnknownCalendar
from storage.rows.connections import SealedTokens
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import store_reading
from tests.support import people


@pytest.fixture
def connection(database: Database) -> str:
    people.introduce(database)
    return people.connect(database)


def describe(database: Database, connection: str, account: Account) -> connections.Connected:
    with database.write() as tx:
        calendars.describe(tx, connection, account)
        return connections.of_coach(tx, "ada")[0]


def test_connecting_the_same_account_again_is_the_same_connection(
    database: Database, connection: str
) -> None:
    assert people.connect(database) == connection


def test_of_two_coaches_who_connect_one_account_at_once_one_gets_it(database: Database) -> None:
    # Given two links that both looked before either wrote
    for coach_id in ("ada", "grace"):
        people.introduce(database, people.coach(id=coach_id))
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def connect(coach_id: str) -> None:
        together.wait()
        try:
            outcomes.append(people.connect(database, coach_id, sub="acc_shared"))
        except connections.AccountInUse:
            outcomes.append("refused")

    threads = [threading.Thread(target=connect, args=(coach_id,)) for coach_id in ("ada", "grace")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcome != "refused" for outcome in outcomes) == 1


def test_an_account_of_one_coach_cannot_become_another_s(
    database: Database, connection: str
) -> None:
    people.introduce(database, people.coach(id="grace"))
    with pytest.raises(connections.AccountInUse):
        people.connect(database, "grace")
    with database.read() as tx:
        assert connections.ids_of_coach(tx, "grace") == []


def test_connecting_again_ends_the_trouble_of_a_revoked_account(
    database: Database, connection: str
) -> None:
    held = people.claim(database, connection)
    assert held is not None
    with database.write() as tx:
        refresh_jobs.give_up(tx, held, error="invalid_grant", trouble="revoked")
    people.connect(database)
    with database.read() as tx:
        assert connections.of_coach(tx, "ada")[0].trouble is None


def test_userinfo_replaces_profiles_and_calendars(database: Database, connection: str) -> None:
    (shown,) = describe(database, connection, people.ACCOUNT).profiles
    assert [calendar.name for calendar in shown.calendars] == ["Home", "Work"]
    changed = replace(
        people.ACCOUNT,
        profiles=(
            Profile("pro_2", "exchange", "exchange", "ada", calendars=(Calendar("cal_x", "X"),)),
        ),
    )
    found = describe(database, connection, changed)
    assert found.profiles == changed.profiles
    assert found.blocking == {"cal_x"}


def test_a_deleted_calendar_does_not_block(database: Database, connection: str) -> None:
    gone = replace(
        people.ACCOUNT.profiles[0],
        calendars=(Calendar("cal_old", "Old", deleted=True), Calendar("cal_new", "New")),
    )
    assert describe(database, connection, replace(people.ACCOUNT, profiles=(gone,))).blocking == {
        "cal_new"
    }


def test_the_coach_s_choice_of_calendars_takes_only_calendars_that_are_there(
    database: Database, connection: str
) -> None:
    describe(database, connection, people.ACCOUNT)
    with database.write() as tx:
        calendars.choose(tx, connection, {people.WORK})
        with pytest.raises(UnknownCalendar, match="cal_of_somebody_else"):
            calendars.choose(tx, connection, {people.WORK, "cal_of_somebody_else"})
        assert calendars.blocking_calendars(tx, connection) == frozenset({people.WORK})


def test_one_caller_at_a_time_may_refresh_the_tokens(database: Database, connection: str) -> None:
    taken: list[bool] = []

    def lease() -> None:
        with database.write() as tx:
            taken.append(connections.lease_tokens(tx, connection, lease_ms=60_000) is not None)

    threads = [threading.Thread(target=lease) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]


def test_storing_fresh_tokens_ends_the_lease(database: Database, connection: str) -> None:
    fresh = SealedTokens(b"new", people.NOW + timedelta(hours=2))
    with database.write() as tx:
        mine = connections.lease_tokens(tx, connection, lease_ms=60_000)
        assert mine is not None
        assert connections.store_tokens(tx, connection, mine, fresh)
        assert connections.tokens(tx, connection) == fresh
        assert connections.lease_tokens(tx, connection, lease_ms=60_000)


def test_who_slept_past_the_renewal_overwrites_no_newer_tokens_and_ends_nobody_s_lease(
    database: Database, connection: str
) -> None:
    old, newer = (
        SealedTokens(name, people.NOW + timedelta(hours=2)) for name in (b"old", b"newer")
    )
    with database.write() as tx:
        late = connections.lease_tokens(tx, connection, lease_ms=0)
        mine = connections.lease_tokens(tx, connection, lease_ms=60_000)
        assert late is not None
        assert mine is not None
        assert not connections.store_tokens(tx, connection, late, old)
        assert connections.lease_tokens(tx, connection, lease_ms=60_000) is None
        assert connections.store_tokens(tx, connection, mine, newer)
        assert not connections.store_tokens(tx, connection, late, None)
        assert connections.tokens(tx, connection) == newer


def test_who_renews_late_may_store_while_nobody_took_over(
    database: Database, connection: str
) -> None:
    fresh = SealedTokens(b"new", people.NOW + timedelta(hours=2))
    with database.write() as tx:
        late = connections.lease_tokens(tx, connection, lease_ms=0)
        assert late is not None
        assert connections.store_tokens(tx, connection, late, fresh)


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


def test_a_state_is_one_browser_s_for_ten_minutes_and_each_step_is_taken_once(
    database: Database,
) -> None:
    people.introduce(database)
    ends = people.NOW + timedelta(minutes=10)
    asking = oauth_states.Now("asking", ends)
    with database.write() as tx:
        oauth_states.issue(tx, "one", "ada", browser="hers", expires_at=ends, now=people.NOW)
        found = oauth_states.find(tx, "one", browser="hers", now=people.NOW)
        assert found == oauth_states.Attempt("ada", None)
        for state, browser, now in (
            ("one", "his", people.NOW),
            ("two", "hers", people.NOW),
            ("one", "hers", ends),
        ):
            assert oauth_states.find(tx, state, browser=browser, now=now) is None
        assert not oauth_states.advance(tx, "one", "his", None, asking)
        assert not oauth_states.advance(tx, "one", "hers", "to_confirm", asking)
        assert [oauth_states.advance(tx, "one", "hers", None, asking) for _ in range(2)] == [
            True,
            False,
        ]
        assert oauth_states.drop_old(tx, now=ends) == 1
