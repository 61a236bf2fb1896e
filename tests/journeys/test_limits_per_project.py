"""What the customer's help says about limits, done over the API as the platform does it."""

from collections.abc import Callable, Iterator

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import BOOKING, HEDY, post, refused
from tests.support.databases import Kind
from tests.support.http_client import Desk

SOON, LATER, LAST = "2026-06-01T12:00:00Z", "2026-06-04T10:00:00Z", "2026-06-05T10:00:00Z"
CONTEXT = {"company": "acme", "project": "leaders", "cohort": "spring"}


@pytest.fixture
def desk(fresh_database: Callable[[Kind], str]) -> Iterator[Desk]:
    with desks.opened(fresh_database("sqlite"), broker=StubBroker()) as opened:
        yield opened


@pytest.mark.parametrize(("scope", "scope_id"), [("project", "leaders"), ("cohort", "spring")])
def test_limits_for_missed_calls_and_rebookings_are_set_per_project_or_cohort(
    desk: Desk, scope: str, scope_id: str
) -> None:
    """ "Limits for missed calls and rebookings are set per project or cohort." """
    people.introduce(desk.database, people.MAILED)
    desks.connect(desk)
    # Given a project, or a cohort, that allows one rebooking and one missed call
    rules = {"most_rebookings": 1, "most_missed": 1}
    assert desk.put(f"/v1/change_rules/{scope}/{scope_id}", rules).status_code == 200
    # When a participant has moved once, the next one is refused
    wanted = BOOKING | {"context": CONTEXT}
    path = f"/v1/bookings/{post(desk, '/v1/bookings', wanted | {'start': LATER}).json['id']}"
    assert post(desk, f"{path}/rebook", {"start": LAST}).json["moves"] == 1
    refused(post(desk, f"{path}/rebook", {"start": LATER}), 409, "rebookings_used_up")
    # And when they have missed a call, the next booking is
    missed = post(desk, "/v1/bookings", wanted | {"start": SOON}).json["id"]
    assert post(desk, f"/v1/bookings/{missed}/cancel", {}).json["status"] == "missed"
    problem = refused(post(desk, "/v1/bookings", wanted | {"start": SOON}), 409, "missed_used_up")
    assert (problem["limit"], problem["scope"], problem["scope_id"]) == (1, scope, scope_id)
    # Nobody else is bound by what one participant used; and the programme may all the same
    other = wanted | {"start": "2026-06-02T14:00:00Z", "participant": HEDY}
    assert post(desk, "/v1/bookings", other).status_code == 201
    forced = wanted | {"start": SOON, "force": {"reason": "The programme asked."}}
    assert post(desk, "/v1/bookings", forced).status_code == 201
