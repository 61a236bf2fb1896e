"""The two roles of the ops pages: whoever reads sees every page, and may do nothing."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage.rows import audit_log
from storage.schema import tables
from tests.browser import scene
from tests.support import people
from tests.support.http_client import Desk
from tests.support.ops_pages import HTMX_ASKS, csrf, log_in, state
from webhooks import ops
from webhooks.ops import roles

NO_PAGES = ("login_form", "oidc_begin", "oidc_finish")
"""They end, or begin, with nobody."""


def path_of(rule: str, outbox_id: str, about: dict[str, str] | None = None) -> str:
    named = {"outbox_id": outbox_id, "coach_id": "ada", "person_id": "ada", "deed_id": "blk_1"}
    named |= {"cause_id": "cau_1", "action": "requeue"} | (about or {})
    for name, value in named.items():
        rule = rule.replace(f"<{name}>", value)
    return "/ops" + rule.replace("<kind>", "mail")


def post(client: FlaskClient, path: str) -> TestResponse:
    return client.post(path, data={"csrf": csrf(client.get("/ops"))})


@pytest.fixture
def reader(desk: Desk) -> Desk:
    """Somebody who may look is logged in; erasing people is no help to them."""
    assert log_in(desk.client, desk.key("ops:read", "people:erase")).status_code == 303
    return desk


def test_whoever_reads_is_refused_every_deed_and_nothing_changes(reader: Desk) -> None:
    # Given a dead letter and a coach
    people.ready(reader.database, people.MAILED)
    mine = scene.dead_letter(reader.database)
    # When every deed that there is is tried, from a page that they may see
    for method, rule, view in ops.ROUTES:
        if method != "POST" or view.__name__ in ("login", "logout"):
            continue
        answer = post(reader.client, path_of(rule, mine))
        # Then each is refused by the server, with a stable code
        assert answer.status_code == 403, rule
        assert "<code>read_only_role</code>" in answer.text, rule
    assert state(reader, mine) == "dead"
    with reader.database.read() as tx:
        assert {deed.action for deed in audit_log.deeds(tx)} == {"login"}


def test_whoever_reads_sees_every_page_without_a_button_and_is_told_why(reader: Desk) -> None:
    people.ready(reader.database, people.MAILED)
    mine = scene.dead_letter(reader.database)
    about = scene.booked(reader)
    for method, rule, view in ops.ROUTES:
        if method != "GET" or view.__name__ in (*NO_PAGES, "find"):
            continue
        answer = reader.client.get(path_of(rule, mine, about), headers=HTMX_ASKS)
        assert answer.status_code == 200, rule
        for form in answer.text.split("<form")[1:]:
            deed = 'method="post"' in form.partition(">")[0]
            assert not deed or "/ops/logout" in form.partition(">")[0], rule
    assert "scope <code>ops:read</code>" in reader.client.get("/ops").text


def test_a_key_that_gains_or_loses_the_right_to_act_does_so_at_once(reader: Desk) -> None:
    mine = scene.dead_letter(reader.database)
    with reader.database.write() as tx:
        tx.execute(tables.api_clients.update().values(scopes=["ops"]))
    assert post(reader.client, f"/ops/outbox/{mine}/requeue").status_code == 303
    assert state(reader, mine) == "pending"
    with reader.database.write() as tx:
        tx.execute(tables.api_clients.update().values(scopes=["ops:read"]))
    assert post(reader.client, f"/ops/outbox/{mine}/withhold").status_code == 403
    assert state(reader, mine) == "pending"


def test_the_audit_tells_in_which_role_somebody_came(reader: Desk) -> None:
    with reader.database.read() as tx:
        (deed,) = audit_log.deeds(tx)
    assert deed.detail.endswith(", reading")


def test_the_stronger_scope_of_a_key_counts() -> None:
    assert roles.of_scopes(("ops:read", "ops")) == "acting"
    assert roles.of_scopes(("ops:read",)) == "reading"
    assert roles.of_scopes(("slots:read", "coach")) is None
