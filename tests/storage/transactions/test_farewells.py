"""A farewell, and whoever is at the same coach meanwhile."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from domain.coaches import Coach
from domain.sessions import NO_CONTEXT, Refused
from storage.reports.personal_data import Person
from storage.rows import coaches, outbox, refresh_jobs
from storage.rows import farewells as rows
from storage.rows.audit_log import deeds
from storage.rows.outbox import Owed
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, coach_settings, erasures, farewells
from tests.storage.racing import Act, everyone, race
from tests.support import people
from tests.support.people import at

ROUNDS = 4


def begin(tx: Connection, coach_id: str = "ada") -> None:
    assert farewells.begin(tx, coach_id, actor="platform", now=people.NOW)


def open_again(tx: Connection) -> None:
    coach_settings.put_coach(tx, "ada", _as_before, expected=None, now=people.NOW)


def _as_before(_stored: Coach | None) -> Coach:
    return people.MAILED


def forced(day: int) -> Act:
    wanted = Wanted("ada", at(day, 10), 60, "A favour")
    who = everyone()[day]
    return lambda tx: bookings.book(tx, wanted, who, NO_CONTEXT, people.terms())


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_whoever_comes_after_the_beginning_is_refused_and_whoever_was_before_is_seen(
    database: Database, turn: int
) -> None:
    people.ready(database)
    days = (2, 3, 4, 5)
    acts: list[Act] = [forced(day) for day in days]
    outcomes = race(database, [*acts[:turn], begin, *acts[turn:], open_again])
    assert set(outcomes) <= {"done", "coach_leaves:None"}
    booked = [*outcomes[:turn], *outcomes[turn + 1 : -1]].count("done")
    with database.read() as tx:
        assert len(farewells.coming(tx, "ada", now=people.NOW)) == booked
        ada = coaches.get(tx, "ada")
    # And no hours are open
    assert ada is not None
    assert not any(ada.hours.weekly)


def test_what_is_written_between_the_look_and_the_locks_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.ready(database)
    with database.write() as tx:
        begin(tx)
        tx.execute(tables.outbox.delete())
    lock = farewells._lock

    def late(tx: Connection, coach_id: str) -> Coach | None:
        owe(tx)
        return lock(tx, coach_id)

    monkeypatch.setattr(farewells, "_lock", late)
    with database.write() as tx:
        assert farewells.end(tx, "ada", now=people.NOW) is None
        assert rows.is_owed(tx, "ada")


@pytest.mark.parametrize("state", ["pending", "sending", "waiting_for_text"])
def test_all_that_is_open_is_waited_for(database: Database, state: str) -> None:
    people.ready(database)
    with database.write() as tx:
        begin(tx)
        tx.execute(tables.outbox.delete())
        owe(tx)
        tx.execute(tables.outbox.update().values(state=state))
        assert farewells.end(tx, "ada", now=people.NOW) is None
        # until the day is over, and then it is told how much that was
        ended = farewells.end(tx, "ada", now=people.NOW + farewells.LONGEST)
        assert ended is not None
        assert (ended.coming, ended.unsent) == (0, 1)


def test_the_end_is_in_the_name_of_whoever_asked_and_goes_with_the_locks_of_the_erasure(
    database: Database,
) -> None:
    people.ready(database)
    ada = Person("coach", "ada")
    with database.write() as tx:
        begin(tx)
        tx.execute(tables.outbox.delete())
        # Not yet one whom the release before would erase
        assert erasures.is_owed(tx, ada)
        assert erasures.owed(tx, limit=9) == []
        ended = farewells.end(tx, "ada", now=people.NOW + timedelta(minutes=1))
        assert ended is not None
        assert len(ended.connected) == 1
        assert not rows.is_owed(tx, "ada")
        # What is left of the coach waits for the account
        assert erasures.owed(tx, limit=9) == [ada]
        said = {(deed.action, deed.actor) for deed in deeds(tx, target="ada")}
    assert said == {("farewell", "platform"), ("erase", "platform")}


def test_whoever_erases_at_once_ends_the_farewell(database: Database) -> None:
    people.ready(database)
    with database.write() as tx:
        begin(tx)
        erasures.ask(tx, Person("coach", "ada"), actor="ops", now=people.NOW)
        erasures.advance(tx, Person("coach", "ada"), now=people.NOW)
        assert not rows.is_owed(tx, "ada")
        assert farewells.end(tx, "ada", now=people.NOW) is None


def test_who_waits_for_the_end_of_an_account_takes_no_sessions_and_no_settings(
    database: Database,
) -> None:
    # Given an erasure that waits for Cronofy: of the coach the bare row is left
    people.ready(database)
    ada = Person("coach", "ada")
    with database.write() as tx:
        erasures.ask(tx, ada, actor="ops", now=people.NOW)
        assert erasures.advance(tx, ada, now=people.NOW).revoking == 1
    # When the platform sets the coach again, or somebody is booked by force
    for act in (open_again, forced(2)):
        with pytest.raises(Refused) as refused, database.write() as tx:
            act(tx)
        # Then it is told, for the clock would take it away within seconds, and tell nobody
        assert refused.value.code == "coach_leaves"


def test_an_account_that_is_connected_meanwhile_ends_with_its_coach(database: Database) -> None:
    # Given an erasure that waits for Cronofy
    connection = people.ready(database)
    ada = Person("coach", "ada")
    with database.write() as tx:
        erasures.ask(tx, ada, actor="ops", now=people.NOW)
        erasures.advance(tx, ada, now=people.NOW)
    # When the coach consents once more, with the same account and with another one
    assert people.connect(database) == connection
    other = people.connect(database, sub="acc_second")
    # Then the clock goes on with both, or the erasure would never be over
    with database.write() as tx:
        assert erasures.advance(tx, ada, now=people.NOW).revoking == 2
        for each in (connection, other):
            assert people.row_of(tx, each).erase_due
        assert set(refresh_jobs.owed(tx, [connection, other])) == {connection, other}


def owe(tx: Connection) -> None:
    """A callback about the coach."""
    owed = Owed(
        kind="callback",
        topic="slots.changed",
        dedupe_key="a callback",
        version=1,
        due_at=people.NOW,
        coach_id="ada",
    )
    outbox.add(tx, [owed], now=people.NOW)
