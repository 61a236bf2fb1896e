"""A platform erases a coach: not over the heads of those who would have come."""

from typing import Any

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.booking_requests import refused
from tests.support.clock_work import book, later
from tests.support.http_client import Answer, Desk
from tests.support.in_process import Connected, House
from tests.support.memory_mailer import MemoryMailer
from webhooks.app import create_app
from workers import clock
from workers.delivery import outbox


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
    for table in (tables.coaches, tables.connections, tables.sessions, tables.erasures):
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
