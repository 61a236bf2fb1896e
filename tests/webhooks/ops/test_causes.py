"""Errors by cause on the ops pages: counted, acknowledged, and put right all at once."""

import re
from typing import Any

import pytest

from storage.rows import audit_log
from storage.schema import tables
from tests.support import failed_messages, people
from tests.support.failed_messages import cause_of, fail
from tests.support.http_client import Desk
from tests.support.ops_pages import HTMX_ASKS, csrf
from workers.jobs import bulk_deeds

GONE, BUSY = "the platform answered 410: it wants no callbacks there", "the platform answered 503"
SEEN = re.compile(r'name="seen" value="(\d+)"')


def do_all(desk: Desk, error: str, action: str, **options: Any) -> Any:
    """As the button on the page does."""
    page = desk.client.get("/ops/causes").text
    seen = SEEN.search(page)
    assert seen is not None
    data = {"csrf": csrf(desk.client.get("/ops")), "seen": seen[1]} | options.pop("data", {})
    cause = cause_of(desk.database, error)
    path = f"/ops/causes/{cause.id}/{action}"
    return desk.client.post(path, data=data, **options)


def work_off(desk: Desk) -> None:
    while bulk_deeds.go_on(desk.runtime.services, desk.runtime.actors):
        pass


def test_a_cause_is_told_with_how_many_and_since_when_and_all_are_requeued(inside: Desk) -> None:
    fail(inside.database, 37, GONE, name="gone")
    fail(inside.database, 5, BUSY, name="busy")
    page = inside.client.get("/ops").text
    # The count is on the button, before anything is done
    assert "Requeue 37" in page
    assert re.search(r"<time [^>]+>07:5\d</time>", page)  # a minute before the clock's 08:00
    answer = do_all(inside, GONE, "requeue", headers=HTMX_ASKS)
    assert answer.status_code == 204
    assert "37 messages: requeue begins" in answer.headers["HX-Trigger"]
    assert "0 of 37" in inside.client.get("/ops/live").text
    # When the clock ticks
    work_off(inside)
    # Then they are owed again, senders are woken, the page tells how far it came, and who did it
    assert failed_messages.states(inside.database, "gone") == {"pending": 37}
    assert failed_messages.states(inside.database, "busy") == {"dead": 5}
    assert inside.runtime.broker.queues["callbacks"].qsize() == 37
    assert "37 of 37, ended" in inside.client.get("/ops/causes/live").text
    with inside.database.read() as tx:
        deed = next(each for each in audit_log.deeds(tx) if each.action == "requeue all")
    assert deed.actor.startswith("ops/")
    assert "37 callback dead" in deed.detail


def test_without_a_script_a_discard_asks_first_with_the_count(inside: Desk) -> None:
    fail(inside.database, 12, GONE, name="gone")
    asked = do_all(inside, GONE, "discard")
    assert asked.status_code == 200
    assert "Give 12 messages up for good?" in asked.text
    work_off(inside)
    assert failed_messages.states(inside.database, "gone") == {"dead": 12}
    assert do_all(inside, GONE, "discard", data={"sure": "yes"}).location == "/ops/causes"
    work_off(inside)
    assert failed_messages.states(inside.database, "gone") == {"superseded": 12}


def test_acknowledged_it_is_to_know_and_withdrawn_it_is_told_again(inside: Desk) -> None:
    fail(inside.database, 3, GONE)
    first = inside.client.get("/ops/live").text
    assert "Look soon" in first
    do_all(inside, GONE, "acknowledge")
    known = inside.client.get("/ops/live").text
    assert "To know" in known
    assert re.search(r"3 messages given up[^<]+acknowledged by ops/", known)
    # One of another cause calls again
    fail(inside.database, 2, BUSY, name="other")
    assert "2 of them nobody has acknowledged" in inside.client.get("/ops/live").text
    do_all(inside, BUSY, "acknowledge")
    do_all(inside, GONE, "withdraw")
    assert "3 of them nobody has acknowledged" in inside.client.get("/ops/live").text


def test_a_running_deed_is_stopped_from_the_page(inside: Desk) -> None:
    fail(inside.database, 3, GONE, name="gone")
    do_all(inside, GONE, "requeue")
    page = inside.client.get("/ops/causes").text
    stops = re.search(r'action="(/ops/deeds/blk_\w+/stop)"', page)
    assert stops is not None
    data = {"csrf": csrf(inside.client.get("/ops"))}
    assert inside.client.post(stops[1], data=data).status_code == 303
    work_off(inside)
    assert failed_messages.states(inside.database, "gone") == {"dead": 3}
    assert "stopped by ops/" in inside.client.get("/ops/causes").text


@pytest.mark.parametrize("seen", ["", "x", "1" * 16, "-1", "٣"])
def test_a_moment_that_no_page_told_is_refused_and_nothing_changes(inside: Desk, seen: str) -> None:
    fail(inside.database, 1, GONE, name="gone")
    assert do_all(inside, GONE, "requeue", data={"seen": seen}).status_code == 422
    work_off(inside)
    assert failed_messages.states(inside.database, "gone") == {"dead": 1}


def test_what_does_not_fit_or_is_over_is_not_done(inside: Desk) -> None:
    fail(inside.database, 1, GONE, name="gone")
    for action in ("release", "retry", "erase"):
        assert do_all(inside, GONE, action).status_code == 404, action
    data = {"csrf": csrf(inside.client.get("/ops")), "seen": "1"}
    path = "/ops/causes/cau_0000/requeue"
    answer = inside.client.post(path, data=data, headers=HTMX_ASKS)
    assert "Nothing was done" in answer.headers["HX-Trigger"]


def test_what_is_no_message_takes_no_deed(inside: Desk) -> None:
    people.ready(inside.database)
    fail(inside.database, 1, GONE)  # whose button tells the moment
    with inside.database.write() as tx:
        tx.execute(tables.connections.update().values(attempts=1, last_error=BUSY))
    for action in ("retry", "discard"):
        assert do_all(inside, BUSY, action, data={"sure": "yes"}).status_code == 404, action
    with inside.database.read() as tx:
        assert [each.action for each in audit_log.deeds(tx)] == ["login"]
