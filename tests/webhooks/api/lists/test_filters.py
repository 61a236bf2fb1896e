"""What lists are filtered by, each filter by itself and two at once."""

from typing import Any

import pytest
from sqlalchemy import update

from storage.rows import sessions
from storage.schema import tables
from tests.support import people
from tests.support.booking_requests import post, send
from tests.support.http_client import Desk
from tests.webhooks.api.lists.conftest import pod_of
from tests.webhooks.api.lists.walking import walked

Booked = list[dict[str, Any]]


def places(booked: Booked, found: Booked) -> list[int]:
    """Which of the bookings were found."""
    ids = [each["id"] for each in booked]
    return [ids.index(each["id"]) for each in found]


ADAS, BOBS = ("ada", "grace"), ("bob", "hedy")
SEATS = {("cas", "grace"), ("cas", "hedy")}
FILTERS: tuple[tuple[dict[str, str], set[tuple[str, str]]], ...] = (
    ({"coach_id": "ada"}, {ADAS}),
    ({"participant_id": "hedy"}, {BOBS, ("cas", "hedy")}),
    ({"company": "acme"}, {ADAS, BOBS} | SEATS),
    ({"project": "leaders", "coach_id": "bob"}, {BOBS}),
    # A seat without a cohort is of its pod's
    ({"cohort": "spring"}, {ADAS, ("cas", "grace")}),
    ({"cohort": "autumn"}, {BOBS, ("cas", "hedy")}),
    ({"programme_name": "New Leaders"}, {ADAS}),
    ({"from_": "2026-06-03", "to": "2026-06-04"}, SEATS),
    ({"to": "2026-06-02T09:00:00Z"}, set()),
    ({"status": "booked", "company": "other"}, {ADAS}),
    ({"status": "cancelled"}, set()),
    ({"changed_since": "2026-06-01T08:00:00Z", "coach_id": "cas"}, SEATS),
    # What was committed late, or by a host whose clock is slow, was written a little before
    ({"changed_since": "2026-06-01T08:00:15Z", "coach_id": "cas"}, SEATS),
    ({"changed_since": "2026-06-01T08:00:16Z"}, set()),
    ({"coach_id": "nobody"}, set()),
)


def test_bookings_are_filtered_by_each_and_by_two_at_once(desk: Desk, booked: Booked) -> None:
    for query, expected in FILTERS:
        found = walked(desk, "bookings", 1, **query)
        assert {(each["coach_id"], each["participant"]["id"]) for each in found} == expected, query
        assert places(booked, found) == sorted(places(booked, found))


def test_sessions_and_pods_are_filtered_by_what_they_are_of(desk: Desk, booked: Booked) -> None:
    def coaches(name: str, **query: str) -> list[str]:
        return sorted(each["coach_id"] for each in walked(desk, name, **query))

    assert coaches("sessions", participant_id="hedy") == ["bob", "cas"]
    assert coaches("sessions", company="acme") == ["ada", "bob", "cas"]
    assert coaches("sessions", cohort="autumn") == ["bob"]
    assert coaches("sessions", to="2026-06-02T10:00:00Z") == ["ada", "bob"]
    assert coaches("pods", company="acme", participant_id="grace") == ["cas"]
    assert coaches("pods", coach_id="ada") == []
    assert coaches("sessions", status="booked", coach_id="ada") == ["ada", "ada"]


def test_a_booking_that_moves_is_listed_where_it_is(desk: Desk, booked: Booked) -> None:
    # Given a 1:1 session and a pod, which move to the next week
    one = next(each for each in booked if each["coach_id"] == "bob")
    start = "2026-06-09T09:00:00Z"
    moved = post(desk, f"/v1/bookings/{one['id']}/rebook", {"start": start, "excused": True})
    assert moved.status_code == 200
    pod = booked[-1]["session_id"]
    later_that_day = "2026-06-09T11:00:00Z"  # Hedy has a seat in it
    assert send(desk, "PATCH", f"/v1/pods/{pod}", {"start": later_that_day}).status_code == 200
    # Then all three bookings are found there, and nowhere else
    later = walked(desk, "bookings", from_="2026-06-08")
    assert {each["coach_id"] for each in later} == {"bob", "cas"}
    assert len(later) == 3
    assert len(walked(desk, "bookings", to="2026-06-08")) == 2


def test_a_seat_that_moves_to_another_coach_is_listed_as_theirs(desk: Desk, booked: Booked) -> None:
    other = pod_of(desk, coach_id="bob", start="2026-06-04T09:00:00Z")
    seat = next(each for each in booked if each["session_id"] == booked[-1]["session_id"])
    path = f"/v1/bookings/{seat['id']}/rebook"
    assert post(desk, path, {"pod_id": other, "excused": True}).status_code == 200
    assert seat["id"] in {each["id"] for each in walked(desk, "bookings", coach_id="bob")}
    assert seat["id"] not in {each["id"] for each in walked(desk, "bookings", coach_id="cas")}


@pytest.mark.parametrize("name", ["bookings", "sessions"])
def test_what_ops_look_for_is_a_filter(desk: Desk, booked: Booked, name: str) -> None:
    # Given a session in conflict, and another whose wall clock was moved
    in_conflict, moved = booked[0]["session_id"], booked[2]["session_id"]
    with desk.database.write() as tx:
        sessions.mark_conflicts(tx, [in_conflict], since=people.NOW)
        row = tables.sessions
        tx.execute(update(row).where(row.c.id == moved).values(wall_moved="2026-06-02T13:00"))

    def found(**query: str) -> set[str]:
        return {each["session_id"] for each in walked(desk, name, **query)}

    # Then each is found by its filter, and all the others by its opposite
    everything = {each["session_id"] for each in booked}
    for flag, one in (("in_conflict", in_conflict), ("moved", moved)):
        assert found(**{flag: "true"}) == {one}
        assert found(**{flag: "false"}) == everything - {one}
    assert found(in_conflict="true", moved="true") == set()


@pytest.mark.parametrize("name", ["bookings", "sessions", "pods"])
def test_short_is_a_pod_that_says_so(desk: Desk, booked: Booked, name: str) -> None:
    assert walked(desk, name, short_of_seats="true") == []
    with desk.database.write() as tx:
        row = tables.sessions
        early = update(row).where(row.c.kind == "pod").values(deadline=people.NOW)
        tx.execute(early)
    found = walked(desk, name, short_of_seats="true")
    assert {each["session_id"] for each in found} == {booked[-1]["session_id"]}
    assert all(each["pod"]["short_of_seats"] for each in found)


@pytest.mark.parametrize("name", ["bookings", "sessions"])
@pytest.mark.parametrize("state", ["waiting_for_text", "withheld"])
def test_a_mail_that_people_have_to_see_to_is_a_filter(
    desk: Desk, booked: Booked, name: str, state: str
) -> None:
    assert walked(desk, name, held_mails="true") == []
    one = booked[0]
    row = tables.outbox
    with desk.database.write() as tx:
        mine = (row.c.booking_id == one["id"], row.c.kind == "mail")
        assert tx.execute(update(row).where(*mine).values(state=state)).rowcount > 0
    found = walked(desk, name, held_mails="true")
    assert [each["session_id"] for each in found] == [one["session_id"]]
    rest = walked(desk, name, held_mails="false")
    assert one["session_id"] not in {each["session_id"] for each in rest}


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("from=2026-06-02&to=2026-06-01", "to", "reversed_range"),
        ("from=yesterday", "from", "invalid_instant"),
        ("changed_since=2026-06-01T10:00", "changed_since", "invalid_instant"),
        ("tz=Nowhere", "tz", "unknown_zone"),
        ("status=lost", "status", "unknown_word"),
        ("company=", "company", "invalid_value"),
        ("in_conflict=perhaps", "in_conflict", "wrong_type"),
        ("colour=red", "colour", "unknown_field"),
        ("coach_id=a&coach_id=b", "coach_id", "wrong_type"),
    ],
)
def test_what_is_no_filter_is_refused(one_desk: Desk, query: str, field: str, code: str) -> None:
    for name in ("bookings", "sessions", "pods"):
        answer = one_desk.get(f"/v1/{name}?{query}")
        assert (answer.status_code, answer.json["field"], answer.json["code"]) == (422, field, code)
