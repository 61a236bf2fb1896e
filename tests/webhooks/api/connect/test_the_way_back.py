"""Whoever connects a calendar comes back to the platform with the outcome, and never elsewhere."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import people
from tests.support.in_process import House, built
from tests.support.page_visitor import fields
from tests.webhooks.api.connect import kit
from tests.webhooks.api.connect.kit import answer, browser, come_back, heading, invited
from workers.cronofy.sandbox.control import ReadyAccount

PLATFORM = "https://os.test"
BACK = f"{PLATFORM}/coaches?tab=calendars&outcome=none#top"


@pytest.fixture
def house(database_url: str, redis_url: str) -> Iterator[House]:
    with built(database_url, redis_url, return_origins=PLATFORM) as house:
        yield house


def way_back(page: TestResponse) -> str | None:
    """Where the browser goes next by itself, and by hand without a script."""
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]*)"', page.text)
    if found is None:
        assert 'href="http' not in page.text
        return None
    assert f'<a class="button main" href="{found[1]}" rel="noreferrer">' in page.text
    return html.unescape(found[1])


def with_outcome(outcome: str) -> str:
    return f"{PLATFORM}/coaches?tab=calendars&outcome={outcome}#top"


def consented(house: House, client: FlaskClient, seat: ReadyAccount, **how: Any) -> str:
    link = kit.begin(house, client, return_url=BACK)
    return house.control.consent(link, profile=seat.profiles[0], **how)


def later(house: House, passed: timedelta) -> None:
    object.__setattr__(house.runtime.services, "now", lambda: people.NOW + passed)


@pytest.mark.parametrize(("said", "outcome"), [("yes", "connected"), ("no", "declined")])
def test_a_coach_who_answers_comes_back_with_the_outcome(
    house: House, client: FlaskClient, seat: ReadyAccount, said: str, outcome: str
) -> None:
    callback = consented(house, client, seat)
    question = come_back(client, callback)
    assert way_back(question) is None
    assert way_back(answer(client, question, said)) == with_outcome(outcome)
    # However often the browser asks
    assert way_back(come_back(client, callback)) == with_outcome(outcome)


def test_so_does_one_who_declined_at_the_consent(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    callback = consented(house, client, seat, decision="deny")
    assert way_back(come_back(client, callback)) == with_outcome("declined")


@pytest.mark.parametrize(("status", "outcome"), [(400, "refused"), (503, "away")])
def test_so_does_one_whom_cronofy_refuses_or_does_not_answer(
    house: House, client: FlaskClient, seat: ReadyAccount, status: int, outcome: str
) -> None:
    callback = consented(house, client, seat)
    house.control.fail("/oauth/token", status=status, times=None)
    assert way_back(come_back(client, callback)) == with_outcome(outcome)


def test_so_does_one_whose_account_is_another_coachs(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    house.introduce(people.coach(id="grace"))
    other = browser(house)
    link = kit.begin(house, other, "grace")
    callback = house.control.consent(link, profile=seat.profiles[0])
    assert heading(answer(other, come_back(other, callback))) == "Your calendar is connected"
    assert way_back(come_back(client, consented(house, client, seat))) == with_outcome("in_use")


def test_so_does_one_who_comes_too_late(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    path = invited(house, return_url=BACK)
    callback = consented(house, client, seat)
    later(house, timedelta(minutes=11))
    assert way_back(client.get(path)) == with_outcome("expired")
    assert way_back(come_back(client, callback)) == with_outcome("expired")


def test_another_browser_learns_nothing_of_the_way_back(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    path = invited(house, return_url=BACK)
    client.post(path, data=fields(client.get(path)))
    callback = consented(house, client, seat)
    for page in (browser(house).get(path), come_back(browser(house), callback)):
        assert page.status_code in (400, 410)
        assert "os.test" not in page.text


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/",
        "https://os.test.evil.test/",
        "https://os.test:444/",
        "http://localhost/",
        "https://os.testevil/",
    ],
)
def test_an_origin_that_was_not_named_is_refused(
    house: House, client: FlaskClient, url: str
) -> None:
    refused = kit.asked(house, return_url=url)
    problem: Any = refused.json
    assert (refused.status_code, problem["code"], problem["field"]) == (
        422,
        "return_url_not_allowed",
        "return_url",
    )


def test_an_origin_that_was_taken_off_the_list_meanwhile_is_not_gone_back_to(
    house: House, client: FlaskClient, seat: ReadyAccount
) -> None:
    callback = consented(house, client, seat, decision="deny")
    object.__setattr__(house.runtime.settings, "return_origins", None)
    page = come_back(client, callback)
    assert (heading(page), way_back(page)) == ("Your calendar was not connected", None)
    assert kit.asked(house, return_url=BACK).status_code == 422
