"""Real exports of Google, Outlook, Exchange and Apple become exactly the busy periods that two
other libraries found.

The files and the right answers are beside the repository, where the project is developed; the
samples that ship are enough for everybody else.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.freebusy import Reading, blocking
from domain.intervals import Interval, clip, merge
from storage.rows import calendars
from storage.schema import tables
from tests.support import people
from tests.support.databases import Kind
from tests.support.in_process import House, built
from webhooks.demo.people import SAMPLES

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "calendars"
ANSWERS = sorted(SHARED.glob("*.busy.json"))


def stored(house: House, connection_id: str, zone: str) -> list[Interval]:
    """The busy periods that the service keeps of a connection, merged."""
    with house.runtime.services.database.read() as tx:
        row = tx.execute(
            tables.busy.select().where(tables.busy.c.connection_id == connection_id)
        ).one()
        chosen = calendars.blocking_calendars(tx, connection_id)
    found = blocking(
        Reading.unpack(row.reading), zone=zone, calendars=chosen, tentative_blocks=True
    )
    return list(merge([(int(start), int(end)) for start, end in found]))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name.split(".")[0])
def test_the_stored_busy_periods_are_the_right_ones_in_eight_zones(
    path: Path, fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    answer = json.loads(path.read_text())
    begin, end = (datetime.fromisoformat(instant) for instant in answer["window"])
    assert len(answer["zones"]) == 8
    with built(fresh_database("sqlite"), redis_url, now=begin + timedelta(days=3)) as house:
        for number, (zone, expected) in enumerate(answer["zones"].items()):
            coach = people.coach(id=f"coach-{number}", horizon_days=(end - begin).days)
            coach = replace(coach, hours=replace(coach.hours, zone=zone))
            found = _read(house, coach, SHARED / answer["file"])
            window = (int(begin.timestamp()), int(end.timestamp()))
            assert [list(period) for period in clip(found, window)] == expected, zone


def _read(house: House, coach: Any, file: Path) -> list[Interval]:
    house.introduce(coach)
    connected = house.connect(coach.id, zone=coach.hours.zone)
    house.control.import_ics(connected.calendar, file, notify=False)
    house.refresh(connected.connection_id)
    return stored(house, connected.connection_id, coach.hours.zone)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.ics")), ids=lambda path: path.stem)
def test_the_samples_that_ship_block_what_they_say(path: Path, house: House) -> None:
    # Given June 2026 in each sample's own zone; what is free, cancelled or excluded does not block
    first = {
        "google_mira": ("Europe/London", "2026-06-01T08:30:00Z"),
        "outlook_jonas": ("Europe/Berlin", "2026-06-01T07:00:00Z"),
        "apple_suki": ("America/New_York", "2026-06-01T14:30:00Z"),
    }
    zone, expected = first[path.stem]
    coach = people.coach(id=path.stem)
    coach = replace(coach, hours=replace(coach.hours, zone=zone))
    found = [period for period in _read(house, coach, path) if period[0] >= people.at(1, 0)]
    assert found[0][0] == int(datetime.fromisoformat(expected).timestamp())
