"""The settings of somebody with more accounts than anybody has are light, too."""

from dataclasses import replace

import pytest

from domain.accounts import Calendar, Profile
from tests.support import page_visitor, people
from tests.support.http_client import Desk
from tests.support.page_visitor import follow, path_of
from tests.webhooks.pages.test_weight import LANGUAGES, LONG, light, weighed

ACCOUNTS, CALENDARS = 6, 40


def many_accounts(desk: Desk) -> None:
    """Ada's, with more calendars than anybody has, of long names."""
    database = desk.database
    people.introduce(database, replace(people.MAILED, name=LONG))
    for number in range(ACCOUNTS):
        share = range(number, CALENDARS, ACCOUNTS)
        calendars = [
            Calendar(f"cal_{each:024}", f"Team {each} of {LONG[:24]}", primary=each == number)
            for each in share
        ]
        name = f"{LONG[:40]}@{number}.test"
        profile = Profile(f"pro_{number}", "google", "gsuite", name, calendars=tuple(calendars))
        connection_id = people.connect(database, sub=f"acc_{number}")
        account = replace(people.ACCOUNT, sub=f"acc_{number}", profiles=(profile,))
        people.read(database, connection_id, (people.at(2, 9 + number), people.at(2, 10)),
                    account=account)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_settings_of_many_accounts(one_desk: Desk, language: str) -> None:
    many_accounts(one_desk)
    asked = {"purpose": "settings", "coach_id": "ada", "language": language}
    made = page_visitor.link(one_desk, participant=None, **asked)
    assert follow(one_desk.client, path_of(made)).status_code == 303
    page = one_desk.client.get("/settings", buffered=True)
    assert page.text.count("type=checkbox name=calendar") == CALENDARS
    light(weighed(one_desk.client, "/settings", page))
