"""What ops and the API are told of one coach: how long pushes waited, whose local time moved."""

from domain import push_waits
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import people
from tests.support.http_client import Desk

MOVED = {"wall": "2026-06-09T10:00 Asia/Tokyo", "wall_moved": "2026-06-09T11:00 Asia/Tokyo"}


def test_a_coach_without_a_push_has_no_figures(inside: Desk) -> None:
    people.ready(inside.database)
    with inside.database.write() as tx:
        tx.execute(tables.connections.update().values(push_waits=None))
    assert "no push was measured" in inside.client.get("/ops/coaches/ada").text
    shown = inside.get("/v1/coaches/ada").json
    nothing = {"measured": 0, "last_ms": None, "p95_ms": None}
    assert (shown["push_to_visible"], shown["missed_pushes"]) == (nothing, 0)


def test_the_figures_of_a_coach_are_on_the_page_and_in_the_api(inside: Desk) -> None:
    people.ready(inside.database)
    waits = push_waits.with_one_more(None, at=1, ms=85)
    waits = push_waits.with_one_more(waits, at=2, ms=2_100)
    with inside.database.write() as tx:
        tx.execute(tables.connections.update().values(push_waits=waits, missed_pushes=2))
    shown = inside.get("/v1/coaches/ada").json
    figures = {"measured": 2, "last_ms": 2_100, "p95_ms": 1_999}
    assert (shown["push_to_visible"], shown["missed_pushes"]) == (figures, 2)
    page = inside.client.get("/ops/coaches/ada").text
    assert "<b>2.1 s</b> the last time, within <b>2.0 s</b> 95 times of 100" in page
    assert "Missed pushes: <b>2</b>" in page


def test_sessions_with_another_local_time_are_on_both_pages_and_in_the_list(inside: Desk) -> None:
    people.ready(inside.database)
    for page in ("/ops", "/ops/coaches/ada"):
        assert "another local time" not in inside.client.get(page).text
    with inside.database.write() as tx:
        wanted = Wanted("ada", people.at(9, 10), 60)
        session = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms()).session
        tx.execute(tables.sessions.update().values(title="Canary title", **MOVED))
    for page in ("/ops", "/ops/coaches/ada"):
        shown = inside.client.get(page).text
        assert session.id in shown
        assert "2026-06-09 10:00 Asia/Tokyo" in shown
        assert "2026-06-09 11:00 Asia/Tokyo" in shown
        assert "Canary" not in shown
    query = "coach_id=ada&from=2026-06-09&to=2026-06-10"
    (listed,) = inside.get(f"/v1/sessions?{query}").json["sessions"]
    assert (listed["booked_for"], listed["wall_moved"]) == (MOVED["wall"], MOVED["wall_moved"])
