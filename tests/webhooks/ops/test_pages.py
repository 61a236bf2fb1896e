"""The ops pages without a browser: who gets in, what a form must bring, what is never shown, what
each deed leaves.
"""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker
from flask.testing import FlaskClient
from sqlalchemy import Connection, event

from storage.rows import api_keys, audit_log, sessions
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.browser import scene
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk
from webhooks import ops
from webhooks.app import create_app
from webhooks.http import page_security
from workers.bootstrap import bootstrap, create_services

HTMX = Path(ops.__file__).parent / "static" / "htmx.min.js"
# Of htmx.org 2.0.11, as npm has it; its licence lies beside it.
HTMX_SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
CSRF = re.compile(r'name="csrf" value="([\w-]+)"')
HTMX_ASKS = {"HX-Request": "true"}


def csrf(page: Any) -> str:
    found = CSRF.search(page.text)
    assert found is not None
    return found[1]


def log_in(client: FlaskClient, key: str, **more: str) -> Any:
    return client.post(
        "/ops/login", data={"csrf": csrf(client.get("/ops/login")), "key": key} | more
    )


@pytest.fixture
def inside(desk: Desk) -> Desk:
    """Somebody of ops is logged in."""
    assert log_in(desk.client, desk.key("ops")).status_code == 303
    return desk


def do(desk: Desk, path: str, **options: Any) -> Any:
    return desk.client.post(path, data={"csrf": csrf(desk.client.get("/ops"))}, **options)


def deeds(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        return [(deed.action, deed.target) for deed in audit_log.deeds(tx)]


def state(desk: Desk, outbox_id: str) -> str:
    with desk.database.read() as tx:
        return str(
            tx.execute(tables.outbox.select().where(tables.outbox.c.id == outbox_id)).one().state
        )


def set_key(tx: Connection, **values: Any) -> None:
    tx.execute(tables.api_keys.update().values(values))


# -- who gets in
# ----------------------------------------------------------------------------------------------


def test_nobody_gets_in_without_logging_in(one_desk: Desk) -> None:
    for method, rule, view in ops.ROUTES:
        path = "/ops" + rule.replace("<outbox_id>", "out_1").replace("<coach_id>", "ada").replace(
            "<person_id>", "ada"
        )
        answer = one_desk.client.open(path, method=method)
        if view.__name__ == "login_form":
            assert answer.status_code == 200
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
    every_other = tuple(scope for scope in api_keys.SCOPES if scope != "ops")
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


@contextmanager
def later(desk: Desk, *, hours: float = 0, **changes: str) -> Iterator[FlaskClient]:
    """The same deployment at another time or with other settings, asked with the same cookie."""
    was = desk.runtime.settings
    values = {
        "secret_keys": was.secret_keys[0].get_secret_value(),
        "database_url": was.database_url,
    } | changes
    settings = desks.settings_for(redis_url=was.redis_url, **values)
    services = replace(create_services(settings), now=lambda: people.NOW + timedelta(hours=hours))
    runtime = bootstrap(settings, services=services, broker=StubBroker())
    client = create_app(runtime).test_client()
    cookie = desk.client.get_cookie("coachcal-ops")
    assert cookie is not None
    client.set_cookie(cookie.key, cookie.value)
    try:
        yield client
    finally:
        runtime.close()


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


# -- what a form must bring
# -----------------------------------------------------------------------------------


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


# -- deeds
# ------------------------------------------------------------------------------------------------


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
        "find?id=%00",
        "coaches/a%20b",
        "x",
    ):
        assert inside.client.get(f"/ops/{path}").status_code == 404, path


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


# -- what is shown
# --------------------------------------------------------------------------------------------


SECRETS = (
    "Canary title",
    "canary@example.test",
    "grace@example.test",
    "Grace Hopper",
    "Ada Lovelace",
    "sealed",
    "Work",
)


@pytest.fixture
def full(inside: Desk) -> list[str]:
    """Everything ops can look at, with something secret behind each. Every page there is."""
    ids = scene.afternoon(inside.database)
    with inside.database.write() as tx:
        wanted = Wanted("ada", people.at(2, 13), 60)
        session = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms()).session
        sessions.mark_conflicts(tx, [session.id], since=people.NOW)
        tx.execute(tables.sessions.update().values(title="Canary title", conflict_since=people.NOW))
        tx.execute(tables.profiles.update().values(name="canary@example.test"))
        tx.execute(tables.connections.update().values(last_error="refused canary@example.test"))
        tx.execute(tables.outbox.update().values(last_error="550 <canary@example.test>"))
        found = [row.id for row in tx.execute(tables.outbox.select())]
    do(inside, f"/ops/outbox/{ids['dead']}/requeue")
    paths = [
        "/ops",
        "/ops/live",
        "/ops/plots?hours=3",
        "/ops/audit",
        "/ops/refusals",
        "/ops/coaches/ada?duration=60",
    ]
    paths += ["/ops/people/ada", "/ops/people/grace"]
    paths += [f"/ops/coaches/coach-{number}" for number in range(6)] + ["/ops/coaches/newcomer"]
    paths += [f"/ops/outbox/{outbox_id}{part}" for outbox_id in found for part in ("", "/live")]
    return paths + [
        f"/ops/outbox?state={it}"
        for it in ("pending", "scheduled", "sending", "dead", "sent", "superseded")
    ]


def test_no_page_shows_a_title_an_address_a_name_a_token_or_what_a_mail_says(
    inside: Desk, full: list[str]
) -> None:
    for path in full:
        answer = inside.client.get(path)
        assert answer.status_code == 200, path
        shown = html.unescape(answer.text)
        assert [secret for secret in SECRETS if secret in shown] == [], path


def test_no_page_needs_anything_inline_or_from_elsewhere(inside: Desk, full: list[str]) -> None:
    for path in full:
        answer = inside.client.get(path)
        assert not re.search(
            r"\sstyle=|<style|\son\w+=|<script(?! src=\"/ops/static/)|javascript:", answer.text
        ), path
        assert not re.search(
            r'(?:src|href|action|hx-get|hx-post)="(?!/ops|#|/static/favicon.svg)', answer.text
        ), path
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers.get_all("Content-Security-Policy") == [page_security.policy()]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src" not in inside.look("/docs").headers["Content-Security-Policy"]


def test_the_overview_tells_what_is_owed_stuck_dead_and_in_trouble(inside: Desk) -> None:
    ids = scene.afternoon(inside.database)
    text = inside.client.get("/ops").text
    for told in (
        ids["dead"],
        ids["stuck"],
        "coach-0",
        "coach-2",
        "Redis is away",
        "550 no such mailbox",
        "p99",
    ):
        assert told in text, told
    told = re.sub(r"<[^>]+>|\s+", " ", text)
    assert re.search(r"Dead letters\s+2\s", told)
    assert re.search(r"Stuck\s+1\s", told)


def test_a_database_that_is_away_is_said_to_be_and_a_login_is_not_lost_by_it(inside: Desk) -> None:
    with later(inside, database_url="postgresql://nobody@127.0.0.1:1/nothing") as client:
        answer = client.get("/ops")
        assert answer.status_code == 503
        assert "The database is away" in answer.text
        assert "Set-Cookie" not in answer.headers
        with client.get("/ops/static/ops.css") as style:
            assert style.status_code == 200
    assert inside.client.get("/ops").status_code == 200


def test_refusals_of_the_api_are_counted_on_the_overview(inside: Desk) -> None:
    inside.get("/v1/coaches/nobody")
    assert "<code>unknown_coach</code> <b>1</b>" in inside.client.get("/ops").text


def test_a_week_tells_each_quarter_hour_once(inside: Desk) -> None:
    people.ready(inside.database, people.MAILED, (people.at(2, 9), people.at(2, 10)))
    text = inside.client.get("/ops/coaches/ada?duration=60").text
    told = re.search(r'<ul class="legend">(.+?)</ul>', text, re.DOTALL)
    assert told is not None
    assert sum(map(int, re.findall(r"<b>(\d+)</b>", told[1]))) == 7 * 96
    assert "<td>buffer</td>" in text


def test_htmx_is_the_one_that_was_published() -> None:
    assert sha256(HTMX.read_bytes()).hexdigest() == HTMX_SHA256
    assert "Zero-Clause BSD" in (HTMX.parent / "htmx.LICENSE").read_text()


def test_a_script_is_sent_once_and_then_asked_for_by_its_tag(one_desk: Desk) -> None:
    with one_desk.look("/ops/static/htmx.min.js") as answer:
        tag = answer.headers["ETag"]
    with one_desk.look("/ops/static/htmx.min.js", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304
