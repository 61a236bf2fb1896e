"""The settings of somebody with more accounts than anybody has are light, too."""

import pytest

from storage.schema import tables
from tests.support import page_visitor
from tests.support.http_client import Desk
from tests.support.page_visitor import follow, path_of
from tests.support.page_weight import CALENDARS, LANGUAGES, light, many_accounts, weighed


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_settings_of_many_accounts(one_desk: Desk, language: str) -> None:
    many_accounts(one_desk)
    asked = {"purpose": "settings", "coach_id": "ada", "language": language}
    made = page_visitor.link(one_desk, participant=None, **asked)
    assert follow(one_desk.client, path_of(made)).status_code == 303
    page = one_desk.client.get("/settings", buffered=True)
    assert page.text.count("type=checkbox name=calendar") == CALENDARS
    light(weighed(one_desk.client, "/settings", page))


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_what_each_access_mode_means(one_desk: Desk, language: str) -> None:
    many_accounts(one_desk)
    row = tables.profiles.c
    with one_desk.database.write() as tx:
        for profile_id, mode in (("pro_1", "free_busy"), ("pro_2", "no_access")):
            tx.execute(tables.profiles.update().where(row.id == profile_id).values(mode=mode))
        tx.execute(tables.connections.update().where(tables.connections.c.sub == "acc_2")
                   .values(trouble="no_access"))  # fmt: skip
    asked = {"purpose": "settings", "coach_id": "ada", "language": language}
    made = page_visitor.link(one_desk, participant=None, **asked)
    assert follow(one_desk.client, path_of(made)).status_code == 303
    page = one_desk.client.get("/settings", buffered=True)
    light(weighed(one_desk.client, "/settings", page))
