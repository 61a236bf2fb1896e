"""Links of sessions: a call owes one look however often it comes; whoever finds a link first tells
it; and what never comes is told to ops and the platform.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.conferencing import FAILED_AFTER
from domain.mail import MailFacts
from domain.places import Place
from domain.sessions import Terms
from storage.reports import metrics, overview
from storage.rows import outbox, outbox_claims, sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, callbacks, conferencing, session_places
from tests.support import people
from tests.support.people import at

ADDRESS = b"a digest"
LINK, OTHER = "https://meet.example/a", "https://meet.example/b"
TERMS = replace(people.terms(), link_wait=timedelta(seconds=10))
LATER = people.NOW + timedelta(seconds=10)


@pytest.fixture
def booked(database: Database) -> bookings.BookingChange:
    """Grace with Ada, by video; the event is written, and nothing of it is owed any more."""
    people.ready(database)
    done = book(database)
    with database.write() as tx:
        conferencing.listen(tx, done.session.id, ADDRESS, now=people.NOW)
        tx.execute(tables.outbox.update().where(of("calendar")).values(state="sent"))
    return done


def of(kind: str) -> Any:
    return tables.outbox.c.kind == kind


def book(database: Database, hour: int = 10, terms: Terms = TERMS) -> bookings.BookingChange:
    with database.write() as tx:
        return bookings.book(
            tx,
            Wanted("ada", at(2, hour), 60),
            people.GRACE,
            people.PROGRAMME,
            terms,
            place=Place("conferencing"),
        )


def call(database: Database, *, failing: bool = False, address: bytes = ADDRESS) -> Any:
    with database.write() as tx:
        return conferencing.called(tx, address, failing=failing, now=people.NOW)


def seen(database: Database, session_id: str, link: str | None = LINK) -> Any:
    with database.write() as tx:
        return conferencing.seen(tx, session_id, link, LATER)


def rows(database: Database, kind: str, *topics: str) -> list[Any]:
    row = tables.outbox.c
    query = tables.outbox.select().where(row.kind == kind).order_by(row.created_at, row.id)
    if topics:
        query = query.where(row.topic.in_(topics))
    with database.read() as tx:
        return list(tx.execute(query))


def state(database: Database) -> str | None:
    with database.read() as tx:
        return tx.scalar(select(tables.sessions.c.conferencing_state))


def send_first_mails(database: Database) -> None:
    with database.write() as tx:
        tx.execute(
            tables.outbox.update().where(tables.outbox.c.topic == "booked").values(state="sent")
        )


def test_calls_owe_one_look_however_many_come_at_once(
    database: Database, booked: bookings.BookingChange
) -> None:
    with ThreadPoolExecutor(4) as pool:
        woken = list(pool.map(lambda _: call(database), range(8)))
    assert all(len(wakes) == 1 for wakes in woken)
    assert [row.state for row in rows(database, "calendar", "look")] == ["pending"]
    # One that was begun may have read the event before the link was there: another is owed
    with database.write() as tx:
        [look] = rows(database, "calendar", "look")
        assert outbox_claims.claim(tx, look.id, lease_ms=60_000, now=people.NOW) is not None
    call(database)
    assert len(rows(database, "calendar", "look")) == 2
    assert call(database, address=b"nobody's") is None


def test_a_failing_call_says_so_until_there_is_a_link(
    database: Database, booked: bookings.BookingChange
) -> None:
    assert state(database) == "asked"
    call(database, failing=True)
    assert state(database) == "failing"
    call(database)
    assert state(database) == "failing"
    seen(database, booked.session.id)
    assert state(database) == "assigned"
    call(database, failing=True)
    assert state(database) == "assigned"


def test_a_link_frees_the_mails_that_wait_for_it(
    database: Database, booked: bookings.BookingChange
) -> None:
    waiting = rows(database, "mail", "booked")
    assert {row.due_at for row in waiting} == {LATER}
    # A coach without a calendar waits for nothing, nor does a session elsewhere
    with database.write() as tx:
        wakes = conferencing.seen(tx, booked.session.id, LINK, people.NOW)
    assert len(wakes) == len(waiting) == 2
    assert {row.due_at for row in rows(database, "mail", "booked")} == {people.NOW}
    assert rows(database, "mail", "place_changed") == []
    with database.read() as tx:
        facts = MailFacts.of_json(waiting[0].payload)
        assert facts.join_url is None
        told = conferencing.linked(tx, facts, booked.session.id)
    assert (told.join_url, told.place) == (LINK, LINK)


@pytest.mark.parametrize(
    ("left", "follows"),
    [
        ({"state": "sent"}, True),
        ({"state": "sending"}, True),
        ({"state": "pending", "unsure": 1}, True),
        ({"state": "dead"}, True),
        ({"state": "pending"}, False),
        ({"state": "waiting_for_text"}, False),
        ({"state": "withheld"}, False),
    ],
)
def test_who_may_have_been_mailed_without_the_link_gets_one_more(
    database: Database, booked: bookings.BookingChange, left: dict[str, Any], follows: bool
) -> None:
    with database.write() as tx:
        mine = tables.outbox.c.recipient == "grace@example.test"
        tx.execute(
            tables.outbox.update().where(mine, tables.outbox.c.topic == "booked").values(left)
        )
    seen(database, booked.session.id)
    found = rows(database, "mail", "place_changed")
    assert [row.recipient for row in found] == ["grace@example.test"] * follows
    if follows:
        facts = MailFacts.of_json(found[0].payload)
        assert (facts.uid, facts.sequence, facts.version) == (booked.booking.uid, 1, 1)
        assert (facts.join_url, found[0].due_at) == (LINK, LATER)


def test_whoever_finds_it_first_tells_it_and_a_change_is_told_again(
    database: Database, booked: bookings.BookingChange
) -> None:
    send_first_mails(database)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: seen(database, booked.session.id), range(4)))
    assert sorted(map(len, found)) == [0, 0, 0, 1]
    assert seen(database, booked.session.id, None) == []
    send = tables.outbox.update().where(tables.outbox.c.topic == "place_changed")
    with database.write() as tx:
        tx.execute(send.values(state="sent"))
    assert seen(database, booked.session.id) == []
    assert len(seen(database, booked.session.id, OTHER)) == 1
    told = [MailFacts.of_json(row.payload) for row in rows(database, "mail", "place_changed")]
    assert sorted((facts.sequence, facts.join_url) for facts in told) == [(1, LINK), (2, OTHER)]
    with database.read() as tx:
        assert sessions.get(tx, booked.session.id).join_url == OTHER


def test_a_claim_and_a_link_at_once_leave_nobody_without_it(
    database: Database, booked: bookings.BookingChange
) -> None:
    """The mail is claimed before the link, and another follows; or after it, and says it."""
    [first] = [
        row for row in rows(database, "mail", "booked") if row.recipient == "grace@example.test"
    ]

    def claim() -> bool:
        with database.write() as tx:
            held = outbox_claims.claim(tx, first.id, lease_ms=60_000, now=LATER)
        with database.read() as tx:
            assert held is not None
            facts = MailFacts.of_json(held.payload)
            return conferencing.linked(tx, facts, booked.session.id).join_url == LINK

    with ThreadPoolExecutor(2) as pool:
        says_it = pool.submit(claim)
        pool.submit(seen, database, booked.session.id).result()
        followed = [
            row
            for row in rows(database, "mail", "place_changed")
            if row.recipient == "grace@example.test"
        ]
        assert says_it.result() or len(followed) == 1


@pytest.mark.parametrize("ended", ["cancelled", "elsewhere", "over"])
def test_a_link_that_nobody_needs_is_not_told(
    database: Database, booked: bookings.BookingChange, ended: str
) -> None:
    send_first_mails(database)
    now = LATER
    with database.write() as tx:
        if ended == "cancelled":
            bookings.cancel(tx, booked.booking.id, TERMS, excused=True)
        elif ended == "elsewhere":
            there = Place("phone", "+44 20 7946 0018")
            session_places.change(tx, booked.session.id, there, TERMS)
        else:
            now = people.NOW + timedelta(days=7)
        assert conferencing.seen(tx, booked.session.id, LINK, now) == []
    if ended != "over":
        assert call(database) is None


def test_what_does_not_come_is_told_once_and_its_coming_too(
    database: Database, booked: bookings.BookingChange
) -> None:
    def pass_time(by: timedelta) -> list[str]:
        with database.write() as tx:
            failed = list(conferencing.give_up(tx, now=people.NOW + by))
            callbacks.announce(tx, now=people.NOW, stale_after=people.terms().stale_after)
        return failed

    def told() -> list[Any]:
        found = rows(database, "callback")
        return [row.payload for row in found if row.topic.startswith("session.conferencing")]

    assert pass_time(FAILED_AFTER - timedelta(seconds=1)) == []
    assert told() == []
    assert pass_time(FAILED_AFTER) == [booked.session.id]
    assert pass_time(2 * FAILED_AFTER) == []
    [failed] = told()
    assert failed["type"] == "session.conferencing_failed"
    assert failed["data"]["since"] == "2026-06-01T08:00:00Z"
    with database.read() as tx:
        assert metrics.linkless(tx, now=people.NOW) == 1
        assert [each.coach_id for each in overview.linkless(tx, now=people.NOW)] == ["ada"]
    seen(database, booked.session.id)
    with database.write() as tx:
        tx.execute(tables.outbox.update().where(of("callback")).values(state="sent"))
    pass_time(2 * FAILED_AFTER)
    [recovered] = told()
    assert recovered["type"] == "session.conferencing_recovered"
    assert LINK not in repr(recovered)
    with database.read() as tx:
        assert metrics.linkless(tx, now=people.NOW) == 0


def test_a_session_about_to_begin_without_its_link_is_told_at_once(database: Database) -> None:
    people.ready(database)
    done = book(database)
    begins = people.NOW + timedelta(seconds=done.session.starts - int(people.NOW.timestamp()))
    with database.write() as tx:
        conferencing.listen(tx, done.session.id, ADDRESS, now=begins)
        assert list(conferencing.give_up(tx, now=begins)) == [done.session.id]


def test_who_has_no_calendar_that_is_written_to_waits_for_nothing(database: Database) -> None:
    people.introduce(database, people.MAILED)
    with database.write() as tx:
        done = bookings.book(
            tx,
            Wanted("ada", at(2, 10), 60, "by telephone"),
            people.GRACE,
            people.PROGRAMME,
            TERMS,
            place=Place("conferencing"),
        )
    assert {row.due_at for row in rows(database, "mail", "booked")} == {people.NOW}
    with database.read() as tx:
        assert len(outbox.of_booking(tx, done.booking.id)) > 0
