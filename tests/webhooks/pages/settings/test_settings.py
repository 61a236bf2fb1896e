"""The calendar settings page without a browser: what is shown, in which language."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from domain.accounts import Profile
from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.settings_page import enter, send
from webhooks import pages

WORDS = Path(pages.__file__).parent / "words"


def test_the_page_shows_the_account_its_calendars_its_state_and_what_is_set(
    desk: Desk, csrf: str
) -> None:
    page = desk.client.get("/settings").text
    for text in (
        "Google",
        "Work",
        "Home",
        "Connected",
        "Calendars in sync",
        "09:00-17:00",
        "Europe/London",
    ):
        assert text in page, text
    assert "tokens" not in page
    assert "acc_ada" not in page


@pytest.mark.parametrize(
    ("language", "text"), [("de", "Arbeitszeiten"), ("fr", "Heures de travail"), ("xx", "Working")]
)
def test_the_page_speaks_the_language_of_its_link(
    desk: Desk, ada: str, language: str, text: str
) -> None:
    enter(desk, language=language)
    page = desk.client.get("/settings").text
    assert text in page
    assert f'<html lang="{language if language != "xx" else "en"}" dir="ltr">' in page


def test_a_coach_with_nothing_connected_is_told_what_that_means(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    enter(one_desk)
    page = one_desk.client.get("/settings").text
    assert "No calendar is connected yet" in page
    assert "Calendars in sync" not in page


def test_a_lost_account_offers_its_repair(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    connection_id = people.connect(one_desk.database)
    url = "https://app.cronofy.test/relink/1"
    profile = Profile("pro_1", "exchange", "office365", "ada", connected=False, relink_url=url)
    people.read(
        one_desk.database, connection_id, account=replace(people.ACCOUNT, profiles=(profile,))
    )
    enter(one_desk)
    page = one_desk.client.get("/settings").text
    assert 'href="https://app.cronofy.test/relink/1"' in page
    assert "Needs to be connected again" in page
    assert re.search(r"<h3>Office 365 <span", page)
    # And one whose grant is gone is connected again, at the provider that it is of
    with one_desk.database.write() as tx:
        tx.execute(tables.profiles.update().values(connected=True, relink_url=None))
        tx.execute(tables.connections.update().values(trouble="revoked"))
    assert (
        '<button form="connect" class="main" name="provider" value="office365">'
        in one_desk.client.get("/settings").text
    )


def test_names_run_nothing(one_desk: Desk) -> None:
    canary = "<script>canary</script>"
    people.introduce(one_desk.database)
    connection_id = people.connect(one_desk.database)
    profile = replace(
        people.ACCOUNT.profiles[0], name=canary, relink_url="javascript:canary()", connected=False
    )
    people.read(
        one_desk.database, connection_id, account=replace(people.ACCOUNT, profiles=(profile,))
    )
    csrf = enter(one_desk)
    for page in (
        one_desk.client.get("/settings"),
        send(one_desk, csrf, hours__mon=canary, zone=canary),
    ):
        assert "<script>canary" not in page.text
        assert 'href="javascript' not in page.text
        assert " style=" not in page.text
        assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
