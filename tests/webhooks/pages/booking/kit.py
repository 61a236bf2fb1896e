"""A guest of the booking page, and what the API and the database say of the same."""

from datetime import datetime
from typing import Any

from storage.schema import tables
from tests.support import people
from tests.support.booking_requests import POD, post
from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, fields

TEN, FREE = people.at(2, 13), people.at(4, 9)
BUSY = (people.at(2, 9), people.at(2, 10))


def listed(desk: Desk, since: str, until: str, duration: int = 60, zone: str = "UTC") -> list[int]:
    """What the API lists."""
    query = f"from={since}&to={until}&duration={duration}&tz={zone}"
    starts = desk.get(f"/v1/coaches/ada/slots?{query}").json["starts"]
    return [int(datetime.fromisoformat(start).timestamp()) for start in starts]


def bookings_of(desk: Desk) -> list[tuple[str, str, int]]:
    with desk.database.read() as tx:
        return sorted(
            (row.participant_id, row.status, row.version)
            for row in tx.execute(tables.bookings.select())
        )


def pod(desk: Desk, start: str = "2026-06-02T14:00:00Z", **changes: Any) -> str:
    made = post(desk, "/v1/pods", POD | {"start": start, "title": "Secret title"} | changes)
    assert made.status_code == 201, made.text
    return str(made.json["session_id"])


def join(guest: Visitor, pod_id: str) -> Any:
    page = guest.get("/book")
    assert f'formaction="/book/groups/{pod_id}/join"' in page.text
    return guest.post(f"/book/groups/{pod_id}/join", fields(page))
