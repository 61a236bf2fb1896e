"""A coach whose calendar is lost is asked to connect it again, on days 0, 1, 3, 7 and 14, until it
is back.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.coaches import Coach
from domain.mail import MailFacts
from storage.rows import outbox, outbox_claims, push_marks
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import relink_mails, store_reading
from tests.support import people

DAY = timedelta(days=1)
BROKEN = replace(
    people.ACCOUNT,
    sub="acc_ada",
    profiles=(
        replace(
            people.ACCOUNT.profiles[0],
            connected=False,
            relink_url="https://app.cronofy.com/relink/1",
        ),
    ),
)


@pytest.fixture
def connection(database: Database) -> str:
    return people.ready(database)


def read(
    database: Database, connection_id: str, account: Any, now: datetime, of: Coach = people.MAILED
) -> None:
    people.mark_dirty(database, connection_id)
    held = people.claim(database, connection_id)
    assert held is not None
    with database.write() as tx:
        store_reading.store(tx, held, people.observed(account=account, of=of), now=now)


def mails(database: Database, connection_id: str, state: str = "pending") -> list[Any]:
    with database.read() as tx:
        return [row for row in outbox.of_booking(tx, connection_id) if row.state == state]


def days(
    database: Database, connection_id: str, since: datetime, state: str = "pending"
) -> list[int]:
    return [(row.due_at - since).days for row in mails(database, connection_id, state)]


def test_a_calendar_that_is_lost_owes_five_mails_and_only_once(
    database: Database, connection: str
) -> None:
    for hours in range(3):
        read(database, connection, BROKEN, people.NOW + timedelta(hours=hours))
    assert days(database, connection, people.NOW) == [0, 1, 3, 7, 14]
    (first, *_) = mails(database, connection)
    assert (first.topic, first.recipient, first.coach_id) == ("relink", "ada@example.test", "ada")
    with database.read() as tx:
        assert people.row_of(tx, connection).troubled_since == people.NOW


def test_a_grant_that_was_revoked_owes_them_too(database: Database, connection: str) -> None:
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    assert held is not None
    with database.write() as tx:
        store_reading.give_up(tx, held, error="invalid_grant", trouble="revoked", now=people.NOW)
    assert len(mails(database, connection)) == 5


def test_a_lost_lease_owes_nothing(database: Database, connection: str) -> None:
    people.mark_dirty(database, connection)
    held = people.claim(database, connection)
    assert held is not None
    with database.write() as tx:
        late = replace(held, lease_token="another's")
        store_reading.give_up(tx, late, error="invalid_grant", trouble="revoked", now=people.NOW)
    assert mails(database, connection) == []


def test_a_first_sync_is_nothing_that_the_coach_could_mend(
    database: Database, connection: str
) -> None:
    syncing = replace(
        people.ACCOUNT, profiles=(replace(people.ACCOUNT.profiles[0], initial_sync=True),)
    )
    read(database, connection, syncing, people.NOW)
    assert mails(database, connection) == []


def test_a_coach_without_an_address_is_not_written_to(database: Database) -> None:
    connection = people.ready(database, people.ADA)
    read(database, connection, BROKEN, people.NOW, people.ADA)
    assert mails(database, connection) == []


def test_a_calendar_that_is_back_withdraws_what_was_not_sent(
    database: Database, connection: str
) -> None:
    read(database, connection, BROKEN, people.NOW)
    with database.write() as tx:
        tx.execute(
            tables.outbox.update().where(tables.outbox.c.due_at == people.NOW).values(state="sent")
        )
    read(database, connection, people.ACCOUNT, people.NOW + DAY)
    assert days(database, connection, people.NOW, "superseded") == [1, 3, 7, 14]
    assert days(database, connection, people.NOW, "sent") == [0]
    with database.read() as tx:
        assert people.row_of(tx, connection).troubled_since is None


def test_a_second_loss_is_mailed_about_anew_and_superseded_by_nothing_of_the_first(
    database: Database, connection: str
) -> None:
    # Given a first episode whose last mail was withdrawn, and its day has passed since
    read(database, connection, BROKEN, people.NOW)
    read(database, connection, people.ACCOUNT, people.NOW + DAY)
    again = people.NOW + 20 * DAY
    # When the calendar is lost again
    read(database, connection, BROKEN, again)
    assert days(database, connection, again) == [0, 1, 3, 7, 14]
    # Then its first mail can be sent
    first = mails(database, connection)[0]
    with database.write() as tx:
        assert outbox_claims.claim(tx, first.id, lease_ms=1000, now=again) is not None


def test_only_the_mails_of_this_loss_are_wanted(database: Database, connection: str) -> None:
    read(database, connection, BROKEN, people.NOW)
    old = MailFacts.of_json(mails(database, connection)[0].payload)
    with database.read() as tx:
        assert relink_mails.wanted(tx, old)
        assert relink_mails.linked(tx, old).relink_url == "https://app.cronofy.com/relink/1"
    read(database, connection, people.ACCOUNT, people.NOW + DAY)
    with database.read() as tx:
        assert not relink_mails.wanted(tx, old)
    read(database, connection, BROKEN, people.NOW + 2 * DAY)
    with database.read() as tx:
        assert not relink_mails.wanted(tx, old)


def test_a_mail_that_waits_does_not_keep_the_link(database: Database, connection: str) -> None:
    """It may name the address of the coach's calendar: that lives and dies with the connection."""
    read(database, connection, BROKEN, people.NOW)
    assert "cronofy.com" not in str([tuple(row) for row in mails(database, connection)])


def test_connecting_again_ends_the_episode_only_when_a_read_says_so(
    database: Database, connection: str
) -> None:
    read(database, connection, BROKEN, people.NOW)
    with database.write() as tx:
        tx.execute(
            tables.connections.update().values(trouble=None)
        )  # what linking the account writes
        push_marks.mark_dirty(tx, connection, userinfo=True)
    read(database, connection, BROKEN, people.NOW + DAY)
    assert days(database, connection, people.NOW) == [0, 1, 3, 7, 14]
