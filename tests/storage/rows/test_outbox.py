"""What is owed is taken by one at a time, in order, and ends sent, dead or superseded."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from storage.rows import outbox as outbox_rows
from storage.rows import outbox_claims
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import DeliveryClaim
from storage.schema import tables
from storage.schema.database import Database
from tests.storage.rows.owed_mails import (
    LEASE_MS,
    NOW,
    claim,
    event,
    held,
    mail,
    owe,
    row,
    send,
    set_row,
    states,
    sweep,
)
from tests.support import outbox_states


def test_a_row_is_held_by_one_at_a_time(database: Database) -> None:
    (mine,) = owe(database, mail())
    first = held(database, mine)
    assert (first.recipient, first.payload, first.attempts, first.unsure) == (
        "grace",
        {"kind": "booked"},
        1,
        0,
    )
    assert claim(database, mine) is None


def test_of_many_who_claim_a_row_at_once_one_gets_it(database: Database) -> None:
    (mine,) = owe(database, mail())
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: claim(database, mine), range(16)))
    assert sum(each is not None for each in got) == 1


def test_what_is_done_is_not_claimed_again(database: Database) -> None:
    ids = owe(database, mail(who="a"), mail(who="b"), mail(who="c"))
    first, second, third = (held(database, each) for each in ids)
    with database.write() as tx:
        assert outbox_rows.sent(tx, first, now=NOW)
        assert outbox_rows.dead(tx, second, error="no such address")
        assert outbox_rows.superseded(tx, third, reason="switched_off", error="switched off")
    assert states(database, *ids) == ["sent", "dead", "superseded"]
    assert [claim(database, each) for each in ids] == [None] * 3
    assert row(database, ids[0]).sent_at == NOW
    assert claim(database, "out_nothing") is None


def test_a_second_row_of_the_same_key_is_not_written(database: Database) -> None:
    owe(database, mail())
    with database.write() as tx:
        assert outbox_rows.add(tx, [mail(), mail(2)], now=NOW) == [(row_of(tx, 2), "mail")]
        assert outbox_rows.add(tx, [], now=NOW) == []
        assert outbox_states.states(tx) == {("mail", "pending"): 2}


def row_of(tx: Any, version: int) -> str:
    return str(
        tx.execute(tables.outbox.select().where(tables.outbox.c.version == version)).one().id
    )


def test_what_is_not_due_is_neither_woken_for_nor_claimed(database: Database) -> None:
    with database.write() as tx:
        assert outbox_rows.add(tx, [mail(due_at=NOW + timedelta(days=1))], now=NOW) == []
        mine = row_of(tx, 1)
    assert claim(database, mine) is None
    assert claim(database, mine, days=1) is not None


def test_a_newer_mail_makes_an_unsent_older_one_superfluous(database: Database) -> None:
    first, second, third = owe(database, mail(), mail(2, "rebooked"), mail(3, "rebooked"))
    assert claim(database, first) is None
    assert states(database, first, second, third) == ["superseded", "pending", "pending"]
    send(database, third)
    assert states(database, first, second, third) == ["superseded", "superseded", "sent"]


def test_a_newer_mail_that_is_not_due_yet_supersedes_nothing(database: Database) -> None:
    first, later = owe(database, mail(), mail(2, "reminder", due_at=NOW + timedelta(days=6)))
    send(database, first)
    assert states(database, first, later) == ["sent", "pending"]


def test_a_cancellation_waits_while_its_request_is_being_sent(database: Database) -> None:
    request, cancellation = owe(database, mail(), mail(2, "cancelled"))
    set_row(database, cancellation, due_at=NOW + timedelta(minutes=1))
    sending = held(database, request)
    set_row(database, cancellation, due_at=NOW)
    assert claim(database, cancellation) is None
    assert states(database, request, cancellation) == ["sending", "pending"]
    with database.write() as tx:
        assert outbox_rows.sent(tx, sending, now=NOW)
        assert outbox_rows.followers(tx, sending, now=NOW) == [(cancellation, "mail")]
    assert claim(database, cancellation) is not None


def test_mails_of_one_change_leave_in_the_order_they_are_due(database: Database) -> None:
    reminder, request = owe(database, mail(1, "reminder", due_at=NOW + timedelta(days=1)), mail())
    assert claim(database, reminder, days=2) is None
    assert states(database, reminder, request) == ["pending", "pending"]
    send(database, request)
    assert claim(database, reminder, days=2) is not None


@pytest.mark.parametrize("other", [mail(2, who="hedy"), mail(2, booking="bkg_2"), event(2)])
def test_the_mails_of_a_booking_to_one_person_wait_for_no_others(
    database: Database, other: Owed
) -> None:
    mine, theirs = owe(database, mail(), other)
    sending = held(database, mine)
    assert claim(database, theirs) is not None
    with database.write() as tx:
        assert outbox_rows.sent(tx, sending, now=NOW)
        assert outbox_rows.followers(tx, sending, now=NOW) == []


def test_the_calendar_rows_of_a_session_are_one_queue(database: Database) -> None:
    first, second, other = owe(database, event(), event(2, "delete"), event(1, session="ses_2"))
    assert claim(database, first) is None
    send(database, second)
    send(database, other)
    assert states(database, first, second, other) == ["superseded", "sent", "sent"]


def test_who_lost_the_lease_writes_nothing(database: Database) -> None:
    (mine,) = owe(database, mail())
    late = held(database, mine)
    set_row(database, mine, lease_until_ms=0)
    again = held(database, mine)
    assert (again.attempts, again.unsure) == (2, 1)
    with database.write() as tx:
        assert not outbox_rows.sent(tx, late, now=NOW)
        assert not outbox_rows.dead(tx, late, error="x")
        assert not outbox_rows.superseded(tx, late, reason="newer", error="x")
        assert not outbox_rows.give_back(tx, late, error="x", retry_in_ms=0)
    assert states(database, mine) == ["sending"]
    with database.write() as tx:
        assert outbox_rows.sent(tx, again, now=NOW)
        assert not outbox_rows.sent(tx, again, now=NOW)


def test_what_is_given_back_waits_for_its_time(database: Database) -> None:
    (mine,) = owe(database, mail())
    with database.write() as tx:
        assert outbox_rows.give_back(tx, outbox_held(tx, mine), error="451", retry_in_ms=60_000)
    assert (row(database, mine).state, row(database, mine).unsure) == ("pending", 0)
    assert claim(database, mine) is None
    assert sweep(database) == []
    set_row(database, mine, next_attempt_at_ms=0, wake_after_ms=0)
    assert sweep(database) == [(mine, "mail")]
    assert held(database, mine).attempts == 2


def outbox_held(tx: Any, outbox_id: str) -> DeliveryClaim:
    mine = outbox_claims.claim(tx, outbox_id, lease_ms=LEASE_MS, now=NOW)
    assert mine is not None
    return mine


def test_followers_are_those_that_are_due(database: Database) -> None:
    mine, *_ = owe(database, mail(), mail(1, "reminder", due_at=NOW + timedelta(days=1)))
    sending = held(database, mine)
    with database.write() as tx:
        assert outbox_rows.followers(tx, sending, now=NOW) == []


def test_a_corrected_text_frees_what_waited_for_it_and_nothing_else(database: Database) -> None:
    ids = owe(database, mail(who="a"), mail(who="b"), mail(who="c", coach_id="bob"))
    recorders = (outbox_rows.wait_for_text, outbox_rows.give_back, outbox_rows.wait_for_text)
    for outbox_id, record in zip(ids, recorders, strict=True):
        mine = held(database, outbox_id)
        with database.write() as tx:
            assert record(tx, mine, error="first_name", retry_in_ms=3_600_000)
    with database.write() as tx:
        assert outbox_rows.free_held(tx, coach_id="bob") == [(ids[2], "mail")]
        assert sorted(outbox_rows.free_held(tx)) == sorted([(ids[0], "mail"), (ids[2], "mail")])
    assert claim(database, ids[0]) is not None
    assert claim(database, ids[1]) is None


def test_what_a_booking_s_mails_are_is_told_in_order(database: Database) -> None:
    owe(database, mail(2, "rebooked"), mail(), mail(booking="bkg_2"), event())
    with database.read() as tx:
        assert [each.topic for each in outbox_rows.of_booking(tx, "bkg_1")] == [
            "booked",
            "rebooked",
        ]
        assert outbox_states.states(tx) == {("mail", "pending"): 3, ("calendar", "pending"): 1}
