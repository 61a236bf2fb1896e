"""The calendar settings page without a browser: whose accounts these are, and which calendars block
and receive.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import event

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.settings_page import enter, send
from webhooks.pages import ROUTES
from workers.cronofy.sandbox import modes


def test_an_account_is_disconnected_after_a_question(desk: Desk, csrf: str, ada: str) -> None:
    path = f"/settings/connections/{ada}/disconnect"
    page = desk.client.get(path)
    assert "erase everything we know" in page.text
    assert desk.owes(ada) == 0
    answer = desk.client.post(path, data={"csrf": csrf})
    assert (answer.status_code, answer.location) == (303, "/settings?said=disconnecting")
    assert desk.woken() == [ada]
    with desk.database.read() as tx:
        assert people.row_of(tx, ada).erase_due
    afterwards = desk.client.get("/settings").text
    assert "Being disconnected" in afterwards
    assert path not in afterwards


@pytest.mark.parametrize("provider", ["office365", "google", "apple", "exchange", "live_connect"])
def test_an_account_is_added_at_the_provider_that_was_chosen(one_desk: Desk, provider: str) -> None:
    people.introduce(one_desk.database)
    csrf = enter(one_desk)
    page = one_desk.client.post("/settings/connect", data={"csrf": csrf, "provider": provider})
    assert page.status_code == 200
    assert f"provider_name={provider}" in page.text
    assert provider in modes.PROVIDERS
    assert 'http-equiv="refresh"' in page.text
    assert (
        one_desk.client.post(
            "/settings/connect", data={"csrf": csrf, "provider": "aol"}
        ).status_code
        == 404
    )


def test_in_a_frame_the_consent_opens_beside_it(fresh_database: Callable[[Kind], str]) -> None:
    """Providers let nobody frame their consent."""
    with desks.opened(
        fresh_database("sqlite"), broker=StubBroker(), embed_origins="https://os.test"
    ) as desk:
        people.introduce(desk.database)
        csrf = enter(desk)
        page = desk.client.post("/settings/connect", data={"csrf": csrf, "provider": "google"})
        assert 'rel="noreferrer" target="_blank"' in page.text
        assert "http-equiv" not in page.text


def test_another_coach_s_account_is_404_as_one_that_never_was(
    desk: Desk, csrf: str, ada: str
) -> None:
    people.introduce(desk.database, people.coach(id="bob"))
    other = people.connect(desk.database, "bob", sub="acc_bob")
    before = desk.dump()
    for connection_id in (other, "con_nobody"):
        path = f"/settings/connections/{connection_id}"
        assert desk.client.get(f"{path}/disconnect").status_code == 404
        assert desk.client.post(f"{path}/disconnect", data={"csrf": csrf}).status_code == 404
    assert desk.dump() == before
    assert other not in desk.client.get("/settings").text


def test_no_form_works_without_its_token_or_without_a_session(
    desk: Desk, csrf: str, ada: str
) -> None:
    before = desk.dump()
    paths = [
        rule.replace("<connection_id>", ada).replace("<section>", "away")
        for method, rule, _ in ROUTES
        if method == "POST" and "/settings" in rule
    ]
    assert len(paths) == 7
    for path in paths:
        for token in ("", "guessed", csrf[:-1]):
            assert send(desk, token, path, provider="google").status_code == 403, path
    desk.client.delete_cookie("coachcal-page")
    for path in paths:
        assert send(desk, csrf, path, provider="google").status_code in (401, 403), path
    for path in ("/settings", "/settings/accounts", f"/settings/connections/{ada}/disconnect"):
        assert desk.client.get(path).status_code == 401, path
    assert desk.dump() == before


@pytest.mark.parametrize("question", range(7))
def test_an_account_that_is_read_while_the_page_is_made_is_waited_for_or_synced(
    fresh_database: Callable[[Kind], str], question: int
) -> None:
    """Each of the page's questions may be answered as of another moment. A page on which nothing
    waits asks no more: it has to be the last one, with the sign that all is well.
    """
    with desks.opened(fresh_database("postgresql"), broker=StubBroker()) as desk:
        people.introduce(desk.database)
        connection_id = people.connect(desk.database)
        enter(desk)
        asked = count()

        def read_meanwhile(*_: Any) -> None:
            if next(asked) == question:
                people.read(desk.database, connection_id)

        event.listen(desk.database.engine, "after_cursor_execute", read_meanwhile)
        page = desk.client.get("/settings/accounts").text
        event.remove(desk.database.engine, "after_cursor_execute", read_meanwhile)
        assert next(asked) > question, "nothing was read meanwhile"
    assert 'id="synced"' in page or 'class="account waiting"' in page
