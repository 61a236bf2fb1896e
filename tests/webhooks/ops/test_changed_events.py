"""Ops see which sessions wait because a coach changed their event: ids, times, and for how long."""

from datetime import timedelta

import pytest

from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import changed_events, people
from tests.support.http_client import Desk

OVER = {"starts": people.at(1, 6), "ends": people.at(1, 7)}
WAITED = people.NOW - timedelta(days=2)


def changed(desk: Desk, kind: str = "moved") -> str:
    """A session of Ada's that was moved in her calendar two days ago. Its id."""
    connection_id = people.ready(desk.database)
    with desk.database.write() as tx:
        wanted = Wanted("ada", people.at(4, 9), 60)
        made = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, people.terms())
        tx.execute(tables.sessions.update().values(title="Canary title"))
        stands = changed_events.MOVED if kind == "moved" else None
        changed_events.found(tx, made.session.id, connection_id, stands, kind=kind, since=WAITED)
    return made.session.id


def test_the_overview_says_how_many_and_for_how_long_and_names_the_coach(inside: Desk) -> None:
    assert "Event changed" in inside.client.get("/ops").text
    changed(inside)
    page = inside.client.get("/ops/live").text
    assert "1 session whose event a coach changed in the calendar" in page
    assert "CoachcalEventsUnsettled" in page
    assert "1 session to settle, the oldest for 2 d" in page


def test_the_coach_s_page_shows_each_with_both_times_and_no_title(inside: Desk) -> None:
    session_id = changed(inside)
    page = inside.client.get("/ops/coaches/ada").text
    row = page.partition("Sessions whose event the coach changed")[2].partition("</table>")[0]
    for said in (session_id, "moved", "2026-06-04 09:00:00", "2026-06-03 14:00:00"):
        assert said in row
    assert "Canary" not in page


def test_one_that_is_gone_stands_nowhere(inside: Desk) -> None:
    changed(inside, "deleted")
    page = inside.client.get("/ops/coaches/ada").text
    row = page.partition("Sessions whose event the coach changed")[2].partition("</table>")[0]
    assert "deleted" in row
    assert ">–<" in row


def test_the_figures_say_it_too(inside: Desk) -> None:
    assert "coachcal_events_unsettled 0.0" in inside.look("/metrics").text
    changed(inside)
    figures = inside.look("/metrics").text
    assert "coachcal_events_unsettled 1.0" in figures
    assert "coachcal_oldest_unsettled_seconds 172800.0" in figures


@pytest.mark.parametrize("over", [OVER, {"active": False}])
def test_of_a_session_that_is_over_nobody_is_warned(inside: Desk, over: dict[str, int]) -> None:
    """Its account may be one that nobody can read any more."""
    changed(inside)
    with inside.database.write() as tx:
        tx.execute(tables.sessions.update().values(over))
    figures = inside.look("/metrics").text
    assert "coachcal_events_unsettled 0.0" in figures
    assert "coachcal_oldest_unsettled_seconds 0.0" in figures
    assert "whose event a coach changed" not in inside.client.get("/ops/live").text
    page = inside.client.get("/ops/coaches/ada").text
    rows = page.partition("Sessions whose event the coach changed")[2].partition("</section>")[0]
    assert "None." in rows
