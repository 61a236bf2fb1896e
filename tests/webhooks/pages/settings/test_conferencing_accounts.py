"""Zoom, Teams and the like on More settings: what is connected, the way to Cronofy's page, and the
way back.
"""

import re
from urllib.parse import urlsplit

import pytest
import requests

from storage.rows import coaches
from tests.support import people
from tests.support.http_client import Desk
from tests.support.in_process import House, house
from tests.support.settings_page import enter
from webhooks.app import bare_app, serve
from webhooks.http.page_sessions import signer
from webhooks.pages.more_conferencing import BACK

__all__ = ["house"]

PAGE, LEAVE = "/settings/more", "/settings/conferencing"
LEADS = re.compile(r'<a class="button main" href="([^"]+)"')


def path_of_location(answer: requests.Response) -> str:
    place = urlsplit(answer.headers["Location"]).path
    assert place.startswith("/settings/conferencing/back/")
    return place


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
    assert 'id="back" href="/settings/more"' in left.text, "leave.js shows it in the frame again"
    found = LEADS.search(left.text)
    assert found is not None
    # And the service agrees there
    back = requests.post(found[1], data={"service": "zoom"}, timeout=60, allow_redirects=False)
    answer = desk.client.get(path_of_location(back))
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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_comes_back_without_a_session_is_told_that_it_is_done_and_it_is_read(
    house: House,
) -> None:
    """In a frame of another site browsers keep the cookie apart, and the way back has none."""
    desk, connection_id, csrf = opened(house)
    left = desk.client.post(LEAVE, data={"csrf": csrf, "connection": connection_id})
    found = LEADS.search(left.text)
    assert found is not None
    back = requests.post(found[1], data={"service": "zoom"}, timeout=60, allow_redirects=False)
    place = path_of_location(back)
    stranger = desk.client.application.test_client()
    before = desk.dump()
    # Nothing is done by a preview, a guessed address, or one that is too old
    assert stranger.head(place).status_code == 204
    forged = stranger.get(f"{place}x")
    assert (forged.status_code, "too old" in forged.text) == (400, True)
    assert desk.dump() == before
    answer = stranger.get(place)
    assert (answer.status_code, "You can close this page" in answer.text) == (200, True)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert stranger.get(PAGE).status_code == 401
    house.set_row(connection_id, next_attempt_at_ms=0)
    house.refresh(connection_id)
    assert 'Zoom <span class="badge good">Connected' in desk.client.get(PAGE).text
    over = int(people.NOW.timestamp())
    token = signer(house.runtime.settings, "conferencing").dumps([connection_id, over])
    late = stranger.get(f"{BACK}/{token!s}")
    assert (late.status_code, "too old" in late.text) == (400, True)
