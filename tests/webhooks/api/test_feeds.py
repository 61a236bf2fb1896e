"""Calendar feeds: a person's sessions, for whoever has the address, until it is revoked."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar

from storage.reports.personal_data import Person
from storage.rows.feeds import MOST
from storage.schema import tables
from storage.transactions import erasures
from tests.support import people
from tests.support.booking_requests import BOOKING, GRACE, HEDY, POD, post, refused
from tests.support.http_client import SETTINGS, Desk

ONE = {"start": "2026-06-02T13:00:00Z"}
AT_ONE = BOOKING | ONE
NAMES = {"coach_id": "ada", "participant_id": "grace"}


def make(desk: Desk, whose: str, **more: Any) -> Any:
    answer = desk.ask("POST", "/v1/feeds", json={whose: NAMES[whose]} | more)
    assert answer.status_code == 201, answer.text
    return answer.json


def path_of(feed: Any) -> str:
    return urlsplit(str(feed["url"])).path


def shown(desk: Desk, feed: Any) -> list[tuple[str, str, int]]:
    """When each session begins, what it is called, and its sequence."""
    answer = desk.look(path_of(feed))
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    found = []
    for event in Calendar.from_ical(answer.data).events:
        found.append((f"{event.start:%H:%M}", str(event["SUMMARY"]), int(str(event["SEQUENCE"]))))
    return found


def test_a_feed_follows_bookings_moves_and_cancellations(desk: Desk, ada: str) -> None:
    # Given a feed of each, read before anything is booked
    coach, guest = make(desk, "coach_id"), make(desk, "participant_id")
    assert shown(desk, coach) == shown(desk, guest) == []
    # When a session is booked, then it is in both, each in the words of its reader
    booked = post(desk, "/v1/bookings", AT_ONE).json
    assert shown(desk, coach) == [("13:00", "Session: Grace Hopper", 0)]
    ((start, title, sequence),) = shown(desk, guest)
    assert (start, sequence) == ("13:00", 0)
    assert "Grace" not in title
    # When it is moved and cancelled, then the feeds follow
    path = f"/v1/bookings/{booked['id']}"
    post(desk, f"{path}/rebook", {"start": "2026-06-02T14:00:00Z"})
    assert [each[0] for each in shown(desk, coach)] == ["14:00"]
    assert [(each[0], each[2]) for each in shown(desk, guest)] == [("14:00", 1)]
    post(desk, f"{path}/cancel", {"excused": True})
    assert shown(desk, coach) == shown(desk, guest) == []


def test_an_event_of_a_feed_is_the_one_of_the_mails(desk: Desk, ada: str) -> None:
    booked = post(desk, "/v1/bookings", AT_ONE).json
    (event,) = Calendar.from_ical(desk.look(path_of(make(desk, "participant_id"))).data).events
    assert event["UID"] == booked["uid"]


def test_a_pod_s_feed_names_nobody_else(desk: Desk, ada: str) -> None:
    pod = post(desk, "/v1/pods", POD | ONE | {"participants": [GRACE, HEDY]}).json
    assert pod["status"] == "booked"
    for whose in NAMES:
        text = desk.look(path_of(make(desk, whose))).text
        assert "SUMMARY:Circle" in text
        assert "Hedy" not in text


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\r\n"])
def test_no_name_begins_a_line_of_a_feed(desk: Desk, ada: str, mark: str) -> None:
    # Given a title and a coach's name that go on in another line, as some programs read it
    evil = f"Circle{mark}URL:https://evil.test"
    desk.put("/v1/coaches/ada", SETTINGS | {"name": evil})
    titled = POD | {"title": evil, "start": "2026-06-03T13:00:00Z", "participants": [GRACE]}
    assert post(desk, "/v1/pods", titled).status_code == 201
    assert post(desk, "/v1/bookings", AT_ONE).status_code == 201
    for whose in NAMES:
        text = desk.look(path_of(make(desk, whose))).text
        assert text.count("SUMMARY:") == 2
        assert text.splitlines() == text.split("\r\n")[:-1]


def test_whoever_has_it_is_told_that_nothing_changed(desk: Desk, ada: str) -> None:
    feed = make(desk, "coach_id")
    first = desk.look(path_of(feed))
    again = desk.look(path_of(feed), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    post(desk, "/v1/bookings", AT_ONE)
    changed = desk.look(path_of(feed), headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_revoked_feed_leads_nowhere(desk: Desk, ada: str) -> None:
    feed, other = make(desk, "coach_id"), make(desk, "coach_id")
    listed = desk.get("/v1/feeds?coach_id=ada")
    assert {each["id"] for each in listed.json["feeds"]} == {feed["id"], other["id"]}
    assert "url" not in listed.text
    assert desk.ask("DELETE", f"/v1/feeds/{feed['id']}").status_code == 204
    assert desk.look(path_of(feed)).status_code == 404
    assert desk.look(path_of(other)).status_code == 200
    refused(desk.ask("DELETE", f"/v1/feeds/{feed['id']}"), 404, "unknown_feed")


def test_the_address_is_kept_nowhere_and_guessed_by_nobody(desk: Desk, ada: str) -> None:
    token = path_of(make(desk, "coach_id")).rpartition("/")[2].removesuffix(".ics")
    assert token not in str(desk.dump())
    for guess in (token[:-1], token + "a", token.swapcase(), "a" * 32, "%00" * 8, "ä" * 32):
        assert desk.look(f"/f/{guess}.ics").status_code == 404


def test_who_is_erased_has_no_feed(desk: Desk, ada: str) -> None:
    post(desk, "/v1/bookings", AT_ONE)
    feeds = {whose: make(desk, whose) for whose in NAMES}
    desk.ask("DELETE", "/v1/participants/grace")
    assert desk.look(path_of(feeds["participant_id"])).status_code == 404
    assert "Grace" not in desk.look(path_of(feeds["coach_id"])).text
    with desk.database.write() as tx:
        coach = Person("coach", "ada")
        erasures.ask(tx, coach, actor="test", now=people.NOW)
        erasures.advance(tx, coach, now=people.NOW)
    assert desk.look(path_of(feeds["coach_id"])).status_code == 404
    with desk.database.read() as tx:
        assert tx.execute(tables.feeds.select()).all() == []


@pytest.mark.parametrize("whose", [{}, {"coach_id": "ada", "participant_id": "grace"}])
def test_a_feed_is_one_person_s(desk: Desk, ada: str, whose: dict[str, str]) -> None:
    before = desk.dump()
    refused(desk.ask("POST", "/v1/feeds", json=whose), 422, "coach_or_participant")
    refused(desk.ask("GET", "/v1/feeds", query_string=whose), 422, "coach_or_participant")
    assert desk.dump() == before


def test_nobody_has_more_than_so_many(desk: Desk, ada: str) -> None:
    for _ in range(MOST):
        make(desk, "coach_id")
    refused(desk.ask("POST", "/v1/feeds", json={"coach_id": "ada"}), 409, "too_many_feeds")
    make(desk, "participant_id")


def test_an_old_session_drops_out(desk: Desk, ada: str) -> None:
    post(desk, "/v1/bookings", AT_ONE)
    feed = make(desk, "coach_id")
    with desk.database.write() as tx:
        row = tables.sessions.c
        long_ago = {"starts": row.starts - 40 * 86_400, "ends": row.ends - 40 * 86_400}
        tx.execute(tables.sessions.update().values(long_ago))
    assert shown(desk, feed) == []
