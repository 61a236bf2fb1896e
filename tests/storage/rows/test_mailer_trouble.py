"""A mail that the server takes shows that it is well: which of those that failed need not wait."""

from storage.rows import mailer_trouble
from storage.rows import outbox as outbox_rows
from storage.rows.outbox import Trouble
from storage.schema.database import Database
from tests.storage.rows.owed_mails import held, mail, owe


def fail(
    database: Database,
    outbox_id: str,
    *,
    waits: int,
    unsure: bool,
    trouble: Trouble | None = "away",
) -> None:
    attempt = held(database, outbox_id)
    with database.write() as tx:
        assert outbox_rows.give_back(
            tx,
            attempt,
            error="not accepted this time",
            retry_in_ms=waits,
            unsure=unsure,
            trouble=trouble,
        )


def pulled(database: Database) -> list[str]:
    with database.write() as tx:
        return [outbox_id for outbox_id, _ in mailer_trouble.pull_forward(tx)]


def test_who_found_no_server_goes_with_the_first_mail_that_is_taken(database: Database) -> None:
    (mine,) = owe(database, mail())
    fail(database, mine, waits=5_000, unsure=False)
    assert pulled(database) == [mine]
    assert held(database, mine).attempts == 2


def test_who_goes_soon_anyway_or_was_refused_keeps_its_wait(database: Database) -> None:
    soon, refused = owe(database, mail(who="a"), mail(who="b"))
    fail(database, soon, waits=1_000, unsure=False)
    fail(database, refused, waits=60_000, unsure=False, trouble=None)
    assert pulled(database) == []


def test_what_may_have_come_each_time_is_not_sent_with_each_mail_that_is_taken(
    database: Database,
) -> None:
    (mine,) = owe(database, mail())
    fail(database, mine, waits=0, unsure=True)
    fail(database, mine, waits=60_000, unsure=True)
    assert pulled(database) == []
    # An outage that began after its last byte: the server was not reached again since.
    (other,) = owe(database, mail(who="b"))
    fail(database, other, waits=0, unsure=True)
    fail(database, other, waits=60_000, unsure=False)
    assert pulled(database) == [other]
