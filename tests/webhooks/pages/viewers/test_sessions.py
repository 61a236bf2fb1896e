"""A coach sees, moves, cancels and calls off the coming sessions on the booking page."""

import re

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    HEDY,
    enter,
    fields,
)
from tests.webhooks.pages.viewers.kit import ACME, EVENING, MARY, OPEN, come, pod, seats_of


def test_a_coach_sees_moves_and_cancels_their_sessions(desk: Desk) -> None:
    booking_id = enter(desk, participant=HEDY).book(OPEN)
    group = pod(desk, participants=[HEDY, MARY], title="Peer <circle>")
    coach = come(desk, "coach", participant=None)
    # Who comes when
    page = coach.get("/book?week=2026-06-01").text
    assert f"/book/bookings/{booking_id}" in page
    told = re.search(
        r"Peer &lt;circle&gt;</strong> <small>Seats taken: 2 of 3</small> ([\w ]+), ([\w ]+)", page
    )
    assert told is not None
    assert {told[1], told[2]} == {"Hedy Lamarr", "Mary Jackson"}
    assert "Seats taken" not in coach.get("/book?week=2026-06-08").text
    seated = coach.get(f"/book/groups/{group}").text
    assert "2 of 3 taken; it takes 2" in seated
    assert "Mary Jackson" in seated
    assert "mary@example.test" not in page + seated
    # When a session is moved into the evening, with a reason, and cancelled
    form = coach.confirm(EVENING, move=booking_id) | {"force": "Train"}
    moved = coach.post(f"/book/bookings/{booking_id}/move", form)
    page = coach.get(moved.location).text
    assert "19:00 – 20:00" in page
    assert "Hedy Lamarr" in page
    assert "Train" in page
    question = coach.get(f"/book/bookings/{booking_id}/cancel")
    ended = coach.post(f"/book/bookings/{booking_id}/cancel", fields(question))
    assert "The session is cancelled" in coach.get(ended.location).text
    assert ("hedy", "cancelled") in seats_of(desk)
    assert booking_id not in coach.get("/book?week=2026-06-01").text


@pytest.mark.parametrize(("excuse", "status"), [({}, "missed"), ({"excused": "1"}, "cancelled")])
def test_a_coach_may_excuse_a_late_cancellation(
    one_desk: Desk, excuse: dict[str, str], status: str
) -> None:
    soon, later = people.at(1, 14), people.at(4, 9)
    booking_id, another = (enter(one_desk, context=ACME).book(start) for start in (soon, later))
    coach, grace = come(one_desk, "coach"), come(one_desk, "participant")
    ask = coach.get(f"/book/bookings/{booking_id}/cancel")
    assert 'name="excused"' in ask.text
    assert 'name="excused"' not in grace.get(f"/book/bookings/{booking_id}/cancel").text
    assert (
        'name="excused"' not in coach.get(f"/book/bookings/{another}/cancel").text
    )  # nothing to excuse
    assert (
        coach.post(f"/book/bookings/{booking_id}/cancel", fields(ask) | excuse).status_code == 303
    )
    with one_desk.database.read() as tx:
        told = tx.execute(
            tables.outbox.select().where(tables.outbox.c.booking_id == booking_id)
        ).all()
    assert seats_of(one_desk) == sorted([("grace", "booked"), ("grace", status)])
    assert status in {row.topic for row in told}


def test_a_session_that_was_changed_meanwhile_is_left_alone(one_desk: Desk) -> None:
    booking_id = enter(one_desk, participant=HEDY).book(OPEN)
    coach = come(one_desk, "coach")
    form = fields(coach.get(f"/book/bookings/{booking_id}/cancel"))
    other = coach.confirm(people.at(5, 9), move=booking_id)
    assert coach.post(f"/book/bookings/{booking_id}/move", other).status_code == 303
    answer = coach.post(f"/book/bookings/{booking_id}/cancel", form)
    assert (answer.status_code, "changed meanwhile" in answer.text) == (409, True)


def test_a_group_is_called_off_by_its_coach(desk: Desk) -> None:
    group = pod(desk, participants=[HEDY, MARY])
    coach = come(desk, "coach", participant=None)
    path = f"/book/groups/{group}/off"
    question = coach.get(path)
    assert "told by mail: 2" in question.text
    form = fields(question)
    stale = coach.post(path, form | {"version": "9"})
    assert stale.status_code == 409
    assert "changed meanwhile" in stale.text
    answer = coach.post(path, form)
    assert answer.location.startswith(f"/book/groups/{group}")
    assert "called off" in coach.get(answer.location).text
    assert seats_of(desk) == [("hedy", "cancelled"), ("mary", "cancelled")]
    assert coach.post(path, form).location == answer.location
    assert coach.get(path).status_code == 404
    assert group not in coach.get("/book?week=2026-06-01").text
