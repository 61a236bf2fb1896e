"""What ends the connecting of an account: time, erasure, a state of nobody's, a refusal of
Cronofy's; and how its pages speak.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from storage.reports.personal_data import Person
from storage.rows import coaches
from storage.transactions import erasures
from tests.support import people
from tests.support.in_process import House
from tests.webhooks.api.connect.kit import (
    EXPIRED,
    REVOKES,
    answer,
    begin,
    browser,
    come_back,
    connected,
    consented,
    everything,
    heading,
    invited,
    read,
)
from workers import clock
from workers.cronofy.sandbox.control import ReadyAccount
from workers.jobs import account_linking, erasure, retention


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
    assert retention.drop(house.runtime.services, house.runtime.actors) == 0
    assert connected(house) == []


def test_what_cronofy_does_not_take_back_now_is_given_back_later(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    services, actors = house.runtime.services, house.runtime.actors
    come_back(client, consented(house, client, seat))
    # Given Cronofy away by the time that nobody says yes any more
    house.control.fail("/oauth/token/revoke", 503, times=None)
    at(house, timedelta(minutes=10))
    assert clock.erase(services, actors) == 0
    # When it is back, our access ends: without the tokens nobody could have ended it
    house.control.clear_faults()
    house.control.clear_calls()
    assert clock.erase(services, actors) == 1
    assert house.control.counts()[REVOKES] == 1
    assert "ada@calendar.test" not in everything(house)


def test_a_no_that_cronofy_does_not_hear_is_carried_out_later(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    services, actors = house.runtime.services, house.runtime.actors
    page = come_back(client, consented(house, client, seat))
    house.control.fail("/oauth/token/revoke", 503, times=None)
    assert read(answer(client, page, "no")) == (200, "Your calendar was not connected")
    assert "ada@calendar.test" not in everything(house)
    house.control.clear_faults()
    house.control.clear_calls()
    at(house, account_linking.REMEMBERED)
    assert clock.erase(services, actors) == 1
    assert house.control.counts()[REVOKES] == 1


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
    # And what she had consented to is given back at once, before all of her is gone
    services, actors = house.runtime.services, house.runtime.actors
    house.control.fail("/oauth/token/revoke", 503, times=None)
    clock.erase(services, actors)
    house.control.clear_faults()
    house.control.clear_calls()
    clock.erase(services, actors)
    assert house.control.counts()[REVOKES] == 1
    clock.erase(services, actors)
    with services.database.read() as tx:
        assert erasures.owed(tx, limit=9) == []
        assert coaches.get(tx, "ada") is None


def test_an_account_that_is_granted_while_its_coach_is_erased_is_given_back(
    house: House, client: FlaskClient, seat: ReadyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, actors = house.runtime.services, house.runtime.actors
    exchange = account_linking._exchanged

    def late(*arguments: Any) -> Any:
        came = exchange(*arguments)
        erasure.ask(services, Person("coach", "ada"), actor="test")
        return came

    monkeypatch.setattr(account_linking, "_exchanged", late)
    come_back(client, consented(house, client, seat))
    house.control.clear_calls()
    for _ in range(3):
        clock.erase(services, actors)
    assert house.control.counts()[REVOKES] == 1
    assert "ada@calendar.test" not in everything(house)
    with services.database.read() as tx:
        assert coaches.get(tx, "ada") is None


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
