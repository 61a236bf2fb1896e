"""A coach whose account at Zoom or the like lost its login is asked to connect that again, apart
from their calendar.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.accounts import Account, ConferencingProfile
from domain.mail import MailFacts
from storage.rows import outbox, outbox_claims
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import relink_mails, store_reading
from tests.support import people

URL = "https://app.cronofy.com/relink/zoom"
ZOOM = ConferencingProfile("pro_zoom", "zoom")
WELL = replace(people.ACCOUNT, conferencing=(ZOOM,))
LOST = replace(people.ACCOUNT, conferencing=(replace(ZOOM, connected=False, relink_url=URL),))
NO_CALENDAR = replace(LOST, profiles=(replace(people.ACCOUNT.profiles[0], connected=False),))


@pytest.fixture
def connection(database: Database) -> str:
    return people.ready(database)


def read(
    database: Database, connection_id: str, account: Account, now: datetime = people.NOW
) -> None:
    people.mark_dirty(database, connection_id)
    held = people.claim(database, connection_id)
    assert held is not None
    with database.write() as tx:
        observed = people.observed(account=account, of=people.MAILED)
        store_reading.store(tx, held, observed, now=now)


def mails(database: Database, connection_id: str) -> list[Any]:
    with database.read() as tx:
        return outbox.of_booking(tx, f"{connection_id}:conferencing")


def test_an_episode_owes_five_mails_with_the_service_s_own_link(
    database: Database, connection: str
) -> None:
    read(database, connection, WELL)
    assert mails(database, connection) == []
    for hours in range(2):
        read(database, connection, LOST, people.NOW + timedelta(hours=hours))
    found = mails(database, connection)
    assert [(row.due_at - people.NOW).days for row in found] == [0, 1, 3, 7, 14]
    assert {row.topic for row in found} == {"relink_conferencing"}
    facts = MailFacts.of_json(found[0].payload)
    with database.read() as tx:
        assert relink_mails.wanted(tx, facts)
        assert relink_mails.linked(tx, facts).relink_url == URL
        # No push tells that it is back: each read asks
        assert people.row_of(tx, connection).userinfo_due


def test_it_ends_when_the_service_is_back(database: Database, connection: str) -> None:
    read(database, connection, LOST)
    facts = MailFacts.of_json(mails(database, connection)[0].payload)
    read(database, connection, WELL)
    assert {row.state for row in mails(database, connection)} == {"superseded"}
    with database.read() as tx:
        assert not relink_mails.wanted(tx, facts)
        assert not people.row_of(tx, connection).userinfo_due
    # Lost again is another episode
    again = people.NOW + timedelta(days=1)
    read(database, connection, LOST, again)
    with database.read() as tx:
        assert not relink_mails.wanted(tx, facts)
    assert [row.state for row in mails(database, connection)].count("pending") == 5


def test_a_calendar_that_is_lost_too_is_asked_for_first(
    database: Database, connection: str
) -> None:
    read(database, connection, NO_CALENDAR)
    assert mails(database, connection) == []
    with database.read() as tx:
        [first, *_] = outbox.of_booking(tx, connection)
    assert first.topic == "relink"
    read(database, connection, LOST)
    assert len(mails(database, connection)) == 5


def test_neither_ends_the_other_s_mails(database: Database, connection: str) -> None:
    """They are queues of their own: a newer mail of one makes none of the other superfluous."""
    read(database, connection, LOST)
    [service, *_] = mails(database, connection)
    read(database, connection, replace(NO_CALENDAR, conferencing=LOST.conferencing))
    with database.read() as tx:
        [calendar, *_] = outbox.of_booking(tx, connection)
    with database.write() as tx:
        held = outbox_claims.claim(tx, calendar.id, lease_ms=1000, now=people.NOW)
        assert held is not None
    states = {row.state for row in mails(database, connection)}
    # Withdrawn as a whole, because the calendar comes first, and not one by one by a queue
    assert (service.topic, states) == ("relink_conferencing", {"superseded"})
    with database.read() as tx:
        reasons = tx.execute(tables.outbox.select().where(tables.outbox.c.id == service.id)).one()
    assert reasons.last_error == "it is connected again"
