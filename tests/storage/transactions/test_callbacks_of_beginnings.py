"""The platform is told once that an account was connected, and once that its coach is synced."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.accounts import Account
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import callbacks, store_reading
from tests.support import people
from tests.support.query_plans import plan_of

STALE_AFTER = people.terms().stale_after
CONNECTED, SYNCED = "calendar.connected", "coach.synced"
WORSE = ("initial_sync", "disconnected", "revoked", "no_access", "another release's")


def told(database: Database, *, now: datetime = people.NOW, limit: int = 200) -> list[str]:
    """What is told of now, but for slots: its type, and of an account which."""
    with database.write() as tx:
        wakes = callbacks.announce(tx, now=now, stale_after=STALE_AFTER, limit=limit)
        row = tables.outbox.c
        query = tables.outbox.select().where(row.id.in_([outbox_id for outbox_id, _ in wakes]))
        bodies = [found.payload for found in tx.execute(query)]
    said = [body["type"] for body in bodies if body["type"] != "slots.changed"]
    return sorted(said)


def read(database: Database, connection_id: str, sub: str, **values: Any) -> None:
    """The first read of the account, after which its row says this."""
    people.read(database, connection_id, account=Account(sub))
    set_row(database, connection_id, **values)


def set_row(database: Database, connection_id: str, **values: Any) -> None:
    mine = tables.connections.c.id == connection_id
    with database.write() as tx:
        tx.execute(tables.connections.update().where(mine).values(values or {"attempts": 0}))


def forget(database: Database, connection_id: str) -> None:
    with database.write() as tx:
        store_reading.forget(tx, connection_id, now=people.NOW)


def test_a_beginning_is_told_step_by_step_and_once(database: Database) -> None:
    people.introduce(database)
    assert told(database) == []
    connection_id = people.connect(database)
    assert told(database) == [CONNECTED]
    assert told(database) == []
    read(database, connection_id, "acc_ada")
    assert told(database) == [SYNCED]
    # And what becomes of the account after that is told by other words
    for trouble, said in (("revoked", ["calendar.disconnected"]), (None, ["calendar.reconnected"])):
        set_row(database, connection_id, trouble=trouble)
        assert told(database) == said
    people.connect(database)
    assert told(database) == []


def test_both_steps_may_be_told_at_once_and_say_of_whom(database: Database) -> None:
    connection_id = people.ready(database)
    with database.write() as tx:
        wakes = callbacks.announce(tx, now=people.NOW, stale_after=STALE_AFTER)
        chosen = tables.outbox.c.id.in_([outbox_id for outbox_id, _ in wakes])
        rows = tx.execute(tables.outbox.select().where(chosen)).all()
    data = {row.topic: row.payload["data"] for row in rows}
    assert data[CONNECTED] == {"coach_id": "ada", "connection_id": connection_id}
    assert data[SYNCED] == {"coach_id": "ada"}
    # A later word about the account's trouble leaves the first one standing
    subjects = {row.topic: row.booking_id for row in rows}
    assert subjects[CONNECTED] == f"connected:{connection_id}"


@pytest.mark.parametrize("trouble", WORSE)
def test_who_has_an_account_that_is_not_well_is_not_synced(
    database: Database, trouble: str
) -> None:
    people.introduce(database)
    well, ill = people.connect(database), people.connect(database, sub="acc_2")
    read(database, well, "acc_ada")
    read(database, ill, "acc_2", trouble=trouble)
    assert SYNCED not in told(database)
    assert told(database) == []
    set_row(database, ill, trouble=None)
    assert SYNCED in told(database)


def test_who_was_not_read_lately_or_never_is_not_synced(database: Database) -> None:
    people.introduce(database)
    connection_id = people.connect(database)
    told(database)
    read(database, connection_id, "acc_ada")
    later = people.NOW + STALE_AFTER + timedelta(seconds=1)
    assert told(database, now=later) == []
    never = people.connect(database, sub="acc_2")
    assert told(database) == [CONNECTED]
    forget(database, never)
    assert told(database) == [SYNCED]


def test_another_account_makes_nobody_synced_anew_and_the_first_after_none_does(
    database: Database,
) -> None:
    first = people.ready(database)
    told(database)
    second = people.connect(database, sub="acc_2")
    assert told(database) == [CONNECTED]
    read(database, second, "acc_2")
    assert told(database) == []
    forget(database, first)
    assert told(database) == []
    forget(database, second)
    third = people.connect(database)
    read(database, third, "acc_ada")
    assert told(database) == [CONNECTED, SYNCED]


def test_whoever_looks_at_once_tells_once(database: Database) -> None:
    for number in range(12):
        people.ready(database, people.coach(id=f"coach_{number}"))
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: told(database, limit=5), range(6)))
    while rest := told(database, limit=5):
        found.append(rest)
    said = [topic for topics in found for topic in topics]
    assert (said.count(CONNECTED), said.count(SYNCED)) == (12, 12)


def test_looking_for_beginnings_reads_no_account_that_was_told_of(database: Database) -> None:
    statement = "SELECT id FROM connections WHERE told_steps < 2 AND told_steps < 1 ORDER BY id"
    assert "ix_connections_untold" in plan_of(database, statement)
