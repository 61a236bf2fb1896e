"""Tiles of coaches: synced, state and as_of for many at once."""

from collections.abc import Callable

import pytest

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from webhooks.api.schemas.requests import MOST_COACHES
from webhooks.front.kinds import LONGEST_TARGET


def test_tiles_tell_of_each_coach_whether_the_calendars_are_connected_and_healthy(
    desk: Desk, ada: str
) -> None:
    people.introduce(desk.database, people.coach(id="bob"))
    answer = desk.get("/v1/coach_states?ids=bob,nobody,ada", "coaches:read")
    assert answer.status_code == 200
    found = answer.json
    for tile in found["coaches"]:
        assert tile.pop("badge_url").startswith(
            f"http://127.0.0.1:8000/v1/coaches/{tile['id']}/badge.svg?sig="
        )
    assert found == {
        "coaches": [
            {"id": "bob", "synced": False, "state": "unconnected", "as_of": None},
            {"id": "ada", "synced": True, "state": "fresh", "as_of": "2026-06-01T08:00:00Z"},
        ],
        "unknown": ["nobody"],
    }


def test_a_tile_tells_what_the_coach_s_own_page_tells(desk: Desk, ada: str) -> None:
    for push in (False, True):
        if push:
            desk.push()
        (tile,) = desk.get("/v1/coach_states?ids=ada").json["coaches"]
        del tile["badge_url"]
        page = desk.get("/v1/coaches/ada").json
        assert tile == {name: page[name] for name in ("id", "synced", "state", "as_of")}


def test_two_hundred_coaches_fit_and_one_more_does_not(
    fresh_database: Callable[[Kind], str],
) -> None:
    ids = [f"coach-{number:030}" for number in range(MOST_COACHES + 1)]  # as long as a UUID
    with desks.opened(fresh_database("sqlite")) as desk:
        answer = desk.get(f"/v1/coach_states?ids={','.join(ids[:-1])}")
        assert (answer.status_code, len(answer.json["unknown"])) == (200, MOST_COACHES)
        assert desk.get(f"/v1/coach_states?ids={','.join(ids)}").status_code == 422
    # And the server takes a path as long as that
    assert len(f"/v1/coach_states?ids={','.join(ids[:-1])}") < LONGEST_TARGET


@pytest.mark.parametrize(
    "query", ["", "?ids=", "?ids=a,,b", "?ids=a b", "?ids=ada&ids=", "?ids=ada&more=1"]
)
def test_what_is_no_list_of_ids_is_refused(one_desk: Desk, query: str) -> None:
    answer = one_desk.get(f"/v1/coach_states{query}")
    assert answer.status_code == 422
    assert answer.json["field"].partition("[")[0] in ("ids", "more")


def test_ids_may_be_repeated_or_joined_by_commas(one_desk: Desk) -> None:
    told = [
        one_desk.get(f"/v1/coach_states?{query}").json["unknown"]
        for query in ("ids=x,y,z", "ids=x&ids=y&ids=z", "ids=x&ids=y,z")
    ]
    assert told == [["x", "y", "z"]] * 3


def test_tiles_are_for_who_may_read_coaches(one_desk: Desk) -> None:
    assert one_desk.get("/v1/coach_states?ids=ada", "slots:read", "ops").status_code == 403
    assert one_desk.look("/v1/coach_states?ids=ada").status_code == 401
