"""An ending leaves only to who may know of the booking, and says what they were told before."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from domain.mail import KINDS
from domain.mail.endings import ANNOUNCES, ENDS, OTHERS
from storage.reports import outbox as outbox_report
from storage.rows import outbox as outbox_rows
from storage.schema.database import Database, create
from tests.storage.rows.owed_mails import NOW, claim, held, mail, owe, row, send, set_row, states
from tests.support.databases import Kind


@pytest.fixture
def fresh(fresh_database: Callable[[Kind], str]) -> Iterator[Database]:
    """SQLite alone: for rules that no database decides."""
    opened = create(fresh_database("sqlite"))
    yield opened
    opened.close()


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
