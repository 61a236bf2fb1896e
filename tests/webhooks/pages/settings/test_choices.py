"""Calendars on the settings page: which block, which one receives sessions; limits and the
tentative switch; and one Save for all of it.
"""

import re
from dataclasses import replace
from typing import Any

import pytest

from domain.accounts import Calendar
from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.settings_page import (
    COUNT,
    FRAGMENT,
    connection,
    enter,
    send,
    stored,
)

ACCOUNT = re.compile(r'name=account value="([^"]+)"')
OPTION = re.compile(r'<option(?: value="([^"]*)")?([^>]*)>')


def blocking(desk: Desk) -> dict[str, bool]:
    (profile,) = connection(desk)["profiles"]
    return {it["name"]: it["blocks"] for it in profile["calendars"]}


def choices(page: str) -> dict[str, str]:
    """The calendars that may receive sessions, as the page offers them: selected, disabled or
    neither.
    """
    menu = page[page.index('<select id="receives"') :].partition("</select>")[0]
    return {value: attributes.strip() for value, attributes in OPTION.findall(menu)}


def test_one_save_takes_hours_buffers_calendars_limits_and_the_switch(
    desk: Desk, csrf: str, ada: str
) -> None:
    before = COUNT.findall(desk.client.get("/settings").text)
    choice: dict[str, Any] = {"account": ada, "calendar": [people.HOME], "receives": people.HOME}
    limits = {"per_day": "4", "per_week": "", "tentative": "0"}
    answer = send(desk, csrf, pre="30", hours__sat="10-12", **choice, **limits)
    assert (answer.status_code, answer.location) == (303, "/settings?said=saved")
    coach = stored(desk)
    assert (coach.pre, coach.per_day, coach.per_week) == (30, 4, None)
    assert not coach.tentative_blocks
    assert blocking(desk) == {"Work": False, "Home": True}
    page = desk.client.get("/settings").text
    assert choices(page) == {"": "", people.WORK: "", people.HOME: "selected"}
    assert COUNT.findall(page) != before
    # And what is not sent stays as it is
    assert send(desk, csrf, version=str(coach.version), post="20").status_code == 303
    coach = stored(desk)
    assert (coach.post, coach.per_day, coach.tentative_blocks) == (20, 4, False)
    assert blocking(desk) == {"Work": False, "Home": True}
    assert choices(desk.client.get("/settings").text)[people.HOME] == "selected"


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"pre": "soon"}, 422, 'id="problem-pre"'),
        ({"per_day": "-1"}, 422, 'id="problem-per_day"'),
        ({"per_week": "1001"}, 422, 'id="problem-per_week"'),
        ({"per_week": "many"}, 422, 'id="problem-per_week"'),
        ({"version": "7"}, 409, "changed elsewhere"),
        ({"calendar": ["cal_of_somebody"]}, 409, "The list of calendars has changed"),
        ({"receives": "cal_of_somebody"}, 409, "The list of calendars has changed"),
        ({"receives": "\0"}, 409, "The list of calendars has changed"),
        ({"account": "con_nobody"}, 409, "The list of calendars has changed"),
    ],
)
def test_with_one_thing_wrong_nothing_of_the_page_is_saved(
    one_desk: Desk, wrong: dict[str, Any], status: int, told: str
) -> None:
    ada = people.ready(one_desk.database)
    csrf = enter(one_desk)
    before = one_desk.dump()
    sent = {"account": ada, "calendar": [people.HOME], "receives": people.HOME, "post": "45"}
    answer = send(one_desk, csrf, **sent | wrong)
    assert answer.status_code == status
    assert told in answer.text
    assert one_desk.dump() == before
    # And what was typed stands there
    assert re.search(r'name="post"[^>]* value="45"', answer.text)
    if status == 422:
        assert "autofocus" in answer.text
        assert choices(answer.text)[people.HOME] == "selected"
        assert re.search(rf'name=calendar value="{people.WORK}">', answer.text)


def test_a_calendar_of_another_coach_s_is_as_one_that_never_was(desk: Desk, csrf: str) -> None:
    people.introduce(desk.database, people.coach(id="bob"))
    profile = replace(people.ACCOUNT.profiles[0], calendars=(Calendar("cal_bob", "Bob"),))
    bobs = people.connect(desk.database, "bob", sub="acc_bob")
    people.read(
        desk.database, bobs, account=replace(people.ACCOUNT, sub="acc_bob", profiles=(profile,))
    )
    before = desk.dump()
    foreign = ({"receives": "cal_bob"}, {"account": bobs}, {"calendar": ["cal_bob"]},
               {"account": bobs, "calendar": ["cal_bob"]})  # fmt: skip
    for sent in foreign:
        assert send(desk, csrf, **sent).status_code == 409
    assert desk.dump() == before


def test_a_calendar_that_came_while_the_page_was_open_goes_on_blocking(one_desk: Desk) -> None:
    connection_id = people.ready(one_desk.database)
    csrf = enter(one_desk)
    shown = ACCOUNT.findall(one_desk.client.get("/settings").text)
    # Given a third calendar, which is read before the coach saves
    (profile,) = people.ACCOUNT.profiles
    three = (*profile.calendars, Calendar("cal_family", "Family"))
    found = replace(people.ACCOUNT, profiles=(replace(profile, calendars=three),))
    people.mark_dirty(one_desk.database, connection_id)
    people.read(one_desk.database, connection_id, account=found)
    there = {"Work": True, "Home": True, "Family": True}
    # When the form comes, on which it has no tick
    sent: dict[str, Any] = {"account": shown, "calendar": [people.HOME], "post": "45"}
    answer = send(one_desk, csrf, **sent)
    # Then nothing is saved, and the page has it
    assert answer.status_code == 409
    assert "The list of calendars has changed" in answer.text
    assert blocking(one_desk) == there
    assert 'name=calendar value="cal_family" checked' in answer.text
    assert re.search(r'name="post"[^>]* value="45"', answer.text)
    # And sent again, the choice is among all of them
    sent = {"account": ACCOUNT.findall(answer.text), "calendar": [people.HOME, "cal_family"]}
    assert send(one_desk, csrf, **sent).status_code == 303
    assert blocking(one_desk) == there | {"Work": False}


def test_saving_again_moves_no_session(desk: Desk, csrf: str, ada: str) -> None:
    send(desk, csrf, receives=people.HOME)
    before = desk.dump()
    assert send(desk, csrf, account=ada, calendar=[people.HOME, people.WORK],
                receives=people.HOME).status_code == 303  # fmt: skip
    assert desk.dump() == before


@pytest.mark.parametrize(
    ("home", "told", "shown"),
    [
        (
            Calendar(people.HOME, "Home", readonly=True),
            "Home cannot receive sessions just now, so they go to Work.",
            {people.HOME: "selected disabled"},
        ),
        (None, "The calendar that you chose is no longer there, so sessions go to Work.", {}),
    ],
)
def test_the_page_says_so_while_the_chosen_calendar_cannot_receive(
    one_desk: Desk, home: Calendar | None, told: str, shown: dict[str, str]
) -> None:
    connection_id = people.ready(one_desk.database)
    csrf = enter(one_desk)
    send(one_desk, csrf, receives=people.HOME)
    there = (Calendar(people.WORK, "Work"), *([home] if home else ()))
    found = replace(
        people.ACCOUNT, profiles=(replace(people.ACCOUNT.profiles[0], calendars=there),)
    )
    people.mark_dirty(one_desk.database, connection_id)
    people.read(one_desk.database, connection_id, account=found)
    page = one_desk.client.get("/settings").text
    assert told in page
    assert choices(page).items() >= ({people.WORK: ""} | shown).items()
    # And what cannot be chosen just now stays chosen, whatever else is saved
    assert send(one_desk, csrf, post="20").status_code == 303
    assert told in one_desk.client.get("/settings").text
    # And one that has become read-only since the page was shown is not chosen
    if home:
        send(one_desk, csrf, version="2", receives="")
        answer = send(one_desk, csrf, version="3", receives=people.HOME)
        assert answer.status_code == 409
        assert "The list of calendars has changed" in answer.text
    # And when nothing can receive any, it says that
    with one_desk.database.write() as tx:
        tx.execute(tables.connections.update().values(trouble="revoked"))
    assert "No calendar can receive sessions just now" in one_desk.client.get("/settings").text


def test_the_preview_says_that_ticked_calendars_count_once_saved(desk: Desk, csrf: str, ada: str
) -> None:  # fmt: skip
    path, later = "/settings/preview", 'id="calendars-later"'
    ticked = {"account": ada, "calendar": [people.HOME]}
    assert later in send(desk, csrf, path, headers=FRAGMENT, **ticked).text
    ticked["calendar"] = [people.HOME, people.WORK]
    assert later not in send(desk, csrf, path, headers=FRAGMENT, **ticked).text


def test_limits_and_the_switch_change_the_coming_week(one_desk: Desk) -> None:
    people.ready(one_desk.database)
    csrf = enter(one_desk)
    page = one_desk.client.get("/settings").text
    assert 'name="per_day"' in page
    assert re.search(r'name="tentative" value="1"[^>]* checked', page)
    fewer = send(one_desk, csrf, "/settings/preview", headers=FRAGMENT, per_day="0").text
    assert COUNT.findall(fewer) == ["0"]
