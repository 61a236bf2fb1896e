"""A dead letter is shown to people, who send it again or give it up: mails, calendar rows and
callbacks alike.
"""

from datetime import timedelta
from typing import Any

import pytest

from storage.rows import dead_letters, outbox
from storage.rows.outbox import Owed
from storage.schema import tables
from storage.schema.database import Database
from tests.storage.rows.owed_mails import (
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
from tests.support import people

NOW = people.NOW


def callback(version: int = 1, topic: str = "booking.booked", about: str = "bkg_1") -> Owed:
    key = f"callback:{about}:{version}"
    return Owed(
        "callback", topic, key, version, NOW, {"type": topic}, coach_id="ada", booking_id=about
    )


def kill(database: Database, outbox_id: str) -> None:
    mine = held(database, outbox_id)
    with database.write() as tx:
        assert outbox.dead(tx, mine, error="never")


def requeue(database: Database, outbox_id: str) -> Any:
    with database.write() as tx:
        return dead_letters.requeue(tx, outbox_id, now=NOW)


@pytest.mark.parametrize(
    "owed", [mail(), event(), callback()], ids=["mail", "calendar", "callback"]
)
def test_a_dead_letter_is_sent_again_as_if_for_the_first_time(
    database: Database, owed: Owed
) -> None:
    (mine,) = owe(database, owed)
    kill(database, mine)
    long_ago = NOW - timedelta(days=9)
    set_row(database, mine, attempts=9, next_attempt_at_ms=1 << 50, due_at=long_ago)
    assert requeue(database, mine) == (mine, owed.kind)
    again = row(database, mine)
    assert (again.state, again.attempts, again.last_error) == ("pending", 0, None)
    # Its age gives it up only after it was tried for as long anew.
    assert again.due_at == NOW
    assert requeue(database, mine) is None
    assert held(database, mine).attempts == 1


def test_a_lost_wake_up_of_a_requeued_letter_is_made_good(database: Database) -> None:
    (mine,) = owe(database, callback())
    kill(database, mine)
    requeue(database, mine)
    set_row(database, mine, wake_after_ms=0)
    assert sweep(database) == [(mine, "callback")]


def test_what_is_not_dead_can_neither_be_requeued_nor_discarded(database: Database) -> None:
    pending, sending, gone = owe(database, mail(), mail(who="ada"), mail(who="hedy"))
    held(database, sending)
    send(database, gone)
    with database.write() as tx:
        for outbox_id in (pending, sending, gone, "out_unknown"):
            assert dead_letters.requeue(tx, outbox_id, now=NOW) is None
            assert dead_letters.discard(tx, outbox_id) is False
    assert states(database, pending, sending, gone) == ["pending", "sending", "sent"]


def test_a_discarded_letter_is_over_and_says_so(database: Database) -> None:
    (mine,) = owe(database, mail())
    kill(database, mine)
    with database.write() as tx:
        assert dead_letters.discard(tx, mine) is True
        assert dead_letters.newest(tx, limit=10) == []
    assert (row(database, mine).state, row(database, mine).last_error) == (
        "superseded",
        "discarded by a person",
    )
    assert claim(database, mine) is None


def test_a_requeued_mail_that_something_newer_replaced_is_not_sent(database: Database) -> None:
    first, second = owe(database, mail(1), mail(2, "rebooked"))
    set_row(database, first, state="dead")
    send(database, second)
    requeue(database, first)
    assert claim(database, first) is None
    assert states(database, first) == ["superseded"]


def test_a_requeued_callback_of_a_booking_is_sent_though_later_ones_were(
    database: Database,
) -> None:
    """Each counts; a receiver tells their order by the version."""
    first, second = owe(database, callback(1), callback(2, "booking.rebooked"))
    set_row(database, first, state="dead")
    send(database, second)
    requeue(database, first)
    send(database, first)


def test_a_requeued_callback_about_how_things_were_is_not_sent(database: Database) -> None:
    first, second = owe(
        database,
        callback(1, "slots.changed", "slots:ada"),
        callback(2, "slots.changed", "slots:ada"),
    )
    set_row(database, first, state="dead")
    send(database, second)
    requeue(database, first)
    assert claim(database, first) is None


def test_dead_letters_are_shown_latest_first_without_what_they_say_or_to_whom(
    database: Database,
) -> None:
    ids = owe(database, mail(), callback(), event())
    for number, outbox_id in enumerate(ids):
        set_row(database, outbox_id, state="dead", created_at=NOW.replace(minute=number))
    with database.read() as tx:
        found = dead_letters.newest(tx, limit=2)
    assert [letter.id for letter in found] == [ids[2], ids[1]]
    assert not {"payload", "recipient", "message_id"} & set(found[0]._fields)


def test_callbacks_about_one_booking_wait_for_each_other_and_none_is_left_out(
    database: Database,
) -> None:
    first, second, other = owe(
        database, callback(1), callback(2, "booking.cancelled"), callback(1, about="bkg_2")
    )
    assert claim(database, second) is None
    mine = held(database, first)
    assert claim(database, second) is None
    send(database, other)
    with database.write() as tx:
        outbox.give_back(tx, mine, error="500", retry_in_ms=60_000)
    assert claim(database, second) is None
    assert states(database, first, second, other) == ["pending", "pending", "sent"]
    set_row(database, first, next_attempt_at_ms=0)
    kill(database, first)
    send(database, second)


def test_mails_and_callbacks_of_one_booking_do_not_wait_for_each_other(database: Database) -> None:
    letter, told = owe(database, mail(2, "rebooked"), callback(1))
    send(database, letter)
    mine = held(database, told)
    with database.write() as tx:
        assert outbox.sent(tx, mine, now=NOW)
        assert outbox.followers(tx, mine, now=NOW) == []
        assert [each.kind for each in outbox.of_booking(tx, "bkg_1")] == ["mail"]
    assert tables.outbox.c.booking_id.index
