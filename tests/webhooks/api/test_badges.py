"""The symbol on a coach's tile: its states in words, for whoever has the signed address, kept for a
minute.
"""

from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from domain.freshness import State
from tests.browser import scene
from tests.support import people
from tests.support.http_client import Desk

STATES = get_args(State)
WORDS: dict[State, str] = {
    "fresh": "Calendar synced",
    "refreshing": "Calendar synced",
    "stale": "Calendar out of date",
    "initial_sync": "Calendar syncing for the first time",
    "disconnected": "Calendar disconnected",
    "no_access": "Calendar not readable",
    "unconnected": "No calendar connected",
}


def badge(desk: Desk, coach_id: str) -> str:
    (tile,) = desk.get(f"/v1/coaches?ids={coach_id}").json["coaches"]
    return str(tile["badge_url"]).removeprefix("http://127.0.0.1:8000")


def words_of(svg: str) -> str:
    root = ET.fromstring(svg)
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert root.get("role") == "img"
    assert root.get("aria-label") == title.text
    return str(title.text)


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_told_in_words_and_by_a_shape(one_desk: Desk, state: State) -> None:
    if state == "unconnected":
        scene.unconnected(one_desk.database, "coach-1")
    else:
        scene.in_state(one_desk.database, state, "coach-1")
    url = badge(one_desk, "coach-1")
    shown = one_desk.look(url)
    assert (shown.status_code, shown.mimetype) == (200, "image/svg+xml")
    assert words_of(shown.text) == WORDS[state]
    assert "Kalender" in words_of(one_desk.look(f"{url}&language=de-AT").text)
    assert ("M13.4" in shown.text) is (state in ("fresh", "refreshing"))


def test_a_page_of_a_platform_may_show_it_and_keep_it_for_a_minute(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    url = badge(one_desk, "ada")
    shown = one_desk.look(url)
    assert shown.headers["Cache-Control"] == "public, max-age=60"
    assert shown.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in shown.headers
    again = one_desk.look(url, headers={"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_nobody_finds_out_about_others_with_it(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    people.introduce(one_desk.database, people.coach(id="bob"))
    signature = badge(one_desk, "ada").partition("sig=")[2]
    for path in ("bob", "nobody", "a%00b"):
        for sent in (signature, "", "é", "x" * 200):
            answer = one_desk.look(f"/v1/coaches/{path}/badge.svg?sig={sent}")
            assert (answer.status_code, answer.json["code"]) == (404, "unknown_coach"), (path, sent)
    assert one_desk.look("/v1/coaches/ada/badge.svg").status_code == 422
