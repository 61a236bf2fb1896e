"""A success with a neighbour shows that it is well: which of those that failed need not wait."""

from datetime import timedelta
from typing import Any

import pytest

from storage.rows import outbox as outbox_rows
from storage.rows import refresh_jobs, well_again
from storage.rows.outbox import Trouble
from storage.schema.database import Database
from storage.schema.tables import connections
from tests.storage.rows.owed_mails import event, held, mail, owe, send
from tests.support import people
from tests.support.people import NOW

GAP_MS = 5_000
LONG_MS = 300_000


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
        return [outbox_id for outbox_id, _ in well_again.mails(tx, now=NOW).wakes]


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


def test_no_more_than_a_few_are_under_way_at_once_however_many_are_taken(
    database: Database,
) -> None:
    mine = owe(database, *(mail(who=f"reader {number}") for number in range(8)))
    for outbox_id in mine:
        fail(database, outbox_id, waits=LONG_MS, unsure=False)
    first = pulled(database)
    assert len(first) == well_again.PULLED_FORWARD
    # Others are taken meanwhile, and nobody has begun with those yet
    assert pulled(database) == []
    for outbox_id in first[:2]:
        send(database, outbox_id)
    assert len(pulled(database)) == 2


def test_a_mail_says_nothing_of_cronofy_and_cronofy_nothing_of_mails(database: Database) -> None:
    letter, write = owe(database, mail(), event())
    for outbox_id in (letter, write):
        fail(database, outbox_id, waits=LONG_MS, unsure=False)
    assert pulled(database) == [letter]
    with database.write() as tx:
        assert well_again.cronofy(tx, gap_ms=GAP_MS, now=NOW).wakes == [(write, "calendar")]


@pytest.fixture
def reads(database: Database) -> list[str]:
    """Ada's connections, all of them owed a read."""
    people.introduce(database)
    return [people.connect(database, sub=f"acc_{number}") for number in range(7)]


def break_off(database: Database, connection_id: str, **how: Any) -> None:
    attempt = people.claim(database, connection_id)
    assert attempt is not None
    values: dict[str, Any] = {"error": "503", "retry_in_ms": LONG_MS, "failure": "cronofy"}
    with database.write() as tx:
        assert refresh_jobs.give_back(tx, attempt, **values | how)


def set_row(database: Database, connection_id: str, **values: Any) -> None:
    """What time does to a row."""
    with database.write() as tx:
        tx.execute(connections.update().where(connections.c.id == connection_id).values(values))


def pass_gap(database: Database) -> None:
    with database.write() as tx:
        tx.execute(connections.update().values(wake_after_ms=0))


def due(database: Database, *, gap_ms: int = GAP_MS) -> list[str]:
    """What the sweeper wakes for after Cronofy answered."""
    with database.write() as tx:
        well_again.cronofy(tx, gap_ms=gap_ms, now=NOW)
        return refresh_jobs.sweep(tx)


def test_a_few_reads_that_cronofy_did_not_answer_are_due_with_one_that_it_did(
    database: Database, reads: list[str]
) -> None:
    for connection_id in reads:
        break_off(database, connection_id)
    pass_gap(database)
    first = due(database)
    assert len(first) == well_again.PULLED_FORWARD
    assert due(database) == []
    people.read(database, first[0])
    (another,) = due(database)
    assert another not in first


def test_the_minimum_gap_is_kept(database: Database, reads: list[str]) -> None:
    mine, *others = reads
    for connection_id in others:
        people.read(database, connection_id)
    break_off(database, mine)
    assert due(database) == []
    with database.read() as tx:
        row = people.row_of(tx, mine)
    assert row.next_attempt_at_ms == row.wake_after_ms + GAP_MS


@pytest.mark.parametrize("why", ["budget", "database", "fault", "kept", "taken", "soon", "clean"])
def test_a_read_that_waits_for_something_else_is_left_alone(
    database: Database, reads: list[str], why: str
) -> None:
    mine, *others = reads
    for connection_id in others:
        people.read(database, connection_id)
    if why == "clean":
        people.read(database, mine)
        set_row(database, mine, failure="cronofy", next_attempt_at_ms=2**52)
    elif why in ("budget", "database", "fault"):
        break_off(database, mine, failure=why)
    elif why == "soon":
        break_off(database, mine, retry_in_ms=1_900)
    else:
        break_off(database, mine)
    if why == "taken":
        set_row(database, mine, next_attempt_at_ms=0)
        assert people.claim(database, mine, gap_ms=LONG_MS)
    if why == "kept":
        with database.write() as tx:
            well_again.keep_wait(tx, mine)
    before = _next(database, mine)
    assert due(database, gap_ms=0) == []
    assert _next(database, mine) == before


def _next(database: Database, connection_id: str) -> int:
    with database.read() as tx:
        waits: int = people.row_of(tx, connection_id).next_attempt_at_ms
    return waits


@pytest.mark.parametrize(("seconds", "well"), [(-11, False), (-9, True), (0, False), (1, False)])
def test_cronofy_was_well_where_a_calendar_was_read_just_before(
    database: Database, reads: list[str], seconds: int, well: bool
) -> None:
    set_row(database, reads[0], last_ok_at=NOW + timedelta(seconds=seconds))
    with database.read() as tx:
        assert well_again.cronofy_was_well(tx, at=NOW) == well
