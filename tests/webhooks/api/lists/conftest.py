"""A desk at which three coaches have sessions of two companies, on both kinds of database."""

from typing import Any

import pytest

from domain.coaches import Policy
from tests.support import people
from tests.support.booking_requests import GRACE, HEDY, post
from tests.support.http_client import Desk

SPRING = {"company": "acme", "project": "leaders", "cohort": "spring"}
AUTUMN = {"company": "acme", "project": "leaders", "cohort": "autumn"}
OTHER = {"company": "other", "programme_name": "New Leaders"}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    for name in ("ada", "bob", "cas"):
        policy = Policy("hours_only", 24)
        mine = people.coach(id=name, name=name.title(), policy=policy)
        people.introduce(desk.database, mine)
    return desk


@pytest.fixture
def booked(desk: Desk) -> list[dict[str, Any]]:
    """Bookings in the order in which they begin; the last two are seats in one pod."""
    made = []
    for coach, hour, who, context in (
        ("ada", 9, GRACE, SPRING),
        ("bob", 9, HEDY, AUTUMN),
        ("ada", 11, GRACE, OTHER),
    ):
        start = f"2026-06-02T{hour:02}:00:00Z"
        body = {"coach_id": coach, "start": start, "duration": 60, "participant": who}
        made.append(post(desk, "/v1/bookings", body | {"context": context}).json)
    pod = pod_of(desk)
    for who, context in ((GRACE, {}), (HEDY, AUTUMN)):
        seat = {"participant": who, "context": context}
        made.append(post(desk, f"/v1/pods/{pod}/seats", seat).json)
    return sorted(made, key=lambda each: (each["start"], each["id"]))


def pod_of(desk: Desk, **changes: Any) -> str:
    """A pod of Cas's in the spring, for three at least."""
    body = {"coach_id": "cas", "start": "2026-06-03T09:00:00Z", "duration": 60, "context": SPRING}
    body |= {"min_seats": 3, "max_seats": 5, "deadline": "2026-06-02T09:00:00Z"}
    return str(post(desk, "/v1/pods", body | changes).json["session_id"])
