"""Coaches go in and come out whole, and two editors do not overwrite each other."""

from dataclasses import replace
from datetime import date

import pytest

from domain.coaches import Coach, Policy
from domain.hours import Hours
from storage.rows import coaches
from storage.schema.database import Database
from tests.support import people

EVERYTHING_SET = people.coach(
    hours=Hours.parse(
        "Asia/Kathmandu",
        {"mon": [["22:00", "02:00"]], "sun": [["00:00", "24:00"]]},
        {"2026-12-24": [], "2026-12-31": [["10:00", "12:00"], ["13:00", "14:00"]]},
    ),
    mode="back_to_back",
    per_day=3,
    per_week=10,
    tentative_blocks=False,
    policy=Policy("hours_only", 7),
)


def put(database: Database, coach: Coach, expected: int | None = None) -> Coach:
    with database.write() as tx:
        return coaches.put(tx, coach, expected=expected)


def get(database: Database, coach_id: str) -> Coach | None:
    with database.read() as tx:
        return coaches.get(tx, coach_id)


def test_a_coach_comes_back_as_it_went_in(database: Database) -> None:
    stored = put(database, EVERYTHING_SET)
    assert stored == replace(EVERYTHING_SET, version=1)
    assert get(database, "ada") == stored
    assert stored.hours.overrides[0] == (date(2026, 12, 24), ())


def test_a_change_moves_the_version_and_an_identical_put_does_not(database: Database) -> None:
    assert put(database, people.ADA).version == 1
    assert put(database, people.ADA).version == 1
    assert put(database, people.coach(pre=0)).version == 2


def test_an_editor_who_read_an_older_version_is_refused(database: Database) -> None:
    put(database, people.ADA)
    put(database, people.coach(pre=0), expected=1)
    with pytest.raises(coaches.StaleVersion) as refused:
        put(database, people.coach(pre=30), expected=1)
    assert refused.value.current == 2
    stored = get(database, "ada")
    assert stored is not None
    assert stored.pre == 0


def test_only_a_new_coach_can_be_expected_not_to_be_there(database: Database) -> None:
    assert put(database, people.ADA, expected=0).version == 1
    with pytest.raises(coaches.StaleVersion):
        put(database, people.coach(pre=0), expected=0)


def test_an_unknown_coach_is_none(database: Database) -> None:
    assert get(database, "nobody") is None
