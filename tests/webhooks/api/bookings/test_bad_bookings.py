"""What is not there, a bad body, and what no answer shows of a participant."""

from typing import Any

import pytest

from storage.schema import tables
from tests.support.booking_requests import BOOKING, GRACE, HEDY, POD, TEN, post, refused
from tests.support.http_client import Desk


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/bookings/bkg_0/cancel", "booking"),
        ("/v1/pods/ses_0/seats", "pod"),
        ("/v1/sessions/ses_0/attendance", "session"),
    ],
)
def test_what_is_not_there_is_404(desk: Desk, path: str, what: str) -> None:
    bodies = {"booking": {}, "pod": {"participant": GRACE}, "session": {"status": "missed"}}
    assert refused(post(desk, path, bodies[what]), 404, f"unknown_{what}")["field"] == f"{what}_id"


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("/v1/bookings", BOOKING | {"start": "tomorrow"}, "invalid_instant", "start"),
    ("/v1/bookings", BOOKING | {"start": "2026-06-02T10:00:00"}, "invalid_instant", "start"),
    ("/v1/bookings", BOOKING | {"start": "2026-06-02T10:01:00Z"}, "not_on_the_grid", "start"),
    ("/v1/bookings", BOOKING | {"duration": 45}, "duration_not_offered", "duration"),
    ("/v1/bookings", BOOKING | {"duration": "60"}, "wrong_type", "duration"),
    ("/v1/bookings", BOOKING | {"pod_id": "ses_1"}, "time_or_pod", "coach_id"),
    ("/v1/bookings", {"participant": GRACE, "coach_id": "ada", "start": TEN}, "missing",
     "duration"),
    ("/v1/bookings", {"coach_id": "ada"}, "missing", "participant"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"zone": "Mars/Base"}}, "unknown_zone",
     "participant.zone"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"email": "grace"}}, "not_an_address",
     "participant.email"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"email": "a..b@x.test"}}, "not_an_address",
     "participant.email"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"name": ""}}, "too_many",
     "participant.name"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"name": "x\0"}}, "invalid_value",
     "participant.name"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"name": "x" * 301}}, "too_many",
     "participant.name"),
    ("/v1/bookings", BOOKING | {"participant": GRACE | {"my_page_url": "javascript:alert(1)"}},
     "invalid_value",
     "participant.my_page_url"),
    ("/v1/bookings", BOOKING | {"force": {"reason": ""}}, "too_many", "force.reason"),
    ("/v1/bookings", BOOKING | {"price": 3}, "unknown_field", "price"),
    ("/v1/pods", POD | {"min_seats": 3}, "min_over_max", "min_seats"),
    ("/v1/pods", POD | {"format": "secret"}, "unknown_word", "format"),
    ("/v1/pods", POD | {"max_seats": 0}, "out_of_range", "max_seats"),
    ("/v1/holds", {"coach_id": "ada", "start": TEN, "duration": 60, "owner": "a", "minutes": 61},
     "out_of_range",
     "minutes"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "code", "field"), BAD)
def test_a_bad_body_is_refused_by_its_field_and_changes_nothing(
    desk: Desk, path: str, body: dict[str, Any], code: str, field: str
) -> None:
    before = desk.dump()
    answer = post(desk, path, body)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, code, field), (
        answer.text
    )
    assert desk.dump() == before


@pytest.mark.parametrize("field", [{"duration": 30}, {"hold_id": "ses_1"}])
def test_a_seat_that_moves_takes_neither_a_length_nor_a_hold_along(
    desk: Desk, field: dict[str, Any]
) -> None:
    booked = post(desk, "/v1/bookings", BOOKING).json
    before = desk.dump()
    answer = post(desk, f"/v1/bookings/{booked['id']}/rebook", {"pod_id": "ses_1"} | field)
    told = refused(answer, 422, "time_or_pod")
    assert told["field"] in field
    assert desk.dump() == before


def test_nothing_of_a_participant_is_in_a_refusal_or_a_listing(desk: Desk) -> None:
    post(desk, "/v1/bookings", BOOKING)
    other = post(desk, "/v1/bookings", BOOKING | {"participant": HEDY})
    told = (
        other.text
        + desk.get(
            "/v1/coaches/ada/slots?from=2026-06-02&to=2026-06-03&duration=60", "slots:read"
        ).text
    )
    assert "Grace" not in told
    assert "grace" not in told


def test_the_outbox_holds_one_mail_a_person_and_change(desk: Desk) -> None:
    booked = post(desk, "/v1/bookings", BOOKING).json
    post(desk, f"/v1/bookings/{booked['id']}/rebook", {"start": "2026-06-02T14:00:00Z"})
    row = tables.outbox.c
    with desk.database.read() as tx:
        found = [
            (each.topic, each.version, each.recipient)
            for each in tx.execute(
                tables.outbox.select().where(row.kind == "mail", row.topic != "reminder")
            )
        ]
    people = ("ada@example.test", "grace@example.test")
    assert sorted(found) == sorted(
        (topic, version, person)
        for topic, version in (("booked", 1), ("rebooked", 2))
        for person in people
    )
