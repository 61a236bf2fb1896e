"""Many pods at once over HTTP: what is too many is refused, and nothing is cut or mixed up."""

from dataclasses import replace
from typing import Any

import pytest

from domain.pod_shells import PodShell
from domain.sessions import Context
from storage.transactions import pod_shells
from tests.support import people
from tests.support.booking_requests import post, refused, send
from tests.support.http_client import Desk

BARE = {"min_seats": 1, "max_seats": 200}


def shells(desk: Desk, count: int) -> list[str]:
    answer = post(desk, "/v1/shells", {"shells": [BARE] * count})
    assert answer.status_code == 201, answer.text
    return [shell["pod_id"] for shell in answer.json["shells"]]


def somebody(number: int) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "name": f"P{number}",
        "email": f"p{number}@example.test",
        "zone": "UTC",
    }


@pytest.mark.parametrize(("pods", "most"), [(1, 100), (2, 50), (50, 2)])
def test_more_seats_than_a_hundred_at_once_are_refused_and_nobody_gets_one(
    desk: Desk, pods: int, most: int
) -> None:
    """Each is given under the locks of all coaches."""
    ids = shells(desk, pods)
    body: dict[str, Any] = {"pod_ids": ids, "assign": list(map(somebody, range(most + 1)))}
    before = desk.dump()
    told = refused(send(desk, "PATCH", "/v1/pods", body), 422, "too_many")
    assert told["field"] == "assign"
    assert desk.dump() == before
    body["assign"].pop()
    given = send(desk, "PATCH", "/v1/pods", body).json["shells"]
    assert [len(shell["participants"]) for shell in given] == [most] * pods


def test_what_was_changed_is_answered_in_the_order_in_which_it_was_named(desk: Desk) -> None:
    ids = sorted(shells(desk, 4))
    for named in (ids, ids[::-1], [*ids[2:], *ids[:2]]):
        answer = send(desk, "PATCH", "/v1/pods", {"pod_ids": named, "title": "x"})
        assert [shell["pod_id"] for shell in answer.json["shells"]] == named


def test_a_list_that_would_be_cut_is_refused_and_can_be_had_of_fewer(desk: Desk) -> None:
    shell = PodShell("", 1, 3, "open", people.NOW, context=Context(cohort="c1"))
    with desk.database.write() as tx:
        pod_shells.make(tx, [shell] * 500)
    assert len(desk.get("/v1/shells").json["shells"]) == 500
    with desk.database.write() as tx:
        pod_shells.make(tx, [replace(shell, context=Context(cohort="c2"))])
    assert refused(desk.get("/v1/shells"), 422, "too_many")["field"] == "cohort"
    assert len(desk.get("/v1/shells?cohort=c1").json["shells"]) == 500
