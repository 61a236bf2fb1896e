"""More settings are light, with as much chosen as anybody has."""

from dataclasses import replace

import pytest

from tests.support import page_visitor, people
from tests.support.http_client import Desk
from tests.support.page_visitor import follow, path_of
from tests.support.page_weight import LANGUAGES, LONG, light, weighed


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_settings_in_the_country_with_most_regions(one_desk: Desk, language: str) -> None:
    people.introduce(one_desk.database, replace(people.MAILED, name=LONG))
    asked = {"purpose": "settings", "coach_id": "ada", "language": language}
    made = page_visitor.link(one_desk, participant=None, **asked)
    assert follow(one_desk.client, path_of(made)).status_code == 303
    place = "/settings/more?country=US"
    page = one_desk.client.get(place, buffered=True)
    assert page.status_code == 200
    light(weighed(one_desk.client, place, page))
