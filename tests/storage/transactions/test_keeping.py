"""What a page keeps for its guest: one time with a coach, whatever is pressed and how often."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from domain.sessions import Refused
from storage.rows import holds as hold_rows
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import holds
from tests.support import people
from tests.support.people import at

STARTS = (at(2, 10), at(2, 10), at(2, 10, 15), at(3, 13), at(4, 9), at(4, 13))


def keep(database: Database, start: int, owner: str = "grace") -> None:
    with database.write() as tx:
        holds.keep(tx, Wanted("ada", start, 60), owner, 5, people.terms())


def kept(database: Database, owner: str = "grace") -> list[int]:
    with database.read() as tx:
        return [it.starts for it in hold_rows.of_owner(tx, "ada", owner)]


def test_whoever_presses_many_times_at_once_has_one(database: Database) -> None:
    people.ready(database)
    for _ in range(4):
        ready = Barrier(len(STARTS))

        def press(start: int, ready: Barrier = ready) -> None:
            ready.wait()
            keep(database, start)

        with ThreadPoolExecutor(len(STARTS)) as threads:
            list(threads.map(press, STARTS))
        assert len(kept(database)) == 1


def test_what_is_taken_leaves_what_is_kept_and_nobody_else_s_is_touched(
    database: Database,
) -> None:
    people.ready(database)
    keep(database, at(2, 10))
    keep(database, at(3, 13), "hedy")
    # One's own is in nobody's own way, another's is
    with pytest.raises(Refused):
        keep(database, at(3, 13))
    assert kept(database) == [at(2, 10)]
    keep(database, at(2, 10, 15))
    assert (kept(database), kept(database, "hedy")) == ([at(2, 10, 15)], [at(3, 13)])
    with database.write() as tx:
        holds.give_back(tx, "ada", "grace", people.terms())
        holds.give_back(tx, "ada", "grace", people.terms())
    assert (kept(database), kept(database, "hedy")) == ([], [at(3, 13)])
