"""Pausing and resuming on the ops pages and by command: who did it is told, here and in the
audit.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from storage.rows import audit_log
from storage.schema.database import Database
from tests.browser import scene
from tests.support.http_client import Desk
from tests.support.ops_pages import HTMX_ASKS, csrf, do, state


def post(desk: Desk, path: str, **fields: str) -> Any:
    data = {"csrf": csrf(desk.client.get("/ops"))} | fields
    return desk.client.post(f"/ops/pauses{path}", data=data)


def test_a_pause_is_told_on_the_first_page_until_it_is_resumed(inside: Desk) -> None:
    scene.owe(inside.database, scene.owed(1))
    assert post(inside, "", what="mail").location == "/ops/pauses"
    line = inside.client.get("/ops/live").text
    assert re.search(r"Mails are paused for 0 s, by ops/\w+: 1 wait", line)
    assert "Mail is not leaving" not in line
    assert "Runbook: CoachcalPaused" in line
    assert "Pause calendar writes" in inside.client.get("/ops/pauses").text
    post(inside, "/resume", what="mail")
    assert "Mails are paused" not in inside.client.get("/ops/live").text
    with inside.database.read() as tx:
        deeds = [(deed.action, deed.target, deed.detail) for deed in audit_log.deeds(tx)]
    assert ("pause", "mail", "1 wait at this moment") in deeds
    assert ("resume", "mail", "1 waited") in deeds


@pytest.mark.parametrize(
    ("action", "make"),
    [
        ("retry", lambda database: scene.owe(database, scene.owed(1))[0]),
        ("requeue", scene.dead_letter),
    ],
)
def test_of_a_paused_message_nobody_is_told_that_it_is_on_its_way(
    inside: Desk, action: str, make: Callable[[Database], str]
) -> None:
    mine = make(inside.database)
    post(inside, "", what="mail")
    answer = do(inside, f"/ops/outbox/{mine}/{action}", headers=HTMX_ASKS)
    assert f"{mine} leaves when it is resumed: it is paused." in answer.headers["HX-Trigger"]
    assert state(inside, mine) == "pending"


def test_a_company_is_paused_by_its_name_and_shown_harmless(inside: Desk) -> None:
    post(inside, "", company="<b>acme</b>")
    page = inside.client.get("/ops/pauses").text
    assert "Mails of &lt;b&gt;acme&lt;/b&gt;" in page
    post(inside, "/resume", what="company", company="<b>acme</b>")
    assert "all that is owed leaves" in inside.client.get("/ops/pauses").text


@pytest.mark.parametrize(
    "fields",
    [{}, {"what": "read"}, {"what": "company"}, {"company": "x" * 129}, {"company": "a\tb\nc"}],
)
def test_what_cannot_be_paused_is_refused_and_nothing_changes(
    inside: Desk, fields: dict[str, str]
) -> None:
    assert post(inside, "", **fields).status_code == 422
    assert "all that is owed leaves" in inside.client.get("/ops/pauses").text
