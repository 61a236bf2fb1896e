"""A coach sees what happened to a booking and through whom, and nothing of anybody else."""

import re

import pytest

from storage.schema import tables
from tests.support.booking_requests import post, send
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, HEDY, Visitor, enter, fields
from tests.webhooks.pages.viewers.kit import ACME, EVENING, MARY, OPEN, come, pod


def told(visitor: Visitor, its_id: str, what: str = "bookings") -> list[str]:
    """What happened, the newest first, as it is read; nothing where that is not shown."""
    answer = visitor.get(f"/book/{what}/{its_id}")
    assert answer.status_code == 200
    page = answer.text
    section = re.search(r'<section [^>]*id="history".*?</section>', page, re.DOTALL)
    if section is None:
        return []
    lines = re.findall(r"<li>(.*?)</li>", section[0], re.DOTALL)
    return [re.sub(r"<br>.*|<[^>]+>", "", line).strip() for line in lines]


def booking_of(desk: Desk, who: str) -> str:
    with desk.database.read() as tx:
        row = tables.bookings.c
        found = tx.execute(tables.bookings.select().where(row.participant_id == who)).one()
    return str(found.id)


def test_a_coach_reads_what_happened_through_whom_and_in_which_zone(desk: Desk) -> None:
    booking_id = enter(desk, participant=HEDY).book(OPEN)
    coach = come(desk, "coach", participant=None)
    form = coach.confirm(EVENING, move=booking_id) | {"force": "Train"}
    coach.post(f"/book/bookings/{booking_id}/move", form)
    question = coach.get(f"/book/bookings/{booking_id}/cancel")
    coach.post(f"/book/bookings/{booking_id}/cancel", fields(question))
    lines = told(coach, booking_id)
    assert lines[0] == "The session is cancelled by you"
    assert re.fullmatch(r"Moved; it was to begin on Thu 4 Jun, 10:00 by you", lines[1])
    assert lines[2:] == ["The session is booked by the participant"]
    page = coach.get(f"/book/bookings/{booking_id}").text
    assert "Time zone: " in page[page.index('id="history"') :]
    # And who sent which request is not told
    assert "req_" not in page


@pytest.mark.parametrize("viewer", ["participant", "manager"])
def test_nobody_else_reads_it(one_desk: Desk, viewer: str) -> None:
    pod(one_desk, participants=[{**HEDY}], format="open")
    booking_id = booking_of(one_desk, "hedy")
    visitor = come(one_desk, viewer, participant=HEDY)
    assert visitor.get(f"/book/bookings/{booking_id}").status_code == 200
    assert told(visitor, booking_id) == []


def test_a_group_tells_its_coach_of_those_who_have_a_seat_by_name(one_desk: Desk) -> None:
    group = pod(one_desk, participants=[HEDY, MARY], format="open")
    moved = send(one_desk, "PATCH", f"/v1/pods/{group}", {"start": "2026-06-02T15:00:00Z"})
    assert moved.status_code == 200, moved.text
    left = post(one_desk, f"/v1/bookings/{booking_of(one_desk, 'mary')}/cancel", {})
    assert left.status_code == 200, left.text
    coach = come(one_desk, "coach", participant=None)
    lines = told(coach, group, "groups")
    assert lines[0] == "Participant: The session is cancelled by the programme"
    assert lines[1].startswith("Moved; it was to begin on Tue 2 Jun")
    assert set(lines[2:]) == {
        "Hedy Lamarr: The session is booked by the programme",
        "Participant: The session is booked by the programme",
    }
    assert "Mary" not in coach.get(f"/book/groups/{group}").text
    manager = come(one_desk, "manager", participant=None)
    assert told(manager, group, "groups") == []


def test_what_happened_in_a_group_while_a_seat_was_not_in_it_is_not_of_that_seat(
    one_desk: Desk,
) -> None:
    first = pod(one_desk, participants=[HEDY], format="open")
    second = pod(one_desk, "2026-06-04T13:00:00Z", format="open")
    # Before the seat is taken
    send(one_desk, "PATCH", f"/v1/pods/{first}", {"start": "2026-06-02T15:00:00Z"})
    send(one_desk, "PATCH", f"/v1/pods/{second}", {"start": "2026-06-04T15:00:00Z"})
    seat = {"participant": GRACE, "context": ACME}
    joined = post(one_desk, f"/v1/pods/{first}/seats", seat)
    assert joined.status_code == 201, joined.text
    booking_id = joined.json["id"]
    moved = post(one_desk, f"/v1/bookings/{booking_id}/rebook", {"pod_id": second})
    assert moved.status_code == 200, moved.text
    # And after it was left
    send(one_desk, "PATCH", f"/v1/pods/{first}", {"start": "2026-06-02T16:00:00Z"})
    assert told(come(one_desk, "coach"), booking_id) == [
        "Moved here from another group by the programme",
        "The session is booked by the programme",
    ]


def test_what_happened_in_a_group_after_a_seat_was_given_up_is_not_of_that_seat(
    one_desk: Desk,
) -> None:
    group = pod(one_desk, participants=[HEDY], format="open")
    seat = {"participant": GRACE, "context": ACME}
    booking_id = post(one_desk, f"/v1/pods/{group}/seats", seat).json["id"]
    left = post(one_desk, f"/v1/bookings/{booking_id}/cancel", {})
    assert left.status_code == 200, left.text
    moved = send(one_desk, "PATCH", f"/v1/pods/{group}", {"start": "2026-06-02T15:00:00Z"})
    assert moved.status_code == 200, moved.text
    assert told(come(one_desk, "coach"), booking_id) == [
        "The session is cancelled by the programme",
        "The session is booked by the programme",
    ]
