"""Connecting a calendar account: from Coach OS's request, over the consent, to the page that says
how it went.

Each person has a browser of their own here: what one began, no other ends.
"""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage.reports.personal_data import Person
from storage.rows import api_keys, connections
from storage.schema import tables
from storage.transactions import erasures
from tests.support import people
from tests.support.in_process import House, built
from tests.support.page_visitor import fields, follow
from webhooks.app import create_app
from workers import clock
from workers.cronofy.sandbox.control import ReadyAccount

TOKENS, REVOKES = "POST /oauth/token", "POST /oauth/token/revoke"


@pytest.fixture
def client(house: House) -> FlaskClient:
    """The coach's browser."""
    house.introduce(people.MAILED)
    return browser(house)


@pytest.fixture
def seat(house: House) -> ReadyAccount:
    return house.control.create_account("ada", email="ada@calendar.test")


def browser(house: House) -> FlaskClient:
    return create_app(house.runtime).test_client()


def invited(house: House, coach_id: str = "ada", **body: str) -> str:
    """The path of the link that Coach OS gets."""
    with house.runtime.services.database.write() as tx:
        key = api_keys.create_key(
            tx, f"for {coach_id} {len(api_keys.list_keys(tx))}", ("coaches:write",), now=people.NOW
        )
    headers = {"Authorization": f"Bearer {key}"}
    answer = browser(house).post(f"/v1/coaches/{coach_id}/connect", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    told: Any = answer.json
    assert told["expires_in"] == 600
    assert told["authorize_url"].startswith(f"{house.runtime.settings.base_url}/c/")
    return urlsplit(str(told["authorize_url"])).path


def begin(house: House, client: FlaskClient, coach_id: str = "ada", **body: str) -> str:
    """A browser follows a link and goes on to the consent: the consent's URL."""
    path = invited(house, coach_id, **body)
    return leads_on(client.post(path, data=fields(client.get(path))))


def leads_on(page: TestResponse) -> str:
    found = re.search(r'href="(http[^"]+/oauth/[^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def come_back(client: FlaskClient, callback: str) -> TestResponse:
    """The browser follows Cronofy's redirect."""
    parts = urlsplit(callback)
    return client.get(f"{parts.path}?{parts.query}")


def answer(client: FlaskClient, page: TestResponse, said: str = "yes", **more: Any) -> TestResponse:
    """The question that the page asks is answered."""
    return client.post(
        "/connect/confirm", data=fields(page) | {"answer": said}, follow_redirects=True, **more
    )


def consented(
    house: House, client: FlaskClient, seat: ReadyAccount, coach_id: str = "ada", **how: Any
) -> str:
    """The callback's URL, which no browser has followed yet."""
    return house.control.consent(begin(house, client, coach_id), profile=seat.profiles[0], **how)


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


def connected(house: House, coach_id: str = "ada") -> list[str]:
    with house.runtime.services.database.read() as tx:
        return connections.ids_of_coach(tx, coach_id)


def heading(page: TestResponse) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text)
    assert found, page.text
    return html.unescape(found[1])


def everything(house: House) -> str:
    with house.runtime.services.database.read() as tx:
        return repr([tx.execute(table.select()).all() for table in tables.metadata.sorted_tables])


EXPIRED = (400, "This link has been used or is too old")


def read(page: TestResponse) -> tuple[int, str]:
    return page.status_code, heading(page)


# -- for whom, which account, and yes
# -------------------------------------------------------------------------


def test_a_coach_who_agrees_and_confirms_is_connected_and_their_calendar_is_read(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    # Given a link for Ada: who follows it reads whose it is, before anything begins
    path = invited(house, provider="google")
    page = client.get(path)
    assert read(page) == (200, "Connect a calendar of Ada Lovelace’s")
    assert "go on only if you are Ada Lovelace" in page.text
    assert "Continue to Google" in page.text
    link = leads_on(client.post(path, data=fields(page)))
    assert parse_qs(urlsplit(link).query)["provider_name"] == ["google"]
    # When her browser comes back from the consent
    page = come_back(client, house.control.consent(link, profile=seat.profiles[0]))
    # Then she reads which account it would be, and nothing is connected yet
    assert read(page) == (200, "Connect ada@calendar.test?")
    assert "say when Ada Lovelace can be booked" in page.text
    assert connected(house) == []
    # And when she says yes, it is, and the first read is owed
    page = answer(client, page)
    assert read(page) == (200, "Your calendar is connected")
    (connection_id,) = connected(house)
    assert house.owed(connection_id)
    assert "ada@calendar.test" not in everything(house)
    house.refresh(connection_id)
    assert house.listing().state == "fresh"


def test_a_coach_who_declines_reads_so_and_nothing_is_stored(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    callback = consented(house, client, seat, decision="deny")
    for _ in range(2):
        assert read(come_back(client, callback)) == (200, "Your calendar was not connected")
    assert connected(house) == []


def test_who_says_no_after_the_consent_has_given_no_access(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    page = come_back(client, consented(house, client, seat))
    assert read(answer(client, page, "no")) == (200, "Your calendar was not connected")
    assert house.control.counts()[REVOKES] == 1
    # And whatever is pressed next in a page that was left open changes nothing
    assert read(answer(client, page)) == (200, "Your calendar was not connected")
    assert connected(house) == []
    assert seat.sub not in everything(house)


def test_saying_no_to_an_account_that_is_connected_leaves_it_connected(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    answer(client, come_back(client, consented(house, client, seat)))
    answer(client, come_back(client, consented(house, client, seat)), "no")
    (connection_id,) = connected(house)
    assert REVOKES not in house.control.counts()
    house.refresh(connection_id)
    assert house.listing().state == "fresh"


# -- one browser
# ----------------------------------------------------------------------------------------------


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


# -- what ends it
# ---------------------------------------------------------------------------------------------


def at(house: House, passed: timedelta) -> None:
    object.__setattr__(house.runtime.services, "now", lambda: people.NOW + passed)


def test_a_link_and_what_it_began_live_for_ten_minutes(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    path, callback = invited(house), consented(house, client, seat)
    at(house, timedelta(minutes=10))
    assert client.get(path).status_code == 410
    assert read(come_back(client, callback)) == EXPIRED
    assert connected(house) == []


def test_what_is_never_confirmed_is_given_back_and_forgotten(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    page = come_back(client, consented(house, client, seat))
    assert "ada@calendar.test" in everything(house)
    at(house, timedelta(minutes=10))
    assert read(answer(client, page)) == EXPIRED
    assert clock.erase(house.runtime.services, house.runtime.actors) == 1
    assert house.control.counts()[REVOKES] == 1
    assert "ada@calendar.test" not in everything(house)
    assert clock.retention(house.runtime.services, house.runtime.actors) == 0
    assert connected(house) == []


def test_a_coach_who_is_erased_meanwhile_is_connected_to_nothing(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    path, page = invited(house), come_back(client, consented(house, client, seat))
    with house.runtime.services.database.write() as tx:
        erasures.ask(tx, Person("coach", "ada"), actor="test", now=people.NOW)
        erasures.advance(tx, Person("coach", "ada"), now=people.NOW)
    assert client.get(path).status_code == 403
    assert read(answer(client, page)) == EXPIRED
    assert "ada@calendar.test" not in everything(house)


@pytest.mark.parametrize(
    "query", ["", "?state=", "?code=1", "?state=guessed&code=1", "?state=%00%ff&code=1"]
)
def test_a_state_that_was_never_given_out_is_refused(
    house: House, client: FlaskClient, query: str
) -> None:
    assert read(client.get(f"/connect/callback{query}")) == EXPIRED
    client.get(invited(house))
    assert read(client.get(f"/connect/callback{query}")) == EXPIRED


def test_the_same_account_again_brings_new_tokens_to_the_same_connection(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    for _ in range(2):
        answer(client, come_back(client, consented(house, client, seat)))
    assert len(connected(house)) == 1


def test_an_account_belongs_to_one_coach(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    house.introduce(people.coach(id="bob"))
    # Given one who agreed at the same time, and has not confirmed
    bob = browser(house)
    waiting = come_back(bob, consented(house, bob, seat, "bob"))
    answer(client, come_back(client, consented(house, client, seat)))
    refused = (409, "This calendar belongs to another coach")
    assert read(come_back(client, consented(house, client, seat, "bob"))) == refused
    assert read(answer(bob, waiting)) == refused
    assert connected(house, "bob") == []
    assert len(connected(house)) == 1


def test_cronofy_down_is_told_with_what_to_do(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    callback = consented(house, client, seat)
    house.control.fail("/oauth/token", 503, times=None)
    page = come_back(client, callback)
    assert read(page) == (503, "We could not reach the calendar service")
    assert "Retry-After" in page.headers
    assert connected(house) == []


def test_a_code_that_cronofy_refuses_is_told(house: House, client: FlaskClient) -> None:
    for more in ("&code=forged", ""):
        state = parse_qs(urlsplit(begin(house, client)).query)["state"][0]
        page = client.get(f"/connect/callback?state={state}{more}")
        assert read(page) == (400, "Your calendar could not be connected")


def test_pages_repeat_nothing_and_run_nothing(house: House, client: FlaskClient) -> None:
    canary = "<script>alert('canary')</script>"
    house.introduce(people.coach(id="odd", name="<b>{state}</b>"))
    pages = [client.get(invited(house, "odd", provider="canary"))]
    pages.append(
        client.get(
            "/connect/callback", query_string={"state": canary, "code": canary, "error": canary}
        )
    )
    for page in pages:
        assert "canary" not in page.text
        assert "<script" not in page.text
        assert "<b>" not in page.text
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.mimetype == "text/html"
        assert '<html lang="en" dir="ltr">' in page.text
    assert "{state}" in pages[0].text


def test_pages_speak_the_language_of_the_browser(house: House, client: FlaskClient) -> None:
    page = client.get(invited(house, provider="google"), headers={"Accept-Language": "de-AT"})
    assert heading(page) == "Einen Kalender von Ada Lovelace verbinden"


def test_a_preview_of_the_callback_spends_nothing(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    query = urlsplit(consented(house, client, seat)).query
    assert client.head(f"/connect/callback?{query}").status_code == 204
    assert browser(house).get(f"/connect/callback?{query}").status_code == 400
    assert client.get(f"/connect/callback?{query}").status_code == 200
