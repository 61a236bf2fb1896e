"""What a coach changed in their calendar, on a page of theirs: seen, settled once, and said so."""

import re
from dataclasses import replace
from typing import Any

import pytest

from storage.rows import event_differences, sessions
from storage.schema import tables
from tests.support import changed_events, people
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY, enter, fields
from tests.support.page_weight import LANGUAGES, LONG, light, weight
from tests.webhooks.pages.booking.changes_kit import BOOKED, PAGE, TAKEN, THERE, coach, ids, moved


def form(page: Any, to: str) -> dict[str, str]:
    assert f'name="to" value="{to}"' in page.text
    return fields(page) | {"to": to}


def session(desk: Desk, session_id: str) -> Any:
    with desk.database.read() as tx:
        return sessions.get(tx, session_id)


def owed(desk: Desk, *topics: str) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        rows = tx.execute(tables.outbox.select()).all()
    return sorted((row.kind, row.topic) for row in rows if row.topic in topics)


def test_the_page_says_where_each_of_the_two_stands_with_the_zone_named(desk: Desk) -> None:
    moved(desk)
    text = coach(desk).get(PAGE).text
    assert "You moved this session in your calendar" in text
    assert "Grace Hopper" in text
    assert re.search("Thursday,? 4 June 2026.*10:00 – 11:00", text)
    assert re.search("Wednesday,? 3 June 2026.*15:00 – 16:00", text)
    assert "(London)" in text
    assert "Move the session there" in text
    assert "Put it back" in text


def test_moved_there_by_a_click_and_a_second_click_says_that_it_was_done(desk: Desk) -> None:
    session_id = moved(desk)
    visitor = coach(desk)
    sent = form(visitor.get(PAGE), "calendar")
    done = visitor.post(f"{PAGE}/{session_id}", sent)
    assert done.status_code == 303
    page = visitor.get(done.location)
    assert "The session has its new time" in page.text
    assert "there is nothing to settle" in page.text
    assert session(desk, session_id).starts == THERE
    assert owed(desk, "rebooked") == [("mail", "rebooked")] * 2
    before = desk.dump()
    again = visitor.post(f"{PAGE}/{session_id}", sent)
    assert (again.status_code, "settled already" in again.text) == (409, True)
    assert desk.dump() == before


def test_put_back_owes_the_calendar_the_session_and_no_mail(desk: Desk) -> None:
    session_id = moved(desk)
    visitor = coach(desk)
    sent = form(visitor.get(PAGE), "session")
    done = visitor.post(f"{PAGE}/{session_id}", sent)
    assert "goes back into your calendar" in visitor.get(done.location).text
    assert session(desk, session_id).starts == BOOKED
    assert owed(desk, "upsert", "rebooked") == [("calendar", "upsert")] * 2
    before = desk.dump()
    assert visitor.post(f"{PAGE}/{session_id}", sent).status_code == 409
    assert desk.dump() == before


def test_a_page_of_before_the_event_was_dragged_on_settles_nothing(one_desk: Desk) -> None:
    session_id = moved(one_desk)
    visitor = coach(one_desk)
    sent = form(visitor.get(PAGE), "calendar")
    with one_desk.database.write() as tx:
        connection_id = tx.execute(tables.connections.select()).one().id
        changed_events.found(tx, session_id, connection_id, (TAKEN, TAKEN + 3600))
    before = one_desk.dump()
    answer = visitor.post(f"{PAGE}/{session_id}", sent)
    assert answer.status_code == 409
    assert "changed since" in answer.text
    assert re.search("Friday,? 5 June 2026", answer.text)
    assert one_desk.dump() == before


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (people.at(2, 9), "Something in your calendars is in its way."),
        (people.at(4, 20), "It lies outside your working hours."),
        (people.at(3, 14) + 300, ""),
    ],
)
def test_what_is_not_open_is_not_offered_and_the_reason_is_told(
    one_desk: Desk, start: int, why: str
) -> None:
    session_id = moved(one_desk, start)
    visitor = coach(one_desk)
    page = visitor.get(PAGE)
    assert "that time is not open" in page.text
    assert why in page.text
    assert 'value="calendar"' not in page.text
    before = one_desk.dump()
    answer = visitor.post(f"{PAGE}/{session_id}", form(page, "session") | {"to": "calendar"})
    assert (answer.status_code, "not open any more" in answer.text) == (409, True)
    assert one_desk.dump() == before


@pytest.mark.parametrize("kind", ["deleted", "declined"])
def test_of_one_that_is_gone_only_putting_back_is_offered(one_desk: Desk, kind: str) -> None:
    session_id = moved(one_desk, kind=kind)
    visitor = coach(one_desk)
    page = visitor.get(PAGE)
    assert f"You {kind} this session" in page.text
    assert 'value="calendar"' not in page.text
    done = visitor.post(f"{PAGE}/{session_id}", form(page, "session"))
    assert done.status_code == 303
    with one_desk.database.read() as tx:
        assert event_differences.of_session(tx, session_id) is None


def test_a_conflict_is_there_with_what_is_taken_and_where_it_is_changed(one_desk: Desk) -> None:
    booking_id = enter(one_desk).book(BOOKED)
    session_id, connection_id = ids(one_desk, booking_id)
    people.mark_dirty(one_desk.database, connection_id)
    people.read(one_desk.database, connection_id, (BOOKED + 1800, BOOKED + 7200),
                of=people.MAILED, account=None)  # fmt: skip
    visitor = coach(one_desk)
    text = visitor.get(PAGE).text
    assert "Something else in your calendar lies over this session" in text
    assert "10:30 – 11:00" in text
    [place] = re.findall(r'href="(/book/bookings/[^"]+)"', text)
    assert visitor.get(place).status_code == 200
    assert session(one_desk, session_id).conflict_since is not None


def test_the_week_says_so_only_while_there_is_something_and_only_to_the_coach(
    one_desk: Desk,
) -> None:
    visitor = coach(one_desk)
    assert PAGE not in visitor.get("/book").text
    session_id = moved(one_desk)
    assert f'href="{PAGE}' in visitor.get("/book").text
    for other in ("participant", "manager"):
        guest = enter(one_desk, viewer=other, context={"company": "acme"})
        assert PAGE not in guest.get("/book").text
        assert guest.get(PAGE).status_code == 404
    with one_desk.database.write() as tx:
        assert event_differences.settle(tx, session_id)
    assert PAGE not in visitor.get("/book").text


def test_another_coach_s_is_neither_seen_nor_settled(one_desk: Desk) -> None:
    session_id = moved(one_desk)
    people.ready(one_desk.database, replace(people.MAILED, id="bob"))
    visitor = coach(one_desk, coach_id="bob")
    page = visitor.get(PAGE)
    assert "there is nothing to settle" in page.text
    own = coach(one_desk)
    sent = form(own.get(PAGE), "session")
    before = one_desk.dump()
    assert own.post(f"{PAGE}/{session_id}", sent | {"csrf": "x"}).status_code == 403
    assert own.post(f"{PAGE}/{session_id}", sent | {"to": "nowhere"}).status_code == 422
    csrf = re.search(r'name="csrf" value="([^"]+)"', visitor.get("/book").text)
    assert csrf is not None
    answer = visitor.post(f"{PAGE}/{session_id}", sent | {"csrf": csrf[1]})
    assert answer.status_code == 404
    assert one_desk.dump() == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_light_and_whole_in_every_language(one_desk: Desk, language: str) -> None:
    moved(one_desk, participant=HEDY | {"name": LONG})
    visitor = coach(one_desk, language=language, return_url="https://os.test/me")
    light(weight(visitor.client, PAGE))
    page = visitor.get(PAGE).text
    if language != "en":
        assert "Put it back" not in page
