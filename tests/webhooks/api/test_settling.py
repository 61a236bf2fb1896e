"""What a coach did to a session's event in their calendar, over the API: seen, and settled once."""

from typing import Any

import pytest

from storage.rows import event_differences
from storage.schema import tables
from tests.support import changed_events, people
from tests.support.booking_requests import BOOKING, post, refused
from tests.support.http_client import Answer, Desk

WEEK = "/v1/sessions?coach_id=ada&from=2026-06-01&to=2026-06-08"
BEFORE, THERE = "2026-06-02T10:00:00Z", "2026-06-03T14:00:00Z"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    people.ready(desk.database)
    return desk


def moved(desk: Desk, start: int = people.at(3, 14), **options: Any) -> tuple[str, str]:
    """A session whose event its coach put there: its id, and the token of that change."""
    session_id = str(post(desk, "/v1/bookings", BOOKING).json["session_id"])
    with desk.database.write() as tx:
        connection_id = tx.execute(tables.connections.select()).one().id
        stands = (start, start + 3600)
        made = changed_events.found(tx, session_id, connection_id, stands, **options)
    return session_id, made.token


def settle(desk: Desk, session_id: str, to: str, key: str | None = None, **more: Any) -> Answer:
    path = f"/v1/sessions/{session_id}/event/settle"
    return post(desk, path, {"to": to} | more, "bookings:write", key=key)


def event_of(desk: Desk) -> Any:
    [session] = desk.get(WEEK, "bookings:read").json["sessions"]
    return session["event"]


def test_a_session_tells_what_became_of_its_event_until_it_is_settled(desk: Desk) -> None:
    session_id, token = moved(desk)
    assert event_of(desk) == {
        "kind": "moved",
        "start": THERE,
        "end": "2026-06-03T15:00:00Z",
        "since": "2026-06-01T08:00:00Z",
        "token": token,
    }
    answer = settle(desk, session_id, "calendar", token=token)
    assert (answer.status_code, answer.json["start"]) == (200, THERE)
    assert event_of(desk) is None


def test_put_back_leaves_the_session_where_it_is_and_owes_the_calendar(desk: Desk) -> None:
    session_id, _ = moved(desk)
    answer = settle(desk, session_id, "session")
    assert (answer.status_code, answer.json["start"]) == (200, BEFORE)
    with desk.database.read() as tx:
        assert event_differences.of_session(tx, session_id) is None
        rows = tx.execute(tables.outbox.select()).all()
    assert [row.topic for row in rows if row.kind == "calendar"] == ["upsert", "upsert"]


@pytest.mark.parametrize("to", ["session", "calendar"])
def test_twice_is_once_and_the_same_key_gets_the_same_answer(desk: Desk, to: str) -> None:
    session_id, token = moved(desk)
    first = settle(desk, session_id, to, "one", token=token)
    before = desk.dump()
    again = settle(desk, session_id, to, "one", token=token)
    assert (again.status_code, again.json) == (200, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert desk.dump() == before
    refused(settle(desk, session_id, to, token=token), 409, "difference_settled")


def test_another_change_than_the_one_that_was_seen_is_not_settled(desk: Desk) -> None:
    session_id, _ = moved(desk)
    refused(settle(desk, session_id, "session", token="of-before"), 409, "difference_settled")
    assert event_of(desk)["kind"] == "moved"


def test_a_time_that_is_not_open_is_refused_as_any_booking_is(desk: Desk) -> None:
    session_id, _ = moved(desk, people.at(6, 10))
    told = refused(settle(desk, session_id, "calendar"), 409, "slot_not_open")
    assert told["reason"] == "outside_hours"
    assert event_of(desk)["kind"] == "moved"


def test_one_that_is_gone_stands_nowhere(desk: Desk) -> None:
    session_id, _ = moved(desk, kind="deleted")
    refused(settle(desk, session_id, "calendar"), 409, "event_not_moved")
    assert settle(desk, session_id, "session").status_code == 200


def test_bad_input_changes_nothing(desk: Desk) -> None:
    session_id, _ = moved(desk)
    desk.key("bookings:write")
    before = desk.dump()
    refused(settle(desk, session_id, "nowhere"), 422, "unknown_word")
    refused(settle(desk, "ses_nobody", "session"), 404, "unknown_session")
    path = f"/v1/sessions/{session_id}/event/settle"
    refused(desk.ask("POST", path, json={"to": "session"}), 400, "idempotency_key_required")
    after = desk.dump()
    assert {name: rows for name, rows in after.items() if name != "idempotency"} == {
        name: rows for name, rows in before.items() if name != "idempotency"
    }
