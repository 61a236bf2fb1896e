"""The feed over HTTP: who was away reads on where it stopped, and misses nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.events import CATALOGUE
from storage.rows import feed
from storage.transactions import callbacks
from tests.support import people
from tests.support.booking_requests import BOOKING, post
from tests.support.http_client import Answer, Desk
from webhooks.api.feed_cursors import written

AT_ONE = BOOKING | {"start": "2026-06-02T13:00:00Z"}
BOOKINGS = "type=booking.booked&type=booking.rebooked&type=booking.cancelled"


def announce(desk: Desk) -> None:
    """What the clock does each second."""
    with desk.database.write() as tx:
        callbacks.announce(tx, now=people.NOW, stale_after=people.terms().stale_after, posted=False)


def ask(desk: Desk, query: str = "") -> Answer:
    return desk.ask("GET", f"/v1/events?{query}", "events:read")


def read_on(desk: Desk, query: str, after: str = "") -> Iterator[Any]:
    """Page after page, until there is no more."""
    while True:
        answer = ask(desk, f"{query}{after}").json
        yield from answer["events"]
        if not answer["more"]:
            return
        after = f"&after={answer['next']}"


def test_a_bookings_life_is_read_in_order_and_in_the_names_of_the_api(desk: Desk, ada: str) -> None:
    booked = post(desk, "/v1/bookings", AT_ONE).json
    path = f"/v1/bookings/{booked['id']}"
    post(desk, f"{path}/rebook", {"start": "2026-06-02T14:00:00Z"})
    post(desk, f"{path}/cancel", {"excused": True})
    announce(desk)
    life = list(read_on(desk, f"{BOOKINGS}&limit=1"))
    assert [(event["type"], event["data"]["version"]) for event in life] == [
        ("booking.booked", 1),
        ("booking.rebooked", 2),
        ("booking.cancelled", 3),
    ]
    assert life[1]["data"] == {
        "booking_id": booked["id"],
        "version": 2,
        "session_id": booked["session_id"],
        "coach_id": "ada",
        "participant_id": "grace",
        "start": "2026-06-02T14:00:00Z",
        "end": "2026-06-02T15:00:00Z",
        "previous_start": "2026-06-02T13:00:00Z",
    }
    assert life[1]["timestamp"] == "2026-06-01T08:00:00Z"


def test_the_oldest_form_is_had_by_its_date(desk: Desk, ada: str) -> None:
    post(desk, "/v1/bookings", AT_ONE)
    announce(desk)
    answer = ask(desk, "type=booking.booked&version=2026-06-01").json
    (event,) = answer["events"]
    assert answer["version"] == "2026-06-01"
    assert set(event["data"]) == set(CATALOGUE["booking.booked"][1])


def test_who_read_to_the_end_is_told_what_came_since_and_nothing_else(desk: Desk, ada: str) -> None:
    announce(desk)
    end = ask(desk).json["next"]
    assert ask(desk, "after=end").json == {
        "version": "2026-11-29",
        "events": [],
        "next": end,
        "more": False,
    }
    post(desk, "/v1/bookings", AT_ONE)
    assert ask(desk, f"after={end}").json["events"] == []  # not numbered yet
    announce(desk)
    since = ask(desk, f"after={end}").json
    assert {event["type"] for event in since["events"]} == {"booking.booked", "slots.changed"}
    assert ask(desk, f"after={since['next']}").json["events"] == []


def test_what_a_filter_leaves_out_is_not_looked_at_again(desk: Desk, ada: str) -> None:
    post(desk, "/v1/bookings", AT_ONE)
    announce(desk)
    everything = ask(desk).json
    assert everything["events"]
    assert ask(desk, "coach_id=grace").json["events"] == []
    assert ask(desk, "coach_id=grace").json["next"] == everything["next"]


def test_whose_slots_changed_is_told_once_at_the_latest_version(desk: Desk, ada: str) -> None:
    people.introduce(desk.database, people.coach(id="hedy"))
    announce(desk)
    post(desk, "/v1/bookings", AT_ONE)
    announce(desk)
    answer = desk.ask("GET", "/v1/slots/changes?limit=1", "slots:read").json
    (first,) = answer["changes"]
    rest = desk.ask("GET", f"/v1/slots/changes?after={answer['next']}", "slots:read").json
    (second,) = rest["changes"]
    version = desk.get("/v1/coaches/ada/slots?from=2026-06-01&to=2026-06-02&duration=60").json[
        "version"
    ]
    assert (first["coach_id"], second["coach_id"]) == ("hedy", "ada")
    assert second == {
        "coach_id": "ada",
        "version": version,
        "changed_at": "2026-06-01T08:00:00Z",
        "next": rest["next"],
    }
    assert first["next"] == answer["next"]
    assert (answer["more"], rest["more"]) == (True, False)


def test_a_cursor_whose_events_were_dropped_is_gone_and_not_silently_short(
    desk: Desk, ada: str
) -> None:
    post(desk, "/v1/bookings", AT_ONE)
    announce(desk)
    begun = written(0)
    assert ask(desk, f"after={begun}").status_code == 200
    with desk.database.write() as tx:
        feed.drop_old(tx, now=people.NOW + timedelta(days=91))
    answer = ask(desk, f"after={begun}")
    assert (answer.status_code, answer.json["code"]) == (410, "cursor_gone")
    # Who begins anew begins with what is kept.
    assert ask(desk).status_code == 200


def test_a_cursor_beyond_the_end_is_of_another_database(desk: Desk, ada: str) -> None:
    for path in ("/v1/events", "/v1/slots/changes"):
        answer = desk.ask("GET", f"{path}?after={written(999)}")
        assert (answer.status_code, answer.json["code"]) == (410, "cursor_gone")


@pytest.mark.parametrize("after", ["x", "MQ==", "LTE", "MDE", "4pGg", "a" * 40, "%00"])
def test_what_no_answer_gave_is_no_cursor(desk: Desk, after: str) -> None:
    answer = ask(desk, f"after={after}")
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
        422,
        "unknown_cursor",
        "after",
    )
