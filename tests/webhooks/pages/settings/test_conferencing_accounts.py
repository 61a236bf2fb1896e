"""Zoom, Teams and the like on More settings: what is connected, the way to Cronofy's page, and the
way back.
"""

import re

import pytest
import requests

from storage.rows import coaches
from tests.support import people
from tests.support.http_client import Desk
from tests.support.in_process import House, house
from tests.support.settings_page import enter
from webhooks.app import bare_app, serve

__all__ = ["house"]

PAGE, LEAVE = "/settings/more", "/settings/conferencing"
LEADS = re.compile(r'<a class="button main" href="([^"]+)"')


def opened(house: House) -> tuple[Desk, str, str]:
    """A desk over the house, Ada's connection, and the token of her forms."""
    house.introduce(people.MAILED)
    account = house.connect()
    house.mark_dirty_with_userinfo(account.connection_id)
    house.refresh(account.connection_id)
    desk = Desk(house.runtime, serve(bare_app(), house.runtime).test_client())
    return desk, account.connection_id, enter(desk)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_coach_connects_a_service_and_it_is_shown(house: House) -> None:
    desk, connection_id, csrf = opened(house)
    page = desk.client.get(PAGE).text
    assert f'value="{connection_id}"' in page
    assert "Zoom <span" not in page
    # When the form is sent
    left = desk.client.post(LEAVE, data={"csrf": csrf, "connection": connection_id})
    assert left.status_code == 200
    found = LEADS.search(left.text)
    assert found is not None
    # And the service agrees there
    back = requests.post(found[1], data={"service": "zoom"}, timeout=10, allow_redirects=False)
    assert back.headers["Location"].endswith("/settings/conferencing/back")
    answer = desk.client.get("/settings/conferencing/back")
    assert (answer.status_code, answer.location) == (303, "/settings/more#conferencing")
    # Then it is read and shown
    house.set_row(connection_id, next_attempt_at_ms=0)
    house.refresh(connection_id)
    page = desk.client.get(PAGE).text
    assert 'Zoom <span class="badge good">Connected' in page
    # And a login that is lost is shown, too
    [profile] = house.sandbox.world.conferencing.profiles
    house.control.break_conferencing(profile)
    house.mark_dirty_with_userinfo(connection_id)
    house.set_row(connection_id, next_attempt_at_ms=0)
    house.refresh(connection_id)
    assert 'Zoom <span class="badge bad">Needs to be connected again' in desk.client.get(PAGE).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_foreign_form_another_s_account_and_cronofy_away(house: House) -> None:
    desk, connection_id, csrf = opened(house)
    foreign = desk.client.post(LEAVE, data={"csrf": "x", "connection": connection_id})
    assert foreign.status_code == 403
    with desk.database.write() as tx:
        coaches.put(tx, people.coach(id="other"))
    theirs = desk.client.post(LEAVE, data={"csrf": csrf, "connection": "con_nobody"})
    assert theirs.status_code == 404
    house.control.fail("/v1/conferencing", 422, times=None)
    away = desk.client.post(LEAVE, data={"csrf": csrf, "connection": connection_id})
    assert away.status_code == 503
    stranger = desk.client.application.test_client()
    assert stranger.get("/settings/conferencing/back").status_code == 401
