"""The overview lists the first of what there is: it does not tell them as all of it."""

import re
from dataclasses import replace

from storage.rows import sessions
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import people
from tests.support.http_client import Desk
from webhooks.ops.facts import MOST_SHOWN

ENDS = f"Each of these lists ends after {MOST_SHOWN}."


def conflicts(desk: Desk, first: int, end: int) -> None:
    """Coaches with a session that something else in their calendar lies over."""
    for number in range(first, end):
        coach_id = f"coach-{number:02}"
        people.introduce(desk.database, people.coach(id=coach_id))
        wanted = Wanted(coach_id, people.at(2, 13), 60, force="a test")
        who = replace(people.GRACE, id=f"person-{number}")
        with desk.database.write() as tx:
            made = bookings.book(tx, wanted, who, people.PROGRAMME, people.terms())
            sessions.mark_conflicts(tx, [made.session.id], since=people.NOW)


def told(desk: Desk) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", desk.client.get("/ops").text).split())


def test_more_coaches_than_a_list_holds_are_not_told_as_so_many(inside: Desk) -> None:
    conflicts(inside, 0, MOST_SHOWN - 1)
    assert f" {MOST_SHOWN - 1} coaches with a session under an event" in told(inside)
    assert ENDS not in told(inside)
    conflicts(inside, MOST_SHOWN - 1, MOST_SHOWN + 5)
    assert f" {MOST_SHOWN} or more coaches with a session under an event" in told(inside)
    assert ENDS in told(inside)
