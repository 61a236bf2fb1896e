"""Errors by cause: how many fail so, since when, and who knows about it."""

from datetime import timedelta

import pytest

from storage.reports import causes, metrics
from storage.rows import acknowledgements, outbox
from storage.rows.acknowledgements import Acknowledgement
from storage.schema import tables
from storage.schema.database import Database
from tests.storage.rows.owed_mails import held, mail, owe, row, set_row
from tests.support import people
from tests.support.failed_messages import cause_of, fail

NOW = people.NOW
GONE = "the platform answered 410: it wants no callbacks there"


def know(database: Database, error: str = GONE) -> Acknowledgement:
    cause = cause_of(database, error)
    made = Acknowledgement(cause.id, cause.kind, cause.state, cause.error, NOW, "ops/1")
    with database.write() as tx:
        acknowledgements.put(tx, made)
    return made


def test_rows_that_failed_alike_are_one_cause_whatever_address_they_name(
    database: Database,
) -> None:
    fail(database, 2, "550 no such user <grace@people.example>", name="a")
    fail(database, 3, "550 no such user <ada@coaches.example>", name="b")
    fail(database, 1, "550 no such user <ada@coaches.example>", name="c", state="pending")
    with database.read() as tx:
        found = causes.find_all(tx, now=NOW)
    said = "550 no such user <(address)>"
    assert [(each.state, each.error, each.count) for each in found] == [
        ("dead", said, 5),
        ("pending", said, 1),
    ]
    assert all(each.seconds is not None and each.seconds >= 60 for each in found)
    assert len({each.id for each in found}) == 2


def test_since_when_it_fails_stays_while_it_fails_alike_and_begins_anew_with_another_error(
    database: Database,
) -> None:
    (mine,) = owe(database, mail())

    def fails(error: str) -> int:
        claimed = held(database, mine)
        with database.write() as tx:
            assert outbox.give_back(tx, claimed, error=error, retry_in_ms=0)
        since = row(database, mine).failing_since_ms
        set_row(database, mine, failing_since_ms=since - 10_000)
        return int(since)

    first = fails("451 later")
    assert fails("451 later") == first - 10_000
    assert fails("connection refused") >= first
    claimed = held(database, mine)
    with database.write() as tx:
        assert outbox.sent(tx, claimed, now=NOW)
    assert row(database, mine).failing_since_ms is None


def test_what_somebody_answers_for_is_not_counted_for_the_alert_and_is_again_after_a_day(
    database: Database,
) -> None:
    fail(database, 4, GONE, name="a")
    made = know(database)
    # Given one more that fails alike, which they answer for too, and one of another cause
    fail(database, 1, GONE, name="b")
    fail(database, 2, "the platform answered 503", name="c")
    for hours, untold in ((0, 2), (23, 2), (24, 7)):
        with database.read() as tx:
            known = acknowledgements.find_all(tx, now=NOW + timedelta(hours=hours))
            assert metrics.dead_letters(tx, but=known.values()) == {"callback": untold}
    assert cause_of(database, GONE).known == made


def test_rows_that_wait_are_told_no_more_either(database: Database) -> None:
    fail(database, 1, "503", name="a", state="pending")
    with database.read() as tx:
        assert "callback" in metrics.oldest_due(tx, now=NOW)
    made = know(database, "503")
    with database.read() as tx:
        assert metrics.oldest_due(tx, now=NOW, but=[made]) == {}


def test_what_waits_for_an_endpoint_or_for_cronofy_to_be_well_is_late_and_mails_have_a_figure(
    database: Database,
) -> None:
    for kind, topic in (("callback", "slots.changed"), ("calendar", "upsert"), ("mail", "booked")):
        fail(database, 1, "503", name=kind, kind=kind, topic=topic, state="pending")
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(trouble="away"))
    with database.read() as tx:
        assert metrics.oldest_due(tx, now=NOW).keys() == {"callback", "calendar"}
        assert metrics.waiting_mails(tx)["mailer"] == 1


def test_a_cause_that_names_addresses_is_known_whichever_they_are(database: Database) -> None:
    fail(database, 2, "550 no such user <grace@people.example>", name="a")
    made = know(database, "550 no such user <(address)>")
    # Given one to another address since then, and one that failed otherwise
    fail(database, 1, "550 no such user <ada@coaches.example>", name="b")
    fail(database, 1, "550 mailbox full <ada@coaches.example>", name="c")
    with database.read() as tx:
        assert metrics.dead_letters(tx, but=[made]) == {"callback": 1}


def test_a_row_of_a_known_cause_is_told_no_more_while_it_is_being_sent(database: Database) -> None:
    fail(database, 1, "503", name="a", state="pending")
    made = know(database, "503")
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(state="sending"))
    with database.read() as tx:
        assert "callback" in metrics.oldest_due(tx, now=NOW)
        assert metrics.oldest_due(tx, now=NOW, but=[made]) == {}
    # But one that has never failed is
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(last_error=None))
    with database.read() as tx:
        assert "callback" in metrics.oldest_due(tx, now=NOW, but=[made])


@pytest.mark.parametrize("ends", ["none is left", "a day"])
def test_who_knew_is_forgotten_when_it_is_over(database: Database, ends: str) -> None:
    fail(database, 1, GONE)
    know(database)
    with database.write() as tx:
        assert causes.drop_acknowledged(tx, now=NOW) == 0
        if ends == "none is left":
            tx.execute(tables.outbox.delete())
        later = timedelta(days=int(ends == "a day"))
        assert causes.drop_acknowledged(tx, now=NOW + later) == 1
