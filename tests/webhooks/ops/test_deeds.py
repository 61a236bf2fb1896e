"""The ops pages without a browser: what each deed does and leaves in the diary."""

import re
from dataclasses import replace

import pytest

from tests.browser import scene
from tests.support import people
from tests.support.http_client import Desk
from tests.support.ops_pages import HTMX_ASKS, csrf, deeds, do, state


@pytest.mark.parametrize(("action", "becomes"), [("requeue", "pending"), ("discard", "superseded")])
def test_a_dead_letter_is_requeued_or_discarded_and_the_diary_tells(
    inside: Desk, action: str, becomes: str
) -> None:
    mine = scene.dead_letter(inside.database)
    answer = do(inside, f"/ops/outbox/{mine}/{action}", headers=HTMX_ASKS)
    assert answer.status_code == 204
    assert mine in answer.headers["HX-Trigger"]
    assert state(inside, mine) == becomes
    assert deeds(inside).count((action, mine)) == 1
    again = do(inside, f"/ops/outbox/{mine}/{action}", headers=HTMX_ASKS)
    assert "Nothing was done" in again.headers["HX-Trigger"]
    assert deeds(inside).count((action, mine)) == 1


@pytest.mark.parametrize(("action", "becomes"), [("retry", "pending"), ("withhold", "superseded")])
def test_a_waiting_message_is_retried_or_withheld(inside: Desk, action: str, becomes: str) -> None:
    (mine,) = scene.owe(inside.database, scene.owed(1))
    assert do(inside, f"/ops/outbox/{mine}/{action}").location == f"/ops/outbox/{mine}"
    assert state(inside, mine) == becomes
    assert (action, mine) in deeds(inside)
    assert action in inside.client.get("/ops/audit").text


def test_what_is_not_there_cannot_be_acted_on_or_looked_at(inside: Desk) -> None:
    for action in ("requeue", "discard", "retry", "withhold"):
        assert do(inside, f"/ops/outbox/out_nothing/{action}").status_code == 404
    for action in ("refresh",):
        assert do(inside, f"/ops/coaches/nobody/{action}").status_code == 404
    for path in (
        "outbox/out_nothing",
        "coaches/nobody",
        "outbox?state=odd",
        "find?id=nobody",
        "coaches/a%20b",
        "x",
    ):
        assert inside.client.get(f"/ops/{path}").status_code == 404, path
    assert inside.client.get("/ops/find?id=%00").status_code == 422


def test_an_id_leads_to_its_page(inside: Desk) -> None:
    people.ready(inside.database)
    mine = scene.dead_letter(inside.database)
    assert inside.client.get(f"/ops/find?id=%20{mine}").location == f"/ops/outbox/{mine}"
    assert inside.client.get("/ops/find?id=ada").location == "/ops/coaches/ada"


def test_a_refresh_owes_a_read_wakes_for_it_and_tells_what_it_changed(inside: Desk) -> None:
    connection_id = people.ready(
        inside.database, people.MAILED, (people.at(2, 9), people.at(2, 10))
    )
    asked = do(inside, "/ops/coaches/ada/refresh")
    assert "Reading 1 account" in asked.text
    assert inside.owes(connection_id) == 1
    assert inside.woken() == [connection_id]
    assert ("refresh", "ada") in deeds(inside)
    before = re.search(r'name="before" value="([^"]+)"', asked.text)
    assert before is not None
    data = {"csrf": csrf(asked), "before": before[1]}
    assert "Reading 1 account" in inside.client.post("/ops/coaches/ada/difference", data=data).text
    people.read(inside.database, connection_id, of=people.MAILED)  # the event is gone
    told = inside.client.post("/ops/coaches/ada/difference", data=data).text
    # 60 minutes, buffers of 15: with an event at 09:00-10:00 starts from 08:00 (the hours begin) to
    # 10:00 are closed
    assert re.search(r"60 min</th>\s*<td><b class=\"gained\">\+9</b>", told)
    assert "2026-06-02T08:00:00Z" in told
    assert 'class="lost">−0' in told


def test_what_was_open_before_is_believed_only_in_our_own_words(inside: Desk) -> None:
    people.ready(inside.database)
    people.ready(inside.database, replace(people.MAILED, id="bob"))
    token = re.search(r'name="before" value="([^"]+)"', do(inside, "/ops/coaches/ada/refresh").text)
    assert token is not None
    page = csrf(inside.client.get("/ops"))
    cookie = inside.client.get_cookie("coachcal-ops")
    assert cookie is not None
    for coach, before in (
        ("bob", token[1]),
        ("ada", token[1] + "x"),
        ("ada", ""),
        ("ada", cookie.value),
    ):
        answer = inside.client.post(
            f"/ops/coaches/{coach}/difference", data={"csrf": page, "before": before}
        )
        assert answer.status_code == 403


def test_a_coach_without_an_account_has_nothing_to_refresh(inside: Desk) -> None:
    people.introduce(inside.database)
    assert "no calendar account" in do(inside, "/ops/coaches/ada/refresh").text
