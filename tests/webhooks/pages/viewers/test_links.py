"""Links to the booking page for coaches and programme managers: who may have one, and what it
holds.
"""

from typing import Any

import pytest

from storage.schema import tables
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    GRACE,
    enter,
    follow,
    path_of,
)
from tests.support.page_visitor import link as made_link
from tests.webhooks.pages.viewers.kit import ACME, OPEN, STAFF, come
from webhooks.http.page_sessions import signer


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"viewer": "ops"}, "unknown_word", "viewer"),
        ({"viewer": None, "participant": None}, "missing", "participant"),
        ({"viewer": "coach", "participant": None, "booking_id": "bkg_1"}, "missing", "participant"),
        ({"viewer": "manager"}, "missing", "context"),
        ({"viewer": "manager", "context": {"programme_name": "Leaders"}}, "missing", "context"),
        (
            {"viewer": "coach", "purpose": "settings", "participant": None},
            "unknown_field",
            "viewer",
        ),
    ],
)
def test_a_viewer_s_link_that_makes_no_sense_is_not_made(
    one_desk: Desk, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = made_link(one_desk, **changes)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, code, field)


def test_a_coach_s_link_takes_a_key_that_may_force(one_desk: Desk) -> None:
    body = {"purpose": "booking", "coach_id": "ada", "viewer": "coach"}
    answer = one_desk.ask("POST", "/v1/links", "links:write", json=body)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
        403,
        "scope_missing",
        "viewer",
    )
    assert "bookings:force" in answer.json["detail"]
    assert (
        one_desk.ask("POST", "/v1/links", "links:write", "bookings:force", json=body).status_code
        == 201
    )


@pytest.mark.parametrize("viewer", STAFF)
def test_staff_come_with_a_participant_with_their_booking_or_without_either(
    one_desk: Desk, viewer: str
) -> None:
    booking_id = enter(one_desk, context=ACME).book(OPEN)
    assert come(one_desk, viewer, participant=None).get("/book").status_code == 200
    assert come(one_desk, viewer).get("/book").status_code == 200
    made = made_link(one_desk, viewer=viewer, context=ACME, booking_id=booking_id)
    answer = follow(one_desk.client, path_of(made))
    assert answer.location == f"/book/bookings/{booking_id}"
    page = one_desk.look(answer.location).text
    assert "The session is booked" in page
    assert "Grace Hopper" in page


def test_what_an_older_release_signed_is_refused(one_desk: Desk) -> None:
    """Its links and cookies do not say who looks."""
    settings = one_desk.runtime.services.settings
    path = path_of(made_link(one_desk))
    with one_desk.database.write() as tx:
        old = dict(tx.execute(tables.links.select()).one().meaning)
        del old["viewer"], old["zone"]
        tx.execute(tables.links.update().values(meaning=old))
    assert follow(one_desk.client, path).status_code == 403
    stranger = one_desk.client.application.test_client()
    stranger.set_cookie("coachcal-page", str(signer(settings, "session").dumps(old)))
    assert stranger.get("/book").status_code == 401


def test_times_are_told_in_the_zone_of_whoever_looks(one_desk: Desk) -> None:
    """A coach's own; a manager's is not known: the participant's, and without one the coach's."""
    kathmandu = GRACE | {"zone": "Asia/Kathmandu"}
    for viewer, participant, zone in (
        ("coach", kathmandu, "United Kingdom Time (London"),
        ("manager", kathmandu, "Nepal Time (Kathmandu)"),
        ("manager", None, "United Kingdom Time (London"),
    ):
        assert (
            f"All times are in {zone}"
            in come(one_desk, viewer, participant=participant).get("/book").text
        )
