"""What the customer's help pages say of where sessions are, line by line."""

from collections.abc import Iterator
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import BOOKING, post
from tests.support.http_client import Desk

ACME = "/v1/places/company/acme"
ZOOM = {"kind": "conferencing", "value": "default"}
TEAMS = {"kind": "conferencing", "value": "integrated"}
CONTEXT = {"context": {"company": "acme"}}


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """Ada, with a calendar that was just read."""
    with desks.opened(database_url, broker=StubBroker(), place="conferencing") as opened:
        people.ready(opened.database)
        yield opened


def booked(desk: Desk, day: int, **context: Any) -> Any:
    answer = post(
        desk, "/v1/bookings", BOOKING | {"start": f"2026-06-{day:02}T14:00:00Z"} | context
    )
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_company_has_a_provider_for_calls(desk: Desk) -> None:
    """26. A company has a provider for calls (Zoom unless said otherwise); a change concerns new
    bookings only.
    """
    assert booked(desk, 2)["place"] == ZOOM, "nobody said otherwise"
    before = booked(desk, 3, **CONTEXT)
    assert desk.put(ACME, {"place": TEAMS}).status_code == 200
    after = booked(desk, 4, **CONTEXT)
    assert [before["place"], after["place"]] == [ZOOM, TEAMS]
    assert desk.get(f"/v1/bookings/{before['id']}").json["place"] == ZOOM
    moved = {"start": "2026-06-05T14:00:00Z"}
    again = post(desk, f"/v1/bookings/{before['id']}/rebook", moved).json
    assert again["place"] == ZOOM, "it is the same booking at another time"
    assert booked(desk, 8)["place"] == ZOOM, "of another company's, or of none"
