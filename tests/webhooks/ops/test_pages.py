"""The ops pages without a browser: what is shown, and what never is."""

import html
import re
from hashlib import sha256
from pathlib import Path

import pytest

from storage.rows import sessions
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.browser import scene
from tests.support import people
from tests.support.http_client import Desk
from tests.support.ops_pages import do, later
from webhooks import ops
from webhooks.http import page_security

HTMX = Path(ops.__file__).parent / "static" / "htmx.min.js"
# Of htmx.org 2.0.11, as npm has it; its licence lies beside it.
HTMX_SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
SECRETS = (
    "Canary title",
    "canary@example.test",
    "grace@example.test",
    "Grace Hopper",
    "Ada Lovelace",
    "sealed",
    "Work",
    "meet.example",
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
        linkless = {"conferencing_state": "failed", "join_url": "https://meet.example/canary"}
        tx.execute(tables.sessions.update().values(linkless))
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
    paths += ["/ops/people/ada", "/ops/people/grace", "/ops/coaches/ada/history"]
    paths += [f"/ops/sessions/{session.id}"]
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
