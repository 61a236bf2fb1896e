"""Whoever is erased has no page any more: their links and the sessions that came of them end with
the erasure, also that of a page which books at that very moment.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from domain.sessions import ERASED_ID
from storage.reports.personal_data import Person
from storage.rows import bookings, coaches
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings as booking_transactions
from storage.transactions import erasures, holds
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, HEDY, Visitor, enter, follow, link, path_of
from tests.webhooks.pages.links.kit import TEN, refused

COACH, PARTICIPANT = Person("coach", "ada"), Person("participant", "grace")
ACME = {"company": "acme"}


def erase(desk: Desk, person: Person) -> None:
    with desk.database.write() as tx:
        assert erasures.ask(tx, person, actor="a test", now=people.NOW) is not None
    with desk.database.write() as tx:
        erasures.advance(tx, person, now=people.NOW)


@pytest.mark.parametrize("viewer", ["participant", "coach", "manager"])
def test_who_was_erased_has_no_page_and_books_nothing(one_desk: Desk, viewer: str) -> None:
    # Given a page for Grace, with a form that is filled in, and one for Hedy
    theirs = enter(one_desk, viewer=viewer, context=ACME)
    other = enter(one_desk, participant=HEDY)
    form = theirs.confirm(TEN)
    erase(one_desk, PARTICIPANT)
    before = one_desk.dump()
    # When her browser goes on
    for path in ("/book", "/book/grid", f"/book/confirm?start={TEN}&duration=60"):
        refused(theirs.get(path), 401, "ask for a new link")
    for path in ("/book", "/book/choose", "/book/groups/ses_1/join"):
        refused(theirs.post(path, form), 401, "ask for a new link")
    # Then nothing is written, and Hedy goes on
    assert one_desk.dump() == before
    assert other.get("/book").status_code == 200
    # And who comes back, comes by a link that is made anew
    assert enter(one_desk).get("/book").status_code == 200


@pytest.mark.parametrize("purpose", ["settings", "booking"])
def test_a_coach_who_was_erased_has_no_page(one_desk: Desk, purpose: str) -> None:
    browser = Visitor(one_desk.client.application.test_client())
    participant = None if purpose == "settings" else GRACE
    made = link(one_desk, purpose=purpose, participant=participant)
    home = follow(browser.client, path_of(made)).location
    assert browser.get(home).status_code == 200
    erase(one_desk, COACH)
    assert browser.get(home).status_code == 401
    assert browser.post(home, {}).status_code == 401


def test_a_link_that_was_not_followed_yet_leads_nowhere(one_desk: Desk) -> None:
    path = path_of(link(one_desk))
    erase(one_desk, PARTICIPANT)
    answer = follow(Visitor(one_desk.client.application.test_client()).client, path)
    assert answer.status_code == 403


@pytest.fixture
def postgres_desk(fresh_database: Callable[[Kind], str]) -> Iterator[Desk]:
    with desks.opened(fresh_database("postgresql"), broker=StubBroker()) as desk:
        people.ready(desk.database)
        yield desk


@pytest.mark.parametrize("person", [PARTICIPANT, COACH], ids=lambda person: person.kind)
@pytest.mark.parametrize("writes", ["booking", "hold"])
def test_a_page_that_writes_while_its_guest_is_erased_leaves_nothing_of_them(
    postgres_desk: Desk, monkeypatch: pytest.MonkeyPatch, person: Person, writes: str
) -> None:
    guest = enter(postgres_desk)
    form = guest.confirm(TEN)
    module, name = {"booking": (booking_transactions, "book"), "hold": (holds, "keep")}[writes]
    usual = getattr(module, name)
    erasing = threading.Thread(target=erase, args=(postgres_desk, person))

    def while_erased(*arguments: Any, **options: Any) -> Any:
        # The erasure is asked for between the look at the session and the write.
        erasing.start()
        erasing.join(0.5)
        return usual(*arguments, **options)

    monkeypatch.setattr(module, name, while_erased)
    if writes == "booking":
        guest.post("/book", form)
    else:
        guest.get("/book/confirm", query_string={"start": TEN + 7200, "duration": 60})
        guest.post("/book/choose", form | {"start": str(TEN + 7200), "duration": "60"})
    erasing.join(30)
    assert not erasing.is_alive()
    with postgres_desk.database.read() as tx:
        seats = [each.participant_id for each in tx.execute(tables.bookings.select())]
        owners = {each.owner for each in tx.execute(tables.sessions.select())}
        taken = tx.execute(
            tables.sessions.select().where(tables.sessions.c.coach_id == "ada")
        ).all()
    assert all(seat.startswith(ERASED_ID) for seat in seats)
    assert owners <= {None}
    assert person.kind == "participant" or taken == []


def test_who_is_erased_while_somebody_changes_their_booking_does_not_come_back(
    postgres_desk: Desk,
) -> None:
    # Given Grace's session, and somebody of the platform who is about to cancel it
    database = postgres_desk.database
    with database.write() as tx:
        wanted = Wanted("ada", TEN, 60)
        booked = booking_transactions.book(
            tx, wanted, people.GRACE, people.PROGRAMME, people.terms()
        )
    erasing = threading.Thread(target=erase, args=(postgres_desk, PARTICIPANT))
    with database.write() as tx:
        standing = booking_transactions.stand(tx, booked.booking.id, people.terms())
        # When she is erased after it was read and before it is written
        erasing.start()
        erasing.join(1)
        assert erasing.is_alive(), "it waits for whoever changes a seat of hers"
        after = standing.booking.changed(people.NOW, status="cancelled")
        bookings.put(tx, standing.booking, after, "ada")
    erasing.join(30)
    # Then both is done
    with database.read() as tx:
        found = bookings.get(tx, booked.booking.id)
    assert found.status == "cancelled"
    assert found.participant.id.startswith(ERASED_ID)
    assert "Grace" not in str(postgres_desk.dump())


def test_a_form_that_was_opened_before_its_coach_was_erased_is_not_saved(one_desk: Desk) -> None:
    with one_desk.database.read() as tx:
        before = coaches.get(tx, "ada")
    erase(one_desk, COACH)
    with one_desk.database.read() as tx:
        after = coaches.get(tx, "ada")  # until their accounts are revoked
    assert before is not None
    assert after is not None
    assert after.version > before.version
