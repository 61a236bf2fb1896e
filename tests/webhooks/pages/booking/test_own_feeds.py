"""A calendar feed is made, shown once and revoked on the page, by the participant and by the coach,
each of their own sessions.
"""

import html
import re

from storage.rows.feeds import MOST
from storage.schema import tables
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY, Visitor, enter
from tests.webhooks.pages.booking.kit import TEN


def csrf(guest: Visitor) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', guest.get("/book/feeds").text)
    assert found is not None
    return {"csrf": found[1]}


def make(guest: Visitor) -> str:
    answer = guest.post("/book/feeds", csrf(guest))
    assert answer.status_code == 201, answer.text
    found = re.search(r'id="address" value="([^"]+)"', answer.text)
    assert found is not None
    address = html.unescape(found[1])
    assert f'href="webcal{address.partition(":")[1]}{address.partition(":")[2]}"' in answer.text
    return "/f/" + address.rpartition("/")[2]


def test_a_participant_makes_a_feed_sees_it_once_and_revokes_it(one_desk: Desk) -> None:
    guest = enter(one_desk)
    assert 'href="/book/feeds"' in guest.get("/book").text
    guest.book(TEN)
    path = make(guest)
    read = guest.client.get(path)
    assert (read.status_code, "BEGIN:VEVENT" in read.text) == (200, True)
    # Another look shows that it is there, and not its address
    page = guest.get("/book/feeds").text
    assert path not in page
    [revoke] = re.findall(r'action="(/book/feeds/fed_\w+/revoke)"', page)
    assert guest.post(revoke, csrf(guest)).status_code == 303
    assert guest.post(revoke, csrf(guest)).status_code == 303
    assert guest.client.get(path).status_code == 404


def test_nobody_revokes_anothers_feed(one_desk: Desk) -> None:
    guest, other = enter(one_desk), enter(one_desk, participant=HEDY)
    make(guest)
    with one_desk.database.read() as tx:
        [feed] = tx.execute(tables.feeds.select())
    assert (feed.coach_id, feed.participant_id) == (None, "grace")
    other.post(f"/book/feeds/{feed.id}/revoke", csrf(other))
    with one_desk.database.read() as tx:
        assert len(tx.execute(tables.feeds.select()).all()) == 1


def test_a_coachs_feed_is_of_the_coach_and_a_manager_who_looks_has_none(one_desk: Desk) -> None:
    booking_id = enter(one_desk).book(TEN)
    coach = enter(one_desk, viewer="coach")
    assert 'href="/book/feeds"' in coach.get(f"/book/bookings/{booking_id}").text
    make(coach)
    with one_desk.database.read() as tx:
        [feed] = tx.execute(tables.feeds.select())
    assert (feed.coach_id, feed.participant_id) == ("ada", None)
    manager = enter(one_desk, viewer="manager", context={"company": "acme"})
    assert manager.get("/book/feeds").status_code == 404


def test_past_the_most_one_is_to_be_revoked_first(one_desk: Desk) -> None:
    guest = enter(one_desk)
    for _ in range(MOST):
        make(guest)
    answer = guest.post("/book/feeds", csrf(guest))
    assert (answer.status_code, "revoke one first" in answer.text) == (409, True)
