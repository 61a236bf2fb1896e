"""How coaches stand, one by one and counted: both tell what domain.freshness decides."""

from collections import Counter
from datetime import timedelta
from itertools import combinations_with_replacement, product

import pytest
from sqlalchemy import event

from storage.reports import coach_states
from storage.schema import tables
from storage.schema.database import Database
from tests.support import people
from tests.support.people import NOW

STALE = timedelta(minutes=90)
READ = (
    None,
    NOW,
    NOW - STALE,
    NOW - STALE - timedelta(milliseconds=1),
    NOW - STALE - timedelta(seconds=1),
)
KINDS = list(product((None, "initial_sync", "disconnected", "revoked", "no_access"), READ, (0, 1)))


def coach(database: Database, coach_id: str, *kinds: tuple[object, object, int]) -> None:
    """With a connection of each kind: trouble, last read, generations owed."""
    people.introduce(database, people.coach(id=coach_id))
    for number, (trouble, read, owed) in enumerate(kinds):
        connection_id = people.connect(database, coach_id, sub=f"acc_{coach_id}_{number}")
        values = {"trouble": trouble, "last_ok_at": read, "req_gen": 1 + owed, "done_gen": 1}
        with database.write() as tx:
            mine = tables.connections.c.id == connection_id
            tx.execute(tables.connections.update().where(mine).values(values))


@pytest.fixture
def everybody(database: Database) -> list[str]:
    """A coach with no calendar, one with each kind of calendar, and one with each pair of some
    kinds.
    """
    coach(database, "none")
    chosen: list[tuple[tuple[object, object, int], ...]] = [(kind,) for kind in KINDS]
    chosen += list(combinations_with_replacement(KINDS[:12:2] + KINDS[1:4:2] + KINDS[-8:-7], 2))
    for number, kinds in enumerate(chosen):
        coach(database, f"c{number:03}", *kinds)
    return ["none", *(f"c{number:03}" for number in range(len(chosen)))]


def test_what_is_counted_is_what_is_told_of_each(database: Database, everybody: list[str]) -> None:
    with database.read() as tx:
        each = coach_states.of(tx, everybody, now=NOW, stale_after=STALE)
        counted = coach_states.counts(tx, now=NOW, stale_after=STALE)
    assert counted == Counter(standing.state for standing in each)
    assert set(counted) == {
        "fresh",
        "refreshing",
        "stale",
        "initial_sync",
        "disconnected",
        "no_access",
        "unconnected",
    }


def test_coaches_come_in_the_order_asked_for_once_each_and_only_those_who_are_there(
    database: Database,
) -> None:
    for coach_id in ("ada", "bob"):
        coach(database, coach_id, (None, NOW, 0))
    with database.read() as tx:
        found = coach_states.of(tx, ["bob", "nobody", "ada", "bob"], now=NOW, stale_after=STALE)
    assert [(each.coach_id, each.state, each.as_of, each.synced) for each in found] == [
        ("bob", "fresh", NOW, True),
        ("ada", "fresh", NOW, True),
    ]


def test_a_coach_counts_as_read_when_every_calendar_was(database: Database) -> None:
    earlier = NOW - timedelta(minutes=5)
    coach(database, "both", (None, NOW, 0), (None, earlier, 0))
    coach(database, "one", (None, NOW, 0), (None, None, 1))
    with database.read() as tx:
        both, one = coach_states.of(tx, ["both", "one"], now=NOW, stale_after=STALE)
    assert (both.as_of, one.as_of) == (earlier, None)
    assert not one.synced


def test_two_queries_do_whatever_the_number(database: Database, everybody: list[str]) -> None:
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with database.read() as tx:
        coach_states.of(tx, everybody[:200], now=NOW, stale_after=STALE)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2


def test_pages_go_through_everybody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coach_states, "AT_ONCE", 2)
    for coach_id in ("ada", "bob", "cyd"):
        coach(database, coach_id)
    with database.read() as tx:
        pages = [
            [
                each.coach_id
                for each in coach_states.page(tx, after=after, now=NOW, stale_after=STALE)
            ]
            for after in ("", "bob", "cyd")
        ]
    assert pages == [["ada", "bob"], ["cyd"], []]
