"""A coach whose account Cronofy has yet to revoke: nothing is set, booked or connected that the end
of the erasure would take away without a word, or that would keep it from ending.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from storage.rows import connections
from storage.schema import tables
from storage.transactions import farewells
from tests.support import people
from tests.support.booking_requests import BOOKING, post, refused
from tests.support.http_client import SETTINGS, Desk
from tests.support.in_process import BROWSER, Connected, House
from webhooks.app import create_app
from workers import clock
from workers.jobs import account_linking


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
    calendars = f"/v1/coaches/ada/connections/{erased.connection_id}/calendars"
    refused(desk.put(calendars, {"calendars": []}), 409, "coach_leaves")
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


def test_no_account_is_connected_of_which_the_erasure_would_not_end(
    house: House, desk: Desk, erased: Connected
) -> None:
    services = house.runtime.services
    refused(desk.ask("POST", "/v1/coaches/ada/connect", json={}), 404, "unknown_coach")
    assert account_linking.begin(services, "ada", browser=BROWSER) is None


def test_a_consent_that_was_begun_before_connects_nothing(house: House) -> None:
    # Given a coach who has agreed, and has not confirmed yet
    house.introduce(people.MAILED)
    services = house.runtime.services
    seat = house.control.create_account("ada")
    link = account_linking.begin(services, "ada", browser=BROWSER)
    back = house.control.consent(str(link), profile=seat.profiles[0])
    given = parse_qs(urlsplit(back).query)
    (state,), (code,) = given["state"], given["code"]
    came = account_linking.come_back(services, state, browser=BROWSER, code=code, declined=False)
    assert came.outcome == "to_confirm"
    # When the coach is to be erased
    with services.database.write() as tx:
        farewells.begin(tx, "ada", actor="a test", now=services.now())
    # Then it is too late
    with pytest.raises(account_linking.UnknownState):
        account_linking.confirm(services, house.runtime.actors, state, browser=BROWSER)
    with services.database.read() as tx:
        assert connections.ids_of_coach(tx, "ada") == []
