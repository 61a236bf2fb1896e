"""A coach whose account Cronofy has yet to revoke: nothing is set or booked that the end of the
erasure would take away without a word.
"""

from typing import Any

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.booking_requests import BOOKING, post, refused
from tests.support.http_client import SETTINGS, Desk
from tests.support.in_process import Connected, House
from webhooks.app import create_app
from workers import clock


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house.runtime, create_app(house.runtime).test_client())


@pytest.fixture
def erased(house: House, desk: Desk) -> Connected:
    """Ada, of whom the bare row is left, since no worker has revoked her account yet."""
    house.introduce(people.MAILED)
    account = house.connect()
    house.refresh(account.connection_id)
    assert desk.ask("DELETE", "/v1/coaches/ada").status_code == 202
    assert len(rows(house, tables.erasures)) == 1
    return account


def rows(house: House, table: Any) -> list[Any]:
    with house.runtime.services.database.read() as tx:
        return list(tx.execute(table.select()).all())


def test_nothing_is_set_or_booked_until_the_erasure_is_over(
    house: House, desk: Desk, erased: Connected
) -> None:
    # When the platform brings its coaches in step, and somebody forces a time
    refused(desk.put("/v1/coaches/ada", SETTINGS | {"name": "Ada"}), 409, "coach_leaves")
    forced = BOOKING | {"force": {"reason": "A favour"}}
    refused(post(desk, "/v1/bookings", forced), 409, "coach_leaves")
    # Then nobody has a session that would be gone without a word, and Ada's name is not back
    assert rows(house, tables.bookings) == []
    assert [coach.name for coach in rows(house, tables.coaches)] == [""]
    # And once the account is revoked, the id is free again
    house.refresh(erased.connection_id)
    clock.erase(house.runtime.services, house.runtime.actors)
    assert rows(house, tables.coaches) == []
    assert desk.put("/v1/coaches/ada", SETTINGS).status_code == 201
