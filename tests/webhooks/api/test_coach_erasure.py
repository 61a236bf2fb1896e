"""A platform erases a coach: not over the heads of those who would have come."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from domain.sessions import Refused
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings, farewells, holds, pods
from tests.support import people
from tests.support.booking_requests import refused
from tests.support.clock_work import book, later
from tests.support.http_client import SETTINGS, Answer, Desk
from tests.support.in_process import Connected, House
from tests.support.memory_mailer import MemoryMailer
from tests.workers.cronofy.clocks import Clock
from webhooks.app import create_app
from workers import clock
from workers.delivery import outbox
from workers.jobs import farewell


@pytest.fixture
def ada(house: House) -> Connected:
    """With a calendar that holds the one session that is to come."""
    house.introduce(people.MAILED)
    account = house.connect()
    house.refresh(account.connection_id)
    book(house)
    deliver(house)
    assert events(house, account) == 1
    return account


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house.runtime, create_app(house.runtime).test_client())


def erase(desk: Desk, **query: str) -> Answer:
    return desk.ask("DELETE", "/v1/coaches/ada", query_string=query)


def opens(desk: Desk) -> bool:
    week = {"from": "2026-06-08", "to": "2026-06-15", "duration": "60"}
    return bool(desk.get("/v1/coaches/ada/slots", query_string=week).json["starts"])


def deliver(house: House) -> None:
    """What the workers would do, but for reminders, which wait for their day."""
    with house.runtime.services.database.read() as tx:
        owed = tx.execute(tables.outbox.select().where(tables.outbox.c.state == "pending")).all()
    for row in sorted(owed, key=lambda one: one.version):
        outbox.deliver(house.runtime.services, row.id)


def tick(house: House) -> None:
    clock.erase(house.runtime.services, house.runtime.actors)


def events(house: House, account: Connected) -> int:
    state = house.control.state()
    found = 0
    for each in state["accounts"]:
        for profile in each["profiles"]:
            for calendar in profile["calendars"]:
                found += sum(not event["deleted"] for event in calendar["events"])
    return found


def count(house: House, table: Any) -> int:
    with house.runtime.services.database.read() as tx:
        return len(tx.execute(table.select()).all())


def mails(house: House) -> list[str]:
    """Whom they were sent to."""
    mailer = house.runtime.services.mailer
    assert isinstance(mailer, MemoryMailer)
    return [sent.recipients[0] for sent in mailer.sent]


def test_a_coach_who_has_sessions_to_come_is_not_erased_without_a_word(
    house: House, desk: Desk, ada: Connected
) -> None:
    problem = refused(erase(desk), 409, "coming_sessions")
    assert problem["count"] == 1
    assert count(house, tables.erasures) == 0
    assert opens(desk)
    # Nor with a word that there is not
    assert erase(desk, coming="forget").status_code == 422


def test_one_who_has_none_is_erased_at_once(house: House, desk: Desk) -> None:
    house.introduce(people.MAILED)
    assert erase(desk).status_code == 202
    assert count(house, tables.coaches) == 0
    assert erase(desk).status_code == erase(desk, coming="cancel").status_code == 404


def test_told_to_the_sessions_are_called_off_and_everybody_is_told_before_the_coach_is_gone(
    house: House, desk: Desk, ada: Connected
) -> None:
    # When the platform says so, twice
    before = len(mails(house))
    for _ in range(2):
        assert erase(desk, coming="cancel").status_code == 202
    # Then nobody can book any more, and the clock calls the session off
    assert not opens(desk)
    tick(house)
    # but all is there until it is told
    tick(house)
    assert count(house, tables.coaches) == 1
    deliver(house)
    assert sorted(mails(house)[before:]) == ["ada@example.test", "grace@example.test"]
    assert events(house, ada) == 0
    # Then the erasure begins, and ends once Cronofy has revoked the account
    tick(house)
    assert house.owed(ada.connection_id)
    house.refresh(ada.connection_id)
    tick(house)
    for table in (
        tables.coaches,
        tables.connections,
        tables.sessions,
        tables.erasures,
        tables.farewells,
    ):
        assert count(house, table) == 0
    assert house.control.counts()["POST /oauth/token/revoke"] == 1


def test_a_mail_server_that_is_away_for_a_day_keeps_nobody_from_being_erased(
    house: House, desk: Desk, ada: Connected
) -> None:
    erase(desk, coming="cancel")
    tick(house)
    later(house, hours=23)
    tick(house)
    assert count(house, tables.sessions) == 1
    later(house, hours=2)
    tick(house)
    assert count(house, tables.sessions) == 0


def test_what_is_still_leaving_is_waited_for_when_a_coach_has_nothing_to_come(
    house: House, desk: Desk, ada: Connected
) -> None:
    # Given a session that was called off just now, and not yet told
    cancel(house)
    before = len(mails(house))
    # When the coach is erased, without a word about sessions: none is to come
    for _ in range(2):
        assert erase(desk).status_code == 202
    # Then nothing is lost, and the release before finds nobody whom it would erase at once
    tick(house)
    assert count(house, tables.sessions) == count(house, tables.farewells) == 1
    assert count(house, tables.erasures) == 0
    deliver(house)
    assert sorted(mails(house)[before:]) == ["ada@example.test", "grace@example.test"]
    assert events(house, ada) == 0
    tick(house)
    assert count(house, tables.sessions) == count(house, tables.farewells) == 0


def test_a_plain_erasure_does_not_cut_a_farewell_short(
    house: House, desk: Desk, ada: Connected
) -> None:
    erase(desk, coming="cancel")
    assert erase(desk).status_code == 202
    tick(house)
    assert erase(desk).status_code == 202
    assert count(house, tables.sessions) == count(house, tables.farewells) == 1


def test_a_coach_who_leaves_takes_no_settings_and_no_sessions(
    house: House, desk: Desk, ada: Connected
) -> None:
    erase(desk, coming="cancel")
    # Neither new hours
    refused(desk.put("/v1/coaches/ada", SETTINGS), 409, "coach_leaves")
    many = desk.put("/v1/coaches", {"coaches": [SETTINGS | {"id": "ada"}]})
    assert [one["code"] for one in many.json["coaches"]] == ["coach_leaves"]
    refused(desk.put("/v1/coaches/ada/hours", {"hours": people.OFFICE}), 409, "coach_leaves")
    # nor a session, be it forced, a hold, or a group
    database, terms = house.runtime.services.database, house.runtime.services.terms()
    for force in (None, "A favour"):
        wanted = Wanted("ada", people.at(10, 10), 60, force)
        plan = pods.Plan(wanted, 1, 5, "open")
        for make in (
            partial(bookings.book, participant=people.GRACE, context=people.PROGRAMME),
            partial(holds.hold, owner="grace", minutes=5),
        ):
            with pytest.raises(Refused, match="coach_leaves"), database.write() as tx:
                make(tx, wanted, terms=terms)
        with pytest.raises(Refused, match="coach_leaves"), database.write() as tx:
            pods.create(tx, plan, [], terms)
    assert count(house, tables.sessions) == 1
    assert not opens(desk)


def test_whose_sessions_cannot_be_called_off_keeps_no_other_coach_waiting(
    house: House, desk: Desk, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given two who leave, and the one who was looked at longest ago has a session that always fails
    erase(desk, coming="cancel")
    later(house, seconds=1)
    house.introduce(replace(people.MAILED, id="bob"))
    with house.runtime.services.database.write() as tx:
        farewells.begin(tx, "bob", actor="a test", now=house.runtime.services.now())

    def fail(*_given: Any) -> None:
        raise ValueError("this session is broken")

    monkeypatch.setattr(farewells, "call_off", fail)
    tick(house)
    assert leaving(house) == ["ada"]
    # Then its day ends nevertheless, and it is told what was left
    later(house, hours=25)
    with capture_logs() as logs:
        tick(house)
    assert leaving(house) == []
    cut = [one for one in logs if one["event"] == "farewell_cut_short"]
    assert [(one["coach"], one["coming"], one["unsent"] > 0) for one in cut] == [("ada", 1, True)]


def test_a_turn_has_an_end_and_the_next_one_begins_with_the_others(
    house: House, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "bob"):
        house.introduce(replace(people.MAILED, id=name))
        with house.runtime.services.database.write() as tx:
            farewells.begin(tx, name, actor="a test", now=house.runtime.services.now())
    looked: list[str] = []
    passing = Clock()

    def slowly(_tx: Any, coach_id: str, **_given: Any) -> None:
        looked.append(coach_id)
        passing.sleep(farewell.SECONDS + 1)

    monkeypatch.setattr(farewells, "end", slowly)
    monkeypatch.setattr(farewell, "time", passing)
    for _ in range(3):
        later(house, seconds=15)
        tick(house)
    assert looked == ["ada", "bob", "ada"]


def test_a_database_that_is_away_ends_the_turn(
    house: House, ada: Connected, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(desk, coming="cancel")

    def away(*_given: Any) -> None:
        raise OperationalError("", None, errors.AdminShutdown())

    monkeypatch.setattr(farewells, "call_off", away)
    with pytest.raises(OperationalError):
        tick(house)


def cancel(house: House) -> None:
    """The one booking."""
    with house.runtime.services.database.write() as tx:
        (booking_id,) = tx.scalars(select(tables.bookings.c.id)).all()
        bookings.cancel(tx, booking_id, house.runtime.services.terms(), excused=True)


def leaving(house: House) -> list[str]:
    with house.runtime.services.database.read() as tx:
        return list(tx.scalars(select(tables.farewells.c.coach_id)))
