"""Connecting a calendar account: from Coach OS's request, over the consent, to the page that says how it went."""

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage import accounts, clients
from tests import cast
from tests.house import House
from webhooks.app import create_app
from workers.cronofy.sandbox.control import Seat


@pytest.fixture
def client(house: House) -> FlaskClient:
    house.introduce()
    return create_app(house.runtime).test_client()


@pytest.fixture
def seat(house: House) -> Seat:
    return house.control.create_account("ada")


def begin(house: House, client: FlaskClient, coach_id: str = "ada", **body: str) -> str:
    """The authorize URL that Coach OS gets."""
    with house.runtime.services.database.write() as tx:
        key = clients.create_key(tx, f"for {coach_id} {len(clients.list_keys(tx))}", ("coaches:write",), now=cast.NOW)
    answer = client.post(f"/v1/coaches/{coach_id}/connect", json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    told: Any = answer.json
    assert told["expires_in"] == 600
    return str(told["authorize_url"])


def come_back(client: FlaskClient, callback: str) -> TestResponse:
    """The browser follows Cronofy's redirect."""
    parts = urlsplit(callback)
    return client.get(f"{parts.path}?{parts.query}")


def settings_of(house: House, client: FlaskClient) -> str:
    """Ada's settings, by a link of her own."""
    with house.runtime.services.database.write() as tx:
        key = clients.create_key(tx, f"links {len(clients.list_keys(tx))}", ("links:write",), now=cast.NOW)
    asked = {"purpose": "settings", "coach_id": "ada"}
    made: Any = client.post("/v1/links", json=asked, headers={"Authorization": f"Bearer {key}"}).json
    client.get(urlsplit(made["url"]).path)
    return client.get("/settings").text


def connected(house: House, coach_id: str = "ada") -> list[str]:
    with house.runtime.services.database.read() as tx:
        return accounts.ids_of_coach(tx, coach_id)


def heading(page: TestResponse) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.text)
    assert found
    return found[1]


def test_a_coach_who_agrees_is_connected_and_their_calendar_is_read(
    house: House, client: FlaskClient, seat: Seat
) -> None:
    # Given a link for Ada, and her consent
    link = begin(house, client, provider="google")
    assert parse_qs(urlsplit(link).query)["provider_name"] == ["google"]
    callback = house.control.consent(link, profile=seat.profiles[0])
    # When her browser comes back
    page = come_back(client, callback)
    # Then she reads that it worked, and the first read is owed
    assert (page.status_code, heading(page)) == (200, "Your calendar is connected")
    (connection_id,) = connected(house)
    assert house.owed(connection_id)
    house.refresh(connection_id)
    assert house.listing().state == "fresh"


def test_a_coach_who_declines_reads_so_and_nothing_is_stored(house: House, client: FlaskClient, seat: Seat) -> None:
    callback = house.control.consent(begin(house, client), profile=seat.profiles[0], decision="deny")
    page = come_back(client, callback)
    assert (page.status_code, heading(page)) == (200, "Your calendar was not connected")
    assert connected(house) == []


def test_a_link_works_once(house: House, client: FlaskClient, seat: Seat) -> None:
    callback = house.control.consent(begin(house, client), profile=seat.profiles[0])
    come_back(client, callback)
    page = come_back(client, callback)
    assert (page.status_code, heading(page)) == (400, "This link has been used or is too old")
    assert len(connected(house)) == 1


def test_what_was_begun_on_the_settings_page_ends_in_the_browser_that_began_it(
    house: House, client: FlaskClient, seat: Seat
) -> None:
    # Given a coach who hands the consent's address on, to get at somebody else's calendar
    page = settings_of(house, client)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    leave = client.post("/settings/connect", data={"csrf": csrf[1], "provider": "google"}).text
    link = re.search(r'href="(http[^"]+/oauth/[^"]+)"', leave)
    assert link
    callback = house.control.consent(html.unescape(link[1]), profile=seat.profiles[0])
    # When that somebody agrees, with a session of their own or without one
    stranger = create_app(house.runtime).test_client()
    assert heading(come_back(stranger, callback)) == "This link has been used or is too old"
    settings_of(house, stranger)
    assert come_back(stranger, callback).location == "/settings?said=expired"
    # Then nothing is connected, and the coach's own browser may still come back
    assert connected(house) == []
    assert come_back(client, callback).location == "/settings?said=connected"
    assert len(connected(house)) == 1


def test_a_link_works_for_ten_minutes(house: House, client: FlaskClient, seat: Seat) -> None:
    callback = house.control.consent(begin(house, client), profile=seat.profiles[0])
    object.__setattr__(house.runtime.services, "now", lambda: cast.NOW + timedelta(minutes=10))
    assert come_back(client, callback).status_code == 400
    assert connected(house) == []


@pytest.mark.parametrize("query", ["", "?state=", "?code=1", "?state=guessed&code=1", "?state=%00%ff&code=1"])
def test_a_state_that_was_never_given_out_is_refused(house: House, client: FlaskClient, query: str) -> None:
    page = client.get(f"/connect/callback{query}")
    assert (page.status_code, heading(page)) == (400, "This link has been used or is too old")


def test_the_same_account_again_brings_new_tokens_to_the_same_connection(
    house: House, client: FlaskClient, seat: Seat
) -> None:
    for _ in range(2):
        come_back(client, house.control.consent(begin(house, client), profile=seat.profiles[0]))
    assert len(connected(house)) == 1


def test_an_account_belongs_to_one_coach(house: House, client: FlaskClient, seat: Seat) -> None:
    come_back(client, house.control.consent(begin(house, client), profile=seat.profiles[0]))
    house.introduce(cast.coach(id="bob"))
    page = come_back(client, house.control.consent(begin(house, client, "bob"), profile=seat.profiles[0]))
    assert (page.status_code, heading(page)) == (409, "This calendar belongs to another coach")
    assert connected(house, "bob") == []


def test_cronofy_down_is_told_with_what_to_do(house: House, client: FlaskClient, seat: Seat) -> None:
    callback = house.control.consent(begin(house, client), profile=seat.profiles[0])
    house.control.fail("/oauth/token", 503, times=None)
    page = come_back(client, callback)
    assert (page.status_code, heading(page)) == (503, "We could not reach the calendar service")
    assert "Retry-After" in page.headers
    assert connected(house) == []


def test_a_code_that_cronofy_refuses_is_told(house: House, client: FlaskClient) -> None:
    state = parse_qs(urlsplit(begin(house, client)).query)["state"][0]
    page = client.get(f"/connect/callback?state={state}&code=forged")
    assert (page.status_code, heading(page)) == (400, "Your calendar could not be connected")
    state = parse_qs(urlsplit(begin(house, client)).query)["state"][0]
    assert client.get(f"/connect/callback?state={state}").status_code == 400


def test_pages_repeat_nothing_and_run_nothing(house: House, client: FlaskClient) -> None:
    canary = "<script>alert('canary')</script>"
    page = client.get("/connect/callback", query_string={"state": canary, "code": canary, "error": canary})
    assert "canary" not in page.text
    assert "<script" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.mimetype == "text/html"
    assert '<html lang="en">' in page.text


def test_a_link_preview_does_not_spend_the_link(house: House, client: FlaskClient, seat: Seat) -> None:
    query = urlsplit(house.control.consent(begin(house, client), profile=seat.profiles[0])).query
    assert client.head(f"/connect/callback?{query}").status_code == 204
    assert client.get(f"/connect/callback?{query}").status_code == 200
