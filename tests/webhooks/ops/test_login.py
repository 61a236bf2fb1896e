"""The ops pages without a browser: who gets in, for how long, and where to."""

import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import Connection

from storage.rows import api_keys
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk
from tests.support.ops_pages import HTMX_ASKS, csrf, deeds, do, later, log_in
from webhooks import ops
from webhooks.app import create_app


def set_key(tx: Connection, **values: Any) -> None:
    tx.execute(tables.api_keys.update().values(values))


def test_nobody_gets_in_without_logging_in(one_desk: Desk) -> None:
    for method, rule, view in ops.ROUTES:
        path = "/ops" + re.sub(r"<\w+>", "ada", rule)
        answer = one_desk.client.open(path, method=method)
        if view.__name__ == "login_form":
            assert answer.status_code == 200
        elif view.__name__.startswith("oidc_"):  # no provider is named here
            assert answer.status_code == 404
        elif method == "POST":
            assert answer.status_code in (401, 403), path
        else:
            assert (answer.status_code, answer.location) == (303, f"/ops/login?next={path}"), path
    fragment = one_desk.client.get("/ops/live", headers=HTMX_ASKS)
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, "/ops/login")


def test_an_api_key_in_a_header_opens_no_page(one_desk: Desk) -> None:
    assert one_desk.get("/ops", "ops").status_code == 303


def test_a_login_leads_where_one_wanted_to_go_and_never_elsewhere(one_desk: Desk) -> None:
    key = one_desk.key("ops")
    for wanted, leads in (
        ("/ops/coaches/ada", "/ops/coaches/ada"),
        ("", "/ops"),
        ("//evil.test/ops", "/ops"),
        ("https://evil.test", "/ops"),
        ("/ops/../../evil\r\nX: y", "/ops"),
        ("/opsy", "/ops"),
        ("/ops/../../x", "/ops"),
        ("/ops/..", "/ops"),
        ("/ops/./x", "/ops"),
        ("/ops/coaches/..ada", "/ops/coaches/..ada"),
    ):
        one_desk.client.delete_cookie("coachcal-ops")
        assert log_in(one_desk.client, key, next=wanted).location == leads, wanted
    assert deeds(one_desk)[0] == ("login", "ops")


def test_a_key_of_another_scope_is_refused_and_told_what_it_lacks(one_desk: Desk) -> None:
    every_other = tuple(scope for scope in api_keys.SCOPES if scope not in ("ops", "ops:read"))
    answer = log_in(one_desk.client, one_desk.key(*every_other))
    assert answer.status_code == 403
    assert "lacks the scope ops" in answer.text
    assert one_desk.client.get("/ops").status_code == 303
    assert deeds(one_desk) == []


@pytest.mark.parametrize("key", ["", "cck_0_unknown", "x" * 300, "cck_\N{SNOWMAN}_\0"])
def test_an_unknown_key_is_refused(one_desk: Desk, key: str) -> None:
    answer = log_in(one_desk.client, key)
    assert answer.status_code == 401
    assert "unknown, expired or revoked" in answer.text
    assert one_desk.client.get("/ops").status_code == 303


@pytest.mark.parametrize(
    ("url", "name", "secure"),
    [
        ("https://ops.test", "__Host-coachcal-ops", True),
        ("http://127.0.0.1:8000", "coachcal-ops", False),
    ],
)
def test_the_cookie_is_for_our_pages_alone(
    database_url: str, url: str, name: str, secure: bool
) -> None:
    with desks.opened(
        database_url, broker=StubBroker(), public_url=url, internal_port=None
    ) as desk:
        client = desk.client
        page = client.get("/ops/login", base_url=url)
        data = {"csrf": csrf(page), "key": desk.key("ops")}
        answer = client.post("/ops/login", data=data, base_url=url)
        flags = [part.strip() for part in answer.headers["Set-Cookie"].split(";")]
        assert flags[0].startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=28800"} <= set(flags)
        assert ("Secure" in flags) is secure
        assert not any(part.startswith("Domain") for part in flags)
        assert desk.key("ops").split("_", 2)[2] not in answer.headers["Set-Cookie"]
        assert client.get("/ops", base_url=url).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"revoked_at": people.NOW},
        {"expires_at": people.NOW},
    ],
)
def test_a_key_that_ends_ends_its_sessions_at_once(inside: Desk, changed: dict[str, Any]) -> None:
    with inside.database.write() as tx:
        set_key(tx, **changed)
    assert inside.client.get("/ops").status_code == 303


def test_a_key_that_loses_the_scope_ends_its_sessions_at_once(inside: Desk) -> None:
    with inside.database.write() as tx:
        tx.execute(tables.api_clients.update().values(scopes=["slots:read"]))
    assert inside.client.get("/ops").status_code == 303


def test_a_session_lasts_eight_hours(inside: Desk) -> None:
    with later(inside, hours=7.99) as client:
        assert client.get("/ops").status_code == 200
    with later(inside, hours=8) as client:
        assert client.get("/ops").status_code == 303


def test_a_session_survives_a_rotation_of_the_keys_and_dies_with_the_key_that_signed_it(
    inside: Desk,
) -> None:
    old = inside.runtime.settings.secret_keys[0].get_secret_value()
    new = Fernet.generate_key().decode()
    with later(inside, secret_keys=f"{new},{old}") as client:
        assert client.get("/ops").status_code == 200
    with later(inside, secret_keys=new) as client:
        assert client.get("/ops").status_code == 303


def test_a_cookie_that_was_touched_is_nobody_s(inside: Desk) -> None:
    cookie = inside.client.get_cookie("coachcal-ops")
    assert cookie is not None
    middle = len(cookie.value) // 2
    other = "A" if cookie.value[middle] != "A" else "B"
    for value in (
        cookie.value[:middle] + other + cookie.value[middle + 1 :],
        "",
        "x.y",
        cookie.value + "A",
    ):
        inside.client.set_cookie("coachcal-ops", value)
        assert inside.client.get("/ops").status_code == 303


def test_who_logs_out_is_out(inside: Desk) -> None:
    assert do(inside, "/ops/logout").location == "/ops/login"
    assert inside.client.get("/ops").status_code == 303
    assert sorted(action for action, _ in deeds(inside)) == ["login", "logout"]


def test_a_cookie_that_was_copied_before_a_logout_is_worth_nothing_after_it(inside: Desk) -> None:
    # Given a cookie that somebody copied, and another session of the same key
    copied = inside.client.get_cookie("coachcal-ops")
    assert copied is not None
    colleague = create_app(inside.runtime).test_client()
    log_in(colleague, inside.key("ops"))
    # When the one logs out
    page = csrf(inside.client.get("/ops"))
    do(inside, "/ops/logout")
    # Then the copy opens nothing and does nothing, and the other session goes on
    inside.client.set_cookie(copied.key, copied.value)
    assert inside.client.get("/ops").status_code == 303
    assert inside.client.post("/ops/logout", data={"csrf": page}).status_code in (401, 403)
    assert colleague.get("/ops").status_code == 200
    # And the audit does not hold what the forms are signed with
    assert page not in repr(inside.dump()["ops_audit"])
