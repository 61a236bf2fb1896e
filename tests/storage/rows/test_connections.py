"""What a connection is made of, that it is the same one when it is connected again, and who may
renew its tokens.
"""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.accounts import Account, Calendar, Profile
from storage.rows import calendars, connections, oauth_states, refresh_jobs
from storage.rows.calendars import UnknownCalendar
from storage.rows.connections import SealedTokens
from storage.schema.database import Database
from tests.support import people


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
        assert oauth_states.drop_old(tx, now=ends) == 0
        assert oauth_states.drop_old(tx, now=ends + oauth_states.KEPT) == 1
