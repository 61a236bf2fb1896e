"""Webhook endpoints on the ops pages: what is shown, what is done, and that it is told."""

import re
from datetime import timedelta
from typing import Any

import pytest

from storage.rows import audit_log, outbox, webhook_endpoints
from storage.rows.outbox import Owed
from storage.rows.webhook_endpoints import PostAttempt
from storage.schema import tables
from tests.browser import scene
from tests.support import people
from tests.support.http_client import Desk
from tests.support.ops_pages import csrf, state


def do(desk: Desk, endpoint_id: str, action: str) -> Any:
    data = {"csrf": csrf(desk.client.get("/ops"))}
    return desk.client.post(f"/ops/endpoints/{endpoint_id}/{action}", data=data)


def state_of(desk: Desk, endpoint_id: str) -> str:
    with desk.database.read() as tx:
        return webhook_endpoints.get(tx, endpoint_id).state


def owe(desk: Desk, endpoint_id: str, number: int, state: str) -> str:
    """A callback to it, in this state. Its id."""
    event_id = f"evt_{number}"
    owed = Owed(
        kind="callback",
        topic="booking.booked",
        dedupe_key=f"callback:{event_id}:{endpoint_id}",
        version=1,
        due_at=people.NOW,
        payload={},
        booking_id=f"bkg_{number}",
        endpoint_id=endpoint_id,
        event_id=event_id,
    )
    with desk.database.write() as tx:
        ((mine, _),) = outbox.add(tx, [owed], now=people.NOW)
        tx.execute(tables.outbox.update().where(tables.outbox.c.id == mine).values(state=state))
    return str(mine)


def audited(desk: Desk, endpoint_id: str) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        found = audit_log.deeds(tx, target=endpoint_id)
    return [(deed.action, deed.detail) for deed in found]


def test_an_endpoint_is_shown_by_its_host_with_how_it_stands(inside: Desk) -> None:
    mine = scene.endpoint(inside.database, coach_ids=("ada", "eve"))
    owe(inside, mine, 1, "dead")
    owe(inside, mine, 2, "pending")
    page = inside.client.get("/ops/endpoints").text
    row = re.sub(r"<[^>]+>|\s+", " ", page[page.index("<tbody>") :])
    shown = ["platform.example.test", mine, "booking.booked", "2 coaches", "failing", "for 1.0 h"]
    for each in (*shown, "2.0 h ago", "503", "85 ms", "Replay 1"):
        assert each in row, row
    assert "a-secret-path" not in page


def test_however_many_watch_rows_are_counted_once_and_anew_after_a_deed(
    inside: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = scene.endpoint(inside.database)
    looks, counts = [], webhook_endpoints.counts

    def look(*given: Any) -> Any:
        looks.append(given)
        return counts(*given)

    monkeypatch.setattr(webhook_endpoints, "counts", look)
    for _ in range(5):
        assert ">1<" not in inside.client.get("/ops/endpoints/live").text
    assert len(looks) == 1
    do(inside, mine, "test")
    assert ">1<" in inside.client.get("/ops/endpoints/live").text
    assert len(looks) == 2


def test_what_is_done_is_done_and_told_in_the_audit(inside: Desk) -> None:
    mine = scene.endpoint(inside.database)
    dead = owe(inside, mine, 1, "dead")
    assert do(inside, mine, "pause").location == "/ops/endpoints"
    assert state_of(inside, mine) == "paused"
    # What is paused is neither paused again nor sent to
    do(inside, mine, "pause")
    do(inside, mine, "replay")
    assert state(inside, dead) == "dead"
    do(inside, mine, "resume")
    do(inside, mine, "resume")
    assert state_of(inside, mine) == "on"
    do(inside, mine, "replay")
    assert state(inside, dead) == "pending"
    do(inside, mine, "test")
    actions = [action for action, _ in audited(inside, mine)]
    done = ["pause", "replay", "resume", "test"]
    assert sorted(actions) == [f"{each} endpoint" for each in done]
    assert inside.runtime.broker.queues["callbacks"].qsize() == 2


def test_one_that_was_switched_off_is_on_again_and_sent_what_it_missed(inside: Desk) -> None:
    mine = scene.endpoint(inside.database, state="off", off_since=people.NOW)
    dead = owe(inside, mine, 1, "dead")
    assert "Switch on" in inside.client.get("/ops/endpoints").text
    do(inside, mine, "resume")
    assert (state_of(inside, mine), state(inside, dead)) == ("on", "pending")


@pytest.mark.parametrize(("endpoint_id", "action"), [("whe_none", "pause"), (None, "delete")])
def test_what_is_not_there_or_cannot_be_done_changes_nothing(
    inside: Desk, endpoint_id: str | None, action: str
) -> None:
    mine = scene.endpoint(inside.database)
    assert do(inside, endpoint_id or mine, action).status_code == 404
    assert state_of(inside, mine) == "on"
    assert audited(inside, mine) == []


@pytest.mark.parametrize(
    ("values", "words", "runbook"),
    [
        ({"failing_since": people.NOW - timedelta(hours=2)}, "has taken nothing for 2.0 h",
         "CoachcalEndpointFailing"),
        ({"state": "off", "off_since": people.NOW - timedelta(days=3)}, "switched off 3 d ago",
         "CoachcalEndpointOff"),
        ({"state": "paused"}, "is paused", "CoachcalPaused"),
    ],
)  # fmt: skip
def test_the_first_page_tells_of_it(
    inside: Desk, values: dict[str, Any], words: str, runbook: str
) -> None:
    mine = scene.endpoint(inside.database, **values)
    page = inside.client.get("/ops/live").text
    assert re.search(rf"The webhook endpoint {mine} .*{words}", page)
    assert f"Runbook: {runbook}" in page
    assert "/ops/endpoints" in page


def test_one_that_failed_just_now_alarms_nobody(inside: Desk) -> None:
    scene.endpoint(inside.database, failing_since=people.NOW - timedelta(minutes=14))
    assert "The webhook endpoint" not in inside.client.get("/ops/live").text


def test_the_figures_tell_which_fails_and_how_many_are_off(desk: Desk) -> None:
    failing = scene.endpoint(desk.database)
    scene.endpoint(desk.database, state="off", off_since=people.NOW)
    scene.endpoint(desk.database, state="paused")
    figures = desk.look("/metrics").text
    for each in (
        f'coachcal_webhook_endpoint_failing_seconds{{endpoint="{failing}"}} 3600.0',
        'coachcal_webhook_endpoints{state="on"} 1.0',
        'coachcal_webhook_endpoints{state="off"} 1.0',
        'coachcal_webhook_endpoints{state="paused"} 1.0',
        'coachcal_paused{what="endpoint"} 1.0',
    ):
        assert each in figures, each
    assert figures.count("coachcal_webhook_endpoint_failing_seconds{") == 1


def test_when_something_was_taken_is_written_once_a_minute(desk: Desk) -> None:
    mine = scene.endpoint(desk.database)
    known = []
    for seconds in (0, 30, 59, 61):
        at = people.NOW + timedelta(seconds=seconds)
        with desk.database.write() as tx:
            webhook_endpoints.note(tx, mine, PostAttempt("e", "t", at, 204, 5), taken=True)
            known.append(webhook_endpoints.get(tx, mine))
    taken = [(each.taken_at or people.NOW) - people.NOW for each in known]
    assert [each.total_seconds() for each in taken] == [0, 0, 0, 61]
    assert all(each.failing_since is None for each in known)
