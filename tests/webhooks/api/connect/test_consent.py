"""Connecting a calendar account, from Coach OS's request over the consent to the page that says how
it went: for whom, which account, and yes or no.
"""

from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient

from tests.support.in_process import House
from tests.support.page_visitor import fields
from tests.webhooks.api.connect.kit import (
    REVOKES,
    answer,
    come_back,
    connected,
    consented,
    everything,
    invited,
    leads_on,
    read,
)
from workers.cronofy.sandbox.control import ReadyAccount


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
