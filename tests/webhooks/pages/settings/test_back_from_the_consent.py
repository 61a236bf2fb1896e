"""From the consent a coach comes back to the settings page."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.http_client import Desk
from tests.support.in_process import House
from tests.support.page_visitor import fields
from tests.support.settings_page import enter
from webhooks.app import create_app


@pytest.fixture
def at_home(house: House) -> tuple[House, Desk]:
    """Ada at her settings, beside a sandbox to connect to."""
    house.introduce()
    client: FlaskClient = create_app(house.runtime).test_client()
    return house, Desk(house.runtime, client)


@pytest.mark.parametrize(("decision", "said"), [("allow", "connected"), ("deny", "declined")])
def test_from_the_consent_the_coach_comes_back_to_the_settings(
    at_home: tuple[House, Desk], decision: Any, said: str
) -> None:
    house, desk = at_home
    csrf = enter(desk)
    seat = house.control.create_account("ada")
    page = desk.client.post("/settings/connect", data={"csrf": csrf, "provider": "google"}).text
    found = re.search(r'<a class="button main" href="([^"]+)"', page)
    assert found
    callback = house.control.consent(
        found[1].replace("&amp;", "&"), profile=seat.profiles[0], decision=decision
    )
    back = "/connect/callback?" + callback.partition("?")[2]
    answer = desk.client.get(back)
    if decision == "allow":
        sent = fields(answer) | {"answer": "yes"}
        answer = desk.client.get(desk.client.post("/connect/confirm", data=sent).location)
    assert (answer.status_code, answer.location) == (303, f"/settings?said={said}")
    page = desk.client.get(answer.location).text
    assert ("<p>Your calendar is connected" in page) is (said == "connected")
    assert ("Reading for the first time" in page) is (said == "connected")
    assert (
        desk.client.get("/connect/callback?state=guessed&code=1").location
        == "/settings?said=expired"
    )
    desk.client.delete_cookie("coachcal-page")
    assert desk.client.get("/connect/callback?state=guessed&code=1").status_code == 400
