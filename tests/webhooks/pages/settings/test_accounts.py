"""The calendar settings page without a browser: whose accounts these are, and which calendars block
and receive.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from dramatiq.brokers.stub import StubBroker

from domain.accounts import Calendar
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.settings_page import COUNT, connection, enter, send
from webhooks.pages import ROUTES
from workers.cronofy.sandbox import world


def test_the_calendars_that_are_ticked_block_and_no_others(desk: Desk, csrf: str, ada: str) -> None:
    before = COUNT.findall(desk.client.get("/settings").text)
    path = f"/settings/connections/{ada}/calendars"
    answer = desk.client.post(path, data={"csrf": csrf, "calendar": [people.HOME]})
    assert (answer.status_code, answer.location) == (303, "/settings?said=calendars_saved")
    blocking = {it["name"]: it["blocks"] for it in connection(desk)["profiles"][0]["calendars"]}
    assert blocking == {"Work": False, "Home": True}
    assert int(COUNT.findall(desk.client.get("/settings").text)[0]) > int(before[0])
    answer = desk.client.post(path, data={"csrf": csrf, "calendar": ["cal_of_somebody"]})
    assert answer.location == "/settings?said=calendars_changed"


def choices(page: str) -> dict[str, str]:
    """The calendars that may receive sessions, as the page offers them: checked, disabled or
    neither.
    """
    form = page[page.index('id="receives"') : page.index("</form>", page.index('id="receives"'))]
    found = re.findall(r'type="radio" name="calendar" value="([^"]*)"([^>]*)>', form)
    return {value: attributes.strip() for value, attributes in found}


def test_the_calendar_that_is_chosen_receives_sessions(desk: Desk, csrf: str, ada: str) -> None:
    page = desk.client.get("/settings").text
    assert choices(page) == {"": "checked", people.WORK: "", people.HOME: ""}
    assert "now Work" in page
    answer = desk.client.post("/settings/receives", data={"csrf": csrf, "calendar": people.HOME})
    assert (answer.status_code, answer.location) == (303, "/settings?said=receives_saved")
    assert connection(desk)["profiles"][0]["calendars"][0] == {
        "id": people.HOME, "name": "Home", "readonly": False, "deleted": False, "primary": False,
        "blocks": True,
        "receives": True,
    }  # fmt: skip
    page = desk.client.get(answer.location).text
    assert choices(page) == {"": "", people.WORK: "", people.HOME: "checked"}
    assert "now Work" not in page
    desk.client.post("/settings/receives", data={"csrf": csrf, "calendar": ""})
    assert choices(desk.client.get("/settings").text)[""] == "checked"


@pytest.mark.parametrize(
    ("home", "told"),
    [
        (
            Calendar(people.HOME, "Home", readonly=True),
            "Home cannot receive sessions just now, so they go to Work.",
        ),
        (None, "The calendar that you chose is no longer there, so sessions go to Work."),
    ],
)
def test_the_page_says_so_while_the_chosen_calendar_cannot_receive(
    one_desk: Desk, home: Calendar | None, told: str
) -> None:
    connection_id = people.ready(one_desk.database)
    csrf = enter(one_desk)
    one_desk.client.post("/settings/receives", data={"csrf": csrf, "calendar": people.HOME})
    there = (Calendar(people.WORK, "Work"), *([home] if home else ()))
    found = replace(
        people.ACCOUNT, profiles=(replace(people.ACCOUNT.profiles[0], calendars=there),)
    )
    people.mark_dirty(one_desk.database, connection_id)
    people.read(one_desk.database, connection_id, account=found)
    page = one_desk.client.get("/settings").text
    assert told in page
    assert choices(page) == {"": "checked", people.WORK: ""} | (
        {people.HOME: "disabled"} if home else {}
    )
    # And one that has become read-only since the page was shown is not chosen
    if home:
        answer = one_desk.client.post(
            "/settings/receives", data={"csrf": csrf, "calendar": people.HOME}
        )
        assert answer.location == "/settings?said=calendars_changed"
    # And when nothing can receive any, it says that
    with one_desk.database.write() as tx:
        tx.execute(tables.connections.update().values(trouble="revoked"))
    assert "No calendar can receive sessions just now" in one_desk.client.get("/settings").text


def test_a_calendar_of_another_coach_or_of_nobody_is_404(desk: Desk, csrf: str, ada: str) -> None:
    people.introduce(desk.database, people.coach(id="bob"))
    profile = replace(people.ACCOUNT.profiles[0], calendars=(Calendar("cal_bob", "Bob"),))
    bobs = people.connect(desk.database, "bob", sub="acc_bob")
    people.read(
        desk.database, bobs, account=replace(people.ACCOUNT, sub="acc_bob", profiles=(profile,))
    )
    before = desk.dump()
    for sent in ({"calendar": "cal_bob"}, {"calendar": "cal_nobody"}, {"calendar": "\0"}, {}):
        assert desk.client.post("/settings/receives", data={"csrf": csrf} | sent).status_code == 404
    assert desk.dump() == before


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
    assert provider in world.PROVIDERS
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
        assert desk.client.post(f"{path}/calendars", data={"csrf": csrf}).status_code == 404
    assert desk.dump() == before
    assert other not in desk.client.get("/settings").text


def test_no_form_works_without_its_token_or_without_a_session(
    desk: Desk, csrf: str, ada: str
) -> None:
    before = desk.dump()
    paths = [
        rule.replace("<connection_id>", ada)
        for method, rule, _ in ROUTES
        if method == "POST" and "/settings" in rule
    ]
    assert len(paths) == 6
    for path in paths:
        for token in ("", "guessed", csrf[:-1]):
            assert send(desk, token, path, provider="google").status_code == 403, path
    desk.client.delete_cookie("coachcal-page")
    for path in paths:
        assert send(desk, csrf, path, provider="google").status_code in (401, 403), path
    for path in ("/settings", "/settings/accounts", f"/settings/connections/{ada}/disconnect"):
        assert desk.client.get(path).status_code == 401, path
    assert desk.dump() == before
