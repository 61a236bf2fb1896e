"""Each person has a browser of their own: what one began to connect, no other ends."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from storage.rows import api_keys
from storage.schema import tables
from tests.support import people
from tests.support.in_process import House, built
from tests.support.page_visitor import fields, follow
from tests.webhooks.api.connect.kit import (
    EXPIRED,
    TOKENS,
    answer,
    browser,
    come_back,
    connected,
    consented,
    everything,
    heading,
    invited,
    leads_on,
    read,
)
from workers.cronofy.sandbox.control import ReadyAccount


def settings_of(house: House, client: FlaskClient) -> str:
    """Ada's settings, by a link of her own."""
    with house.runtime.services.database.write() as tx:
        key = api_keys.create_key(
            tx, f"links {len(api_keys.list_keys(tx))}", ("links:write",), now=people.NOW
        )
    asked = {"purpose": "settings", "coach_id": "ada"}
    made: Any = client.post(
        "/v1/links", json=asked, headers={"Authorization": f"Bearer {key}"}
    ).json
    follow(client, urlsplit(made["url"]).path)
    return client.get("/settings").text


def test_looking_at_a_link_spends_nothing_and_one_browser_begins_with_it(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    path = invited(house)
    before = everything(house)
    for _ in range(2):
        stranger = browser(house)
        assert stranger.head(path).status_code == 204
        assert stranger.get(path).status_code == 200
    assert everything(house) == before
    client.post(path, data=fields(client.get(path)))
    # Then it is hers, who may begin again, and nobody else's
    assert stranger.get(path).status_code == 410
    again = leads_on(client.post(path, data=fields(client.get(path))))
    page = come_back(client, house.control.consent(again, profile=seat.profiles[0]))
    assert heading(page) == "Connect ada@calendar.test?"


@pytest.mark.parametrize("wrong", [{"csrf": ""}, {"csrf": "x"}, {"csrf": "\N{SNOWMAN}"}, {}])
@pytest.mark.parametrize("place", ["begin", "confirm"])
def test_a_form_that_another_site_made_begins_and_confirms_nothing(
    house: House, client: FlaskClient, seat: ReadyAccount, place: str, wrong: dict[str, str]
) -> None:
    if place == "begin":
        path = invited(house)
        page = client.get(path)
    else:
        path, page = "/connect/confirm", come_back(client, consented(house, client, seat))
    sent = fields(page) | {"answer": "yes"} | wrong
    before = everything(house)
    origin = {} if wrong else {"Origin": "https://evil.test"}
    assert client.post(path, data=sent, headers=origin).status_code == 403
    # Nor does one that a stranger's browser sends, with a form of its own or this one
    stranger = browser(house)
    assert stranger.post(path, data=fields(page)).status_code == 400
    stranger.get(invited(house))
    assert stranger.post(path, data=fields(page)).status_code == 403
    assert connected(house) == []
    assert before.count("to_confirm") == everything(house).count("to_confirm")


def test_another_browser_that_comes_back_changes_nothing(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    # Given a coach who hands the consent's address on, to get at somebody else's calendar
    callback = consented(house, client, seat)
    before = everything(house)
    # When that somebody agrees, without any cookie, with one, or with a session of their own
    stranger = browser(house)
    assert read(come_back(stranger, callback)) == EXPIRED
    stranger.set_cookie("coachcal-browser", "x" * 32)
    assert read(come_back(stranger, callback)) == EXPIRED
    assert everything(house) == before
    settings_of(house, stranger)
    assert come_back(stranger, callback).location == "/settings?said=expired"
    # Then nothing was asked of Cronofy, and the coach's own browser may still come back
    assert TOKENS not in house.control.counts()
    page = come_back(client, callback)
    assert heading(page) == "Connect ada@calendar.test?"
    assert read(answer(client, page)) == (200, "Your calendar is connected")


def test_a_callback_that_is_fetched_again_tells_the_first_outcome(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    callback = consented(house, client, seat)
    first = come_back(client, callback)
    # Replayed as it was, with another code, or as if it had been declined
    state = parse_qs(urlsplit(callback).query)["state"][0]
    other = parse_qs(urlsplit(consented(house, client, seat)).query)["code"][0]
    replays = (
        callback,
        f"/connect/callback?state={state}&code={other}",
        f"/connect/callback?state={state}&error=x",
    )
    for replay in replays:
        assert heading(come_back(client, replay)) == "Connect ada@calendar.test?"
    assert house.control.counts()[TOKENS] == 1
    # And once it is confirmed, twice
    for _ in range(2):
        assert read(answer(client, first)) == (200, "Your calendar is connected")
    for replay in replays:
        assert read(come_back(client, replay)) == (200, "Your calendar is connected")
    assert house.control.counts()[TOKENS] == 1
    assert len(connected(house)) == 1


def test_of_two_callbacks_at_once_one_asks_cronofy(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    parts = urlsplit(consented(house, client, seat))
    kept = client.get_cookie("coachcal-browser")
    assert kept
    house.control.delay("/oauth/token", 0.5, times=1)
    tabs = [client.application.test_client() for _ in range(3)]
    for tab in tabs:
        tab.set_cookie("coachcal-browser", kept.value)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda tab: heading(tab.get(f"{parts.path}?{parts.query}")), tabs))
    assert set(found) <= {"One moment", "Connect ada@calendar.test?"}
    assert house.control.counts()[TOKENS] == 1
    assert heading(come_back(client, parts.geturl())) == "Connect ada@calendar.test?"


def test_what_was_mixed_up_between_two_coaches_connects_to_neither(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    """Mallory's own answer of the consent, put before Ada's browser; and Ada's tokens, put into
    Mallory's row.
    """
    house.introduce(people.coach(id="mallory"))
    mallory = browser(house)
    evil = house.control.create_account("mallory", email="mallory@calendar.test")
    theirs, hers = consented(house, mallory, evil, "mallory"), consented(house, client, seat)
    assert read(come_back(client, theirs)) == EXPIRED
    code = parse_qs(urlsplit(hers).query)["code"][0]
    state = parse_qs(urlsplit(theirs).query)["state"][0]
    assert read(come_back(client, f"/connect/callback?state={state}&code={code}")) == EXPIRED
    page, stolen = come_back(client, hers), come_back(mallory, theirs)
    rows = tables.oauth_states.c
    with house.runtime.services.database.write() as tx:
        sealed = {row.coach_id: row.sealed for row in tx.execute(tables.oauth_states.select())}
        taken = tables.oauth_states.update().where(rows.coach_id == "mallory")
        tx.execute(taken.values(sealed=sealed["ada"]))
    assert read(answer(mallory, stolen)) == (400, "Your calendar could not be connected")
    assert connected(house, "mallory") == []
    assert heading(answer(client, page)) == "Your calendar is connected"


def test_what_was_begun_on_the_settings_page_ends_in_the_browser_that_began_it(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    page = settings_of(house, client)
    assert "It will say when Ada Lovelace can be booked" in page
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    link = leads_on(client.post("/settings/connect", data={"csrf": csrf[1], "provider": "google"}))
    callback = house.control.consent(link, profile=seat.profiles[0])
    stranger = browser(house)
    assert read(come_back(stranger, callback)) == EXPIRED
    settings_of(house, stranger)
    assert come_back(stranger, callback).location == "/settings?said=expired"
    assert connected(house) == []
    back = come_back(client, callback)
    assert heading(back) == "Connect ada@calendar.test?"
    said = answer(client, back)
    assert said.request.full_path == "/settings?said=connected"
    assert len(connected(house)) == 1


def test_in_a_frame_it_begins_on_a_page_of_ours_in_a_window_of_its_own(
    database_url: str, redis_url: str
) -> None:
    origin = "https://coachcal.test"
    with built(
        database_url, redis_url, public_url=origin, embed_origins="https://os.test"
    ) as house:
        house.introduce(people.MAILED)
        seat = house.control.create_account("ada", email="ada@calendar.test")
        frame, window = browser(house), browser(house)  # whose cookies browsers keep apart
        with house.runtime.services.database.write() as tx:
            key = api_keys.create_key(tx, "links", ("links:write",), now=people.NOW)
        asked = {
            "json": {"purpose": "settings", "coach_id": "ada"},
            "headers": {"Authorization": f"Bearer {key}"},
        }
        made: Any = frame.post("/v1/links", **asked).json
        assert follow(frame, urlsplit(made["url"]).path, base_url=origin).location == "/settings"
        page = frame.get("/settings", base_url=origin)
        assert "frame-ancestors https://os.test" in page.headers["Content-Security-Policy"]
        leave = frame.post(
            "/settings/connect", data=fields(page) | {"provider": "google"}, base_url=origin
        )
        found = re.search(rf'href="({origin}/c/[^"]+)"[^>]* target="_blank"', leave.text)
        assert found
        path = urlsplit(found[1]).path
        page = window.get(path, base_url=origin)
        assert heading(page) == "Connect a calendar of Ada Lovelace’s"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith("__Host-coachcal-browser=")
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= set(cookie.split("; "))
        link = leads_on(window.post(path, data=fields(page), base_url=origin))
        back = urlsplit(house.control.consent(link, profile=seat.profiles[0])).query
        assert read(frame.get(f"/connect/callback?{back}", base_url=origin))[0] in (303, 400)
        page = window.get(f"/connect/callback?{back}", base_url=origin)
        sent = fields(page) | {"answer": "yes"}
        window.post("/connect/confirm", data=sent, base_url=origin)
        assert len(connected(house)) == 1
