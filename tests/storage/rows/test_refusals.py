"""Refusals are few and young, and name a coach only where there is one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.rows import refusals
from storage.rows.refusals import Refusal
from storage.schema.database import Database
from tests.support import people
from tests.support.people import NOW

REFUSED = Refusal(NOW, "POST /v1/bookings", "slot_not_open", "busy", "coach-os")


def note(database: Database, refusal: Refusal = REFUSED, **about: str) -> None:
    with database.write() as tx:
        refusals.note(tx, refusal, about)


def recent(database: Database) -> list[Refusal]:
    with database.read() as tx:
        return refusals.recent(tx, limit=100)


def prune(database: Database) -> int:
    with database.write() as tx:
        return refusals.prune(tx, now=NOW)


def test_the_coach_is_looked_up_and_an_id_that_is_nobody_s_is_not_kept(database: Database) -> None:
    connection_id = people.ready(database)
    for about in (
        {},
        {"coach_id": "ada"},
        {"coach_id": "canary@example.test"},
        {"connection_id": connection_id},
    ):
        note(database, REFUSED, **about)
    note(database, coach_id="canary", connection_id=connection_id)
    assert sorted(it.coach_id or "-" for it in recent(database)) == ["-", "-", "ada", "ada", "ada"]


def test_the_newest_come_first(database: Database) -> None:
    for minutes in (2, 0, 1):
        note(database, replace(REFUSED, at=NOW - timedelta(minutes=minutes)))
    assert [it.at for it in recent(database)] == [
        NOW - timedelta(minutes=minutes) for minutes in (0, 1, 2)
    ]


def test_old_ones_are_dropped(database: Database) -> None:
    for days in (0, 6.9, 7.1):
        note(database, replace(REFUSED, at=NOW - timedelta(days=days)))
    assert prune(database) == 1
    assert [(NOW - it.at) / timedelta(days=1) for it in recent(database)] == [0, 6.9]


def test_of_very_many_the_newest_are_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST", 3)
    for seconds in range(5):
        note(database, replace(REFUSED, at=NOW - timedelta(seconds=seconds)))
    assert prune(database) == 2
    assert [(NOW - it.at).seconds for it in recent(database)] == [0, 1, 2]
