"""The roll makes the dates of public holidays anew: for another year, and for another release."""

from dataclasses import replace
from datetime import date

import pytest

from domain.absences import NO_HOLIDAYS, PublicHolidays
from domain.coaches import Coach
from storage.rows import coaches
from storage.schema import tables
from tests.support import people
from tests.support.in_process import House, house
from workers import clock, public_holidays
from workers.jobs.slots import recompute

__all__ = ["house"]


def test_dates_of_an_older_release_are_made_anew_with_the_set(house: House) -> None:
    services = house.runtime.services
    now = services.now()
    # Given a release that knew no date of it
    older = PublicHolidays("GB", "", ("Christmas Day",), (date(2020, 12, 25),))
    house.introduce(replace(people.ADA, holidays=older))
    with services.database.write() as tx:
        tx.execute(tables.slot_sets.update().values(tzdata="2019c 0.1"))
    assert clock.roll(services, house.runtime.actors) == 1
    recompute(services, "ada")
    with services.database.read() as tx:
        coach = coaches.get(tx, "ada")
        assert coach is not None
        set_of = tx.execute(tables.slot_sets.select()).one().coach_version
    assert date(now.year, 12, 25) in coach.holidays.dates
    assert (coach.version, set_of) == (2, 2)
    # And once is enough
    assert clock.roll(services, house.runtime.actors) == 0
    recompute(services, "ada")
    with services.database.read() as tx:
        again = coaches.get(tx, "ada")
    assert again == coach


def test_what_is_chosen_while_dates_are_looked_up_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, look_up = house.runtime.services, public_holidays.renewed
    older = PublicHolidays("GB", "", ("Christmas Day",), (date(2020, 12, 25),))
    coach = house.introduce(replace(people.ADA, holidays=older))

    def meanwhile(seen: Coach, today: date) -> Coach:
        found = look_up(seen, today)
        with services.database.write() as tx:
            coaches.put(tx, replace(coach, holidays=NO_HOLIDAYS))
        return found

    monkeypatch.setattr(public_holidays, "renewed", meanwhile)
    recompute(services, "ada")
    with services.database.read() as tx:
        stored = coaches.get(tx, "ada")
    assert stored is not None
    assert stored.holidays == NO_HOLIDAYS
