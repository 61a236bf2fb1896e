"""A time is kept for a participant while they confirm it, shown to them, and given back."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY, Visitor, choosing, enter, fields, open_starts
from tests.webhooks.pages.booking.kit import BUSY, FREE, TEN, bookings_of, listed

WEEK = "/book?duration=60&week=2026-06-01"
MINUTES = timedelta(minutes=5)


class Watch:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = people.NOW

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def timed_desk(database_url: str, watch: Watch) -> Iterator[Desk]:
    """On both kinds of database, by a clock that is set."""
    with desks.opened(database_url, now=watch, broker=StubBroker()) as desk:
        people.ready(desk.database, people.MAILED, BUSY)
        yield desk


def holds(desk: Desk) -> list[tuple[str, int]]:
    """Whose, and when."""
    with desk.database.read() as tx:
        kept = tx.execute(tables.sessions.select().where(tables.sessions.c.kind == "hold"))
        return sorted((row.owner, row.starts) for row in kept)


def show(guest: Visitor, page: Any) -> Any:
    """`Choose another time` is pressed."""
    button = re.search(r'<button id="other" formaction="([^"]+)" name="show" value="1">', page.text)
    assert button is not None
    return guest.post(button[1], fields(page) | {"show": "1"})


def shown(page: Any) -> str:
    """What the confirmation says of how long the time is kept; empty: nothing."""
    found = re.search(r'<p [^>]*id="kept"[^>]*>([^<]+)</p>', page.text)
    return found[1].replace("\u2068", "").replace("\u2069", "") if found else ""


def test_a_time_is_kept_while_it_is_confirmed_and_is_then_booked(desk: Desk) -> None:
    guest, other = enter(desk), enter(desk, participant=HEDY)
    # When a time is pressed, it is kept, and that is said
    page = guest.choose(TEN)
    assert shown(page) == "This time is kept for you for 5 minutes, until 09:05."
    assert holds(desk) == [("grace", TEN)]
    # Then to everybody else it is taken, and to its owner it is open
    assert TEN not in open_starts(other.get(WEEK))
    assert TEN not in listed(desk, "2026-06-02", "2026-06-03")
    assert other.get(f"/book/confirm?start={TEN}&duration=60").status_code == 409
    assert other.post("/book", other.confirm(FREE) | {"start": str(TEN)}).status_code == 409
    for path in (WEEK, WEEK.replace("/book", "/book/grid")):
        assert TEN in open_starts(guest.get(path))
    # And they book it through no refusal, and nothing is kept any more
    assert guest.post("/book", fields(page)).status_code == 303
    assert bookings_of(desk) == [("grace", "booked", 1)]
    assert holds(desk) == []


def test_there_are_never_two_of_one_participant(desk: Desk) -> None:
    guest, elsewhere = enter(desk), enter(desk)
    guest.choose(TEN)
    guest.choose(TEN)
    assert holds(desk) == [("grace", TEN)]
    # Another choice, which lies over the first one; another link of the same person's
    guest.choose(TEN + 900)
    assert holds(desk) == [("grace", TEN + 900)]
    elsewhere.choose(FREE)
    assert holds(desk) == [("grace", FREE)]
    # The page of before books all the same, be what is kept now in its way
    form = guest.confirm(FREE + 900)
    assert guest.post("/book", form).status_code == 303
    assert holds(desk) == []


def test_a_choice_that_cannot_be_had_gives_the_one_before_back(one_desk: Desk) -> None:
    guest = enter(one_desk)
    for start, status in ((BUSY[0], 409), (TEN + 60, 409), (FREE, 200)):
        guest.choose(TEN)
        assert guest.choose(start).status_code == status
        assert ("grace", TEN) not in holds(one_desk)
    assert holds(one_desk) == [("grace", FREE)]


def test_choosing_another_time_gives_it_back_and_keeps_what_was_chosen(desk: Desk) -> None:
    guest, other = enter(desk), enter(desk, participant=HEDY)
    page = guest.choose(TEN, zone="Asia/Kathmandu", week="2026-06-01")
    back = show(guest, page)
    assert back.status_code == 303
    assert "week=2026-06-01" in back.location
    assert "zone=Asia/Kathmandu" in back.location.replace("%2F", "/")
    assert holds(desk) == []
    assert TEN in open_starts(other.get(WEEK))


def test_looking_at_addresses_keeps_nothing_and_gives_nothing_back(one_desk: Desk) -> None:
    """As browsers do ahead of a click, and scanners of links."""
    guest = enter(one_desk)
    guest.choose(FREE)
    before = one_desk.dump()
    for path in (WEEK, "/book/grid", f"/book/confirm?start={TEN}&duration=60", "/book?show=1"):
        assert guest.get(path).status_code == 200
        guest.client.head(path)
    assert guest.get("/book/choose").status_code == 405
    form = choosing(guest.get(WEEK)) | {"start": str(TEN)}
    for forged in (form | {"csrf": "x"}, {"start": str(TEN)}):
        assert guest.post("/book/choose", forged).status_code == 403
    elsewhere = {"Origin": "https://evil.test"}
    assert guest.post("/book/choose", form, headers=elsewhere).status_code == 403
    assert one_desk.dump() == before


def test_it_ends_by_itself_and_is_kept_anew_by_pressing_again(
    timed_desk: Desk, watch: Watch
) -> None:
    guest, other = enter(timed_desk), enter(timed_desk, participant=HEDY)
    page = guest.choose(TEN)
    watch.now += MINUTES - timedelta(seconds=90)
    confirm = f"/book/confirm?start={TEN}&duration=60"
    assert "for 2 minutes, until 09:05." in shown(guest.get(confirm))
    assert "for 5 minutes, until 09:08." in shown(guest.choose(TEN))
    # When it is over, the page does not say that it is kept; who presses it next has it
    watch.now += MINUTES
    assert shown(guest.get(confirm)) == ""
    assert shown(other.choose(TEN))
    assert holds(timed_desk) == [("hedy", TEN)]
    assert guest.post("/book", fields(page)).status_code == 409


def test_whoever_is_late_still_books_where_nobody_else_did(timed_desk: Desk, watch: Watch) -> None:
    guest = enter(timed_desk)
    page = guest.choose(TEN)
    watch.now += 2 * MINUTES
    assert guest.post("/book", fields(page)).status_code == 303
    assert holds(timed_desk) == []


def test_a_session_is_moved_to_a_time_that_is_kept(desk: Desk) -> None:
    guest = enter(desk)
    booking_id = guest.book(TEN)
    page = guest.choose(FREE, move=booking_id)
    assert (holds(desk), bool(shown(page))) == ([("grace", FREE)], True)
    assert guest.post(f"/book/bookings/{booking_id}/move", fields(page)).status_code == 303
    assert (holds(desk), bookings_of(desk)) == ([], [("grace", "booked", 2)])
    # Over the session itself nothing else can be kept: it is moved without
    page = guest.choose(FREE + 900, move=booking_id)
    assert (holds(desk), shown(page)) == ([], "")
    assert guest.post(f"/book/bookings/{booking_id}/move", fields(page)).status_code == 303
    assert bookings_of(desk) == [("grace", "booked", 3)]


@pytest.mark.parametrize("viewer", ["coach", "manager"])
def test_coaches_and_managers_are_asked_without_one(one_desk: Desk, viewer: str) -> None:
    guest = enter(one_desk, viewer=viewer, context={"company": "acme"})
    page = guest.choose(TEN)
    assert (page.status_code, shown(page), holds(one_desk)) == (200, "", [])
    assert guest.post("/book", fields(page)).status_code == 303


def test_who_presses_too_often_is_asked_without_one(fresh_database: Any, redis_url: str) -> None:
    opened = desks.opened(fresh_database("sqlite"), redis_url, broker=StubBroker(), limit_holds=3)
    with opened as desk:
        people.ready(desk.database, people.MAILED, BUSY)
        guest = enter(desk)
        said = [bool(shown(guest.choose(TEN + 900 * number))) for number in range(5)]
        assert said == [True, True, True, False, False]
        assert holds(desk) == []
        assert guest.post("/book", guest.confirm(TEN)).status_code == 303


def test_what_the_platform_keeps_for_them_is_theirs(one_desk: Desk) -> None:
    """The API's holds name their owner, be it a participant."""
    body = {"coach_id": "ada", "start": "2026-06-02T13:00:00Z", "duration": 60}
    assert post(one_desk, "/v1/holds", body | {"owner": "grace"}).status_code == 201
    guest = enter(one_desk)
    assert TEN in open_starts(guest.get(WEEK))
    assert "for 10 minutes" in shown(guest.get(f"/book/confirm?start={TEN}&duration=60"))
    guest.choose(FREE)
    assert holds(one_desk) == [("grace", FREE)]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "5 Minuten lang für Sie freigehalten, bis 09:05"),
        ("fr", "pendant 5 minutes"),
        ("es", "durante 5 minutos"),
        ("it", "per 5 minuti"),
        ("nl", "5 minuten voor je vrij"),
        ("pt-BR", "por 5 minutos"),
        ("ja", "5分間お取り置き"),
        ("ar", "5 دقائق"),
    ],
)
def test_it_is_said_in_their_language(one_desk: Desk, language: str, said: str) -> None:
    assert said in shown(enter(one_desk, language=language).choose(TEN))
