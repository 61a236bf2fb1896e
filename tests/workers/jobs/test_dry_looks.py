"""A dry look reads at Cronofy, tells what that would change, and stores nothing."""

from datetime import timedelta
from typing import Any

import pytest

from domain.dry_looks import SHOWN
from storage.schema import tables
from tests.support import people
from tests.support.clock_work import drain
from tests.support.in_process import Connected, House
from tests.support.people import at
from workers.cronofy.errors import CronofyError
from workers.jobs import dry_looks

HOUR = timedelta(hours=1)
TUESDAY = people.NOW.replace(day=2)


@pytest.fixture
def connected(house: House) -> Connected:
    """Ada's calendar, read, with a meeting on Tuesday at 10."""
    house.introduce(people.MAILED)
    account = house.connect()
    ten = TUESDAY.replace(hour=10)
    house.control.add_event(account.calendar, ten, ten + HOUR, notify=False)
    house.refresh(account.connection_id)
    drain(house)
    return account


def everything(house: House) -> dict[str, Any]:
    with house.runtime.services.database.read() as tx:
        found = {}
        for table in tables.metadata.sorted_tables:
            found[table.name] = tx.execute(table.select()).all()
        return found


def test_what_was_added_and_removed_is_told_and_nothing_is_stored(
    house: House, connected: Connected
) -> None:
    # Given an event that nobody pushed about, and a longer one
    two = TUESDAY.replace(hour=14)
    house.control.add_event(connected.calendar, two, two + HOUR, notify=False)
    before = everything(house)
    # When it is looked at
    found = dry_looks.look(house.runtime.services, "ada")
    # Then the difference is told, in times
    assert found is not None
    assert (found.accounts, found.removed.count) == (1, 0)
    assert found.added.first == [["2026-06-02T14:00:00Z", "2026-06-02T15:00:00Z"]]
    (hour,) = [each for each in found.starts if each.duration == 60]
    assert (hour.opened, hour.closed > 0) == (0, True)
    assert "2026-06-02T14:00:00Z" in hour.closed_first
    # And nothing is stored: the time is still offered
    assert everything(house) == before
    assert at(2, 14) in house.listing().slots.open_starts(60)
    # A refresh stores just what was told
    open_before = set(house.listing().slots.open_starts(60))
    house.mark_dirty(connected.connection_id)
    house.refresh(connected.connection_id)
    closed = open_before - set(house.listing().slots.open_starts(60))
    assert len(closed) == hour.closed
    again = dry_looks.look(house.runtime.services, "ada")
    assert again is not None
    assert (again.added.count, again.removed.count) == (0, 0)
    assert [(each.opened, each.closed) for each in again.starts] == [(0, 0), (0, 0)]


def test_long_lists_are_counted_whole_and_told_in_part(house: House, connected: Connected) -> None:
    for day in range(3, 3 + SHOWN + 2):
        start = people.NOW.replace(day=day, hour=13)
        house.control.add_event(connected.calendar, start, start + HOUR, notify=False)
    found = dry_looks.look(house.runtime.services, "ada")
    assert found is not None
    assert (found.added.count, len(found.added.first)) == (SHOWN + 2, SHOWN)


def test_a_look_half_of_which_failed_tells_nothing(house: House, connected: Connected) -> None:
    house.control.fail("/v1/free_busy", 403, times=None)
    with pytest.raises(CronofyError):
        dry_looks.look(house.runtime.services, "ada")


def test_who_has_no_account_that_can_be_read_is_not_looked_at(
    house: House, connected: Connected
) -> None:
    services = house.runtime.services
    assert dry_looks.look(services, "nobody") is None
    house.set_row(connected.connection_id, trouble="revoked")
    house.control.clear_calls()
    assert dry_looks.look(services, "ada") is None
    assert house.control.counts() == {}


def test_a_worker_keeps_what_it_found_for_whoever_asked(house: House, connected: Connected) -> None:
    services = house.runtime.services
    look_id = dry_looks.ask(services, "ada")
    assert look_id is not None
    assert dry_looks.found(services, look_id) == {"coach": "ada", "state": "asked"}
    house.control.clear_calls()
    dry_looks.run(services, look_id)
    kept = dry_looks.found(services, look_id)
    assert kept is not None
    assert (kept["state"], kept["difference"]["accounts"]) == ("done", 1)
    # The same message again reads nothing, and neither does one that nobody waits for
    calls = house.control.counts()
    dry_looks.run(services, look_id)
    dry_looks.run(services, "look_of_nobody")
    assert house.control.counts() == calls


def test_a_look_that_failed_says_why(house: House, connected: Connected) -> None:
    services = house.runtime.services
    house.control.fail("/v1/free_busy", 403, times=None)
    look_id = dry_looks.ask(services, "ada")
    assert look_id is not None
    dry_looks.run(services, look_id)
    kept = dry_looks.found(services, look_id)
    assert kept is not None
    assert (kept["state"], bool(kept["error"])) == ("failed", True)
