"""The ops pages without a browser: what a form must bring."""

import re
from typing import Any

import pytest
from sqlalchemy import event

from tests.browser import scene
from tests.support import people
from tests.support.http_client import Desk
from tests.support.ops_pages import csrf, do, log_in, state
from webhooks.app import create_app


@pytest.mark.parametrize("token", [None, "", "wrong", "\N{SNOWMAN}"])
def test_a_form_without_our_token_does_nothing(inside: Desk, token: str | None) -> None:
    mine = scene.dead_letter(inside.database)
    people.ready(inside.database)
    data = {} if token is None else {"csrf": token}
    before = inside.dump()
    for path in (
        f"outbox/{mine}/requeue",
        f"outbox/{mine}/discard",
        "coaches/ada/refresh",
        "logout",
        "login",
    ):
        answer = inside.client.post(f"/ops/{path}", data=data)
        assert answer.status_code == 403, path
        assert "Nothing was done" in answer.text
    assert inside.dump() == before


def test_a_token_of_another_session_is_none_of_ours(inside: Desk) -> None:
    stranger = create_app(inside.runtime).test_client()
    log_in(stranger, inside.key("ops"))
    mine = scene.dead_letter(inside.database)
    theirs = csrf(stranger.get("/ops"))
    assert (
        inside.client.post(f"/ops/outbox/{mine}/requeue", data={"csrf": theirs}).status_code == 403
    )
    assert state(inside, mine) == "dead"


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "http://localhost.evil.test", "http://localhost:81"]
)
def test_a_form_from_another_site_does_nothing(inside: Desk, origin: str) -> None:
    mine = scene.dead_letter(inside.database)
    before = inside.dump()
    for path in (f"outbox/{mine}/requeue", f"outbox/{mine}/discard", "logout", "login"):
        assert do(inside, f"/ops/{path}", headers={"Origin": origin}).status_code == 403, path
    assert inside.dump() == before
    assert inside.client.get("/ops").headers["Referrer-Policy"] == "same-origin"
    assert (
        do(
            inside, f"/ops/outbox/{mine}/requeue", headers={"Origin": "http://localhost"}
        ).status_code
        == 303
    )


def test_a_page_asks_for_the_key_of_its_visitor_alone(inside: Desk) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.extend(re.findall(r"FROM api_keys.*", statement, re.DOTALL))

    event.listen(inside.database.engine, "before_cursor_execute", note)
    assert inside.client.get("/ops").status_code == 200
    event.remove(inside.database.engine, "before_cursor_execute", note)
    assert len(asked) == 1
    assert "WHERE api_keys.id = " in asked[0]
