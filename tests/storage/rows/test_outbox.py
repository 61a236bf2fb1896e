"""What is owed is taken by one at a time, in order, and ends sent, dead or superseded."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from domain.mail import KINDS
from domain.mail.endings import ANNOUNCES, ENDS, OTHERS
from storage.reports import outbox as outbox_report
from storage.rows import outbox as outbox_rows
from storage.rows import outbox_claims
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import DeliveryClaim, Wake
from storage.schema import tables
from storage.schema.database import Database, create
from tests.support import people
from tests.support.databases import Kind

NOW = people.NOW
LEASE_MS = 30_000


@pytest.fixture
def fresh(fresh_database: Callable[[Kind], str]) -> Iterator[Database]:
    """SQLite alone: for rules that no database decides."""
    opened = create(fresh_database("sqlite"))
    yield opened
    opened.close()


def mail(
    version: int = 1, topic: str = "booked", who: str = "grace", booking: str = "bkg_1", **more: Any
) -> Owed:
    key = f"mail:{booking}:{version}:{topic}:{who}"
    values: dict[str, Any] = {
        "due_at": NOW,
        "session_id": "ses_1",
        "coach_id": "ada",
        "payload": {"kind": topic},
    }
    return Owed(
        "mail", topic, key, version, **values | {"booking_id": booking, "recipient": who} | more
    )


def event(version: int = 1, topic: str = "upsert", session: str = "ses_1") -> Owed:
    return Owed(
        "calendar", topic, f"calendar:{session}:{version}", version, NOW, session_id=session
    )


def owe(database: Database, *owed: Owed) -> list[str]:
    """Their ids, in the order they are given."""
    with database.write() as tx:
        outbox_rows.add(tx, owed, now=NOW)
        found = tx.execute(tables.outbox.select()).all()
    ids = {row.dedupe_key: row.id for row in found}
    return [ids[each.dedupe_key] for each in owed]


def claim(database: Database, outbox_id: str, **by: float) -> DeliveryClaim | None:
    with database.write() as tx:
        return outbox_claims.claim(tx, outbox_id, lease_ms=LEASE_MS, now=NOW + timedelta(**by))


def held(database: Database, outbox_id: str) -> DeliveryClaim:
    mine = claim(database, outbox_id)
    assert mine is not None
    return mine


def send(database: Database, outbox_id: str) -> None:
    mine = held(database, outbox_id)
    with database.write() as tx:
        assert outbox_rows.sent(tx, mine, now=NOW)


def row(database: Database, outbox_id: str) -> Any:
    with database.read() as tx:
        return tx.execute(tables.outbox.select().where(tables.outbox.c.id == outbox_id)).one()


def states(database: Database, *ids: str) -> list[str]:
    return [row(database, outbox_id).state for outbox_id in ids]


def set_row(database: Database, outbox_id: str, **values: Any) -> None:
    """What time does to a row."""
    with database.write() as tx:
        tx.execute(tables.outbox.update().where(tables.outbox.c.id == outbox_id).values(values))


def sweep(database: Database, limit: int = 500, **by: float) -> list[Wake]:
    with database.write() as tx:
        return outbox_rows.sweep(tx, now=NOW + timedelta(**by), limit=limit)


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
        assert outbox_rows.states(tx) == {("mail", "pending"): 2}


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


def unsure(database: Database, outbox_id: str) -> None:
    mine = held(database, outbox_id)
    with database.write() as tx:
        assert outbox_rows.give_back(tx, mine, error="timeout", retry_in_ms=0, unsure=True)


def dead(database: Database, outbox_id: str) -> None:
    mine = held(database, outbox_id)
    with database.write() as tx:
        assert outbox_rows.dead(tx, mine, error="refused")


def switched_off(database: Database, outbox_id: str) -> None:
    mine = held(database, outbox_id)
    with database.write() as tx:
        assert outbox_rows.superseded(tx, mine, reason="switched_off", error="switched off")


def discarded(database: Database, outbox_id: str) -> None:
    with database.write() as tx:
        assert outbox_report.withhold(tx, outbox_id, reason="by hand")


def lapsed(database: Database, outbox_id: str) -> None:
    held(database, outbox_id)
    set_row(database, outbox_id, lease_until_ms=0)


def failed(database: Database, outbox_id: str) -> None:
    mine = held(database, outbox_id)
    with database.write() as tx:
        assert outbox_rows.give_back(tx, mine, error="451", retry_in_ms=60_000)


# What became of the first message, and what leaves when an ending's turn comes.
FIRST_MESSAGES: dict[str, tuple[Callable[[Database, str], None] | None, bool]] = {
    "sent": (send, True),
    "unsure": (unsure, True),
    "its sender vanished": (lapsed, True),
    "unsent": (None, False),
    "failed": (failed, False),
    "dead": (dead, False),
    "switched off": (switched_off, False),
    "discarded": (discarded, False),
}


@pytest.mark.parametrize("end", sorted(ENDS))
@pytest.mark.parametrize("first", FIRST_MESSAGES)
def test_what_was_never_announced_is_not_called_off(fresh: Database, first: str, end: str) -> None:
    happened, leaves = FIRST_MESSAGES[first]
    later = NOW + timedelta(minutes=1)
    request, ending = owe(fresh, mail(), mail(2, end, due_at=later))
    if happened is not None:
        happened(fresh, request)
    assert (claim(fresh, ending, minutes=1) is not None) == leaves
    found = row(fresh, ending)
    assert (found.state, found.reason) == (
        ("sending", None) if leaves else ("superseded", "never_announced")
    )
    if first in ("unsent", "failed"):
        assert (row(fresh, request).state, row(fresh, request).reason) == ("superseded", "newer")


@pytest.mark.parametrize("end", sorted(ENDS))
def test_an_ending_without_a_first_message_leaves(fresh: Database, end: str) -> None:
    """The person has another address now, or the coach had none then."""
    request, ending = owe(fresh, mail(who="old address"), mail(2, end))
    mine = held(fresh, ending)
    assert "invite" not in mine.payload
    assert states(fresh, request, ending) == ["pending", "sending"]


@pytest.mark.parametrize("end", sorted(ENDS))
def test_who_was_only_reminded_is_told_of_the_end_in_words(fresh: Database, end: str) -> None:
    request, reminder, ending = owe(
        fresh, mail(), mail(1, "reminder", due_at=NOW + timedelta(minutes=1)), mail(2, end)
    )
    set_row(fresh, ending, due_at=NOW + timedelta(minutes=2))
    dead(fresh, request)
    mine = claim(fresh, reminder, minutes=1)
    assert mine is not None
    with fresh.write() as tx:
        assert outbox_rows.sent(tx, mine, now=NOW)
    told = claim(fresh, ending, minutes=2)
    assert told is not None
    assert told.payload["invite"] is False


def test_each_kind_of_mail_announces_or_ends_or_is_about_no_booking() -> None:
    """A new kind has to say which."""
    assert sorted([*ANNOUNCES, *ENDS, *OTHERS]) == sorted(KINDS)


def test_who_was_told_once_is_told_of_the_end_though_not_of_the_move(database: Database) -> None:
    first, moved, ended = owe(database, mail(), mail(2, "rebooked"), mail(3, "cancelled"))
    set_row(database, first, state="sent")
    send(database, ended)
    assert states(database, first, moved, ended) == ["sent", "superseded", "sent"]


def test_a_request_whose_sender_vanished_may_have_been_sent_so_its_end_is_told(
    database: Database,
) -> None:
    request, cancellation = owe(database, mail(), mail(2, "cancelled"))
    set_row(database, cancellation, due_at=NOW + timedelta(minutes=1))
    held(database, request)
    set_row(database, request, lease_until_ms=0)
    assert claim(database, cancellation, minutes=1) is not None
    assert states(database, request) == ["superseded"]
    assert row(database, request).unsure == 1
    # also when that claim ended without an answer, too
    set_row(database, cancellation, lease_until_ms=0)
    assert claim(database, cancellation, minutes=1) is not None


def test_an_end_that_was_given_back_is_told_to_whoever_may_know_of_the_booking(
    database: Database,
) -> None:
    request, cancellation = owe(
        database, mail(), mail(2, "cancelled", due_at=NOW + timedelta(minutes=1))
    )
    mine = held(database, request)
    with database.write() as tx:
        assert outbox_rows.give_back(tx, mine, error="timeout", retry_in_ms=0, unsure=True)
    assert claim(database, cancellation, minutes=1) is not None


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


def test_the_sweeper_wakes_once_for_what_nobody_was_woken_for(database: Database) -> None:
    mine, event_id = owe(database, mail(), event())
    assert sweep(database) == []  # their first wake-ups are on their way
    for each in (mine, event_id):
        set_row(database, each, wake_after_ms=0)
    assert sorted(sweep(database)) == sorted([(mine, "mail"), (event_id, "calendar")])
    assert sweep(database) == []


def test_the_sweeper_wakes_for_a_lease_that_ended_and_for_none_that_lasts(
    database: Database,
) -> None:
    (mine,) = owe(database, mail())
    held(database, mine)
    set_row(database, mine, wake_after_ms=0)
    assert sweep(database) == []
    set_row(database, mine, lease_until_ms=0)
    assert sweep(database) == [(mine, "mail")]


def test_the_sweeper_wakes_for_a_reminder_when_it_is_due(database: Database) -> None:
    (mine,) = owe(database, mail(1, "reminder", due_at=NOW + timedelta(days=1)))
    set_row(database, mine, wake_after_ms=0)
    assert sweep(database, hours=23) == []
    assert sweep(database, hours=24) == [(mine, "mail")]


def test_several_sweepers_share_the_rows(database: Database) -> None:
    ids = owe(database, *(mail(booking=f"bkg_{number}") for number in range(40)))
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(wake_after_ms=0))
    with ThreadPoolExecutor(4) as pool:
        swept = [
            wake for found in pool.map(lambda _: sweep(database, 10), range(8)) for wake in found
        ]
    assert sorted(swept) == sorted((each, "mail") for each in ids)


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
        assert outbox_rows.states(tx) == {("mail", "pending"): 3, ("calendar", "pending"): 1}
