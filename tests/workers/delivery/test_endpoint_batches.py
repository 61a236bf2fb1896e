"""A deed for very many rows of a webhook endpoint: whoever asks waits for one batch, and the clock
goes on with the rest.
"""

from datetime import timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import func, select

from domain.webhook_endpoints import TEST
from storage.rows import owed_callbacks, webhook_endpoints
from storage.rows.webhook_endpoints import PostAttempt
from storage.schema import tables
from storage.transactions import endpoint_callbacks
from tests.support import endpoints
from tests.support.people import at
from tests.support.webhook_delivery import Switchboard, switchboard
from workers.actors import declare_actors
from workers.jobs import webhook_endpoints as job

__all__ = ["switchboard"]

ONE, OTHER = "/one", "/other"
BOOKED, REBOOKED = "booking.booked", "booking.rebooked"
BATCH, ROWS = 3, 8


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed_callbacks, "BATCH", BATCH)
    monkeypatch.setattr(webhook_endpoints, "AT_ONCE", BATCH)


def owe(board: Switchboard, endpoint_id: str, state: str, count: int = ROWS) -> None:
    """So many test events, in this state."""
    with board.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, endpoint_id)
        for _ in range(count):
            _, ((outbox_id, _),) = endpoint_callbacks.send_test(tx, endpoint, now=board.now)
            mine = tables.outbox.update().where(tables.outbox.c.id == outbox_id)
            tx.execute(mine.values(state=state))
    board.now += timedelta(seconds=1)


def clock(board: Switchboard) -> None:
    """A second of the clock's."""
    board.now += timedelta(seconds=1)
    job.feed_on(board.services, declare_actors(StubBroker(), board.services))


def count(board: Switchboard, endpoint_id: str, state: str) -> int:
    return len(board.rows(endpoint_id=endpoint_id, state=state))


def do(board: Switchboard, deed: Any, endpoint_id: str, **more: Any) -> Any:
    with board.database.write() as tx:
        return deed(tx, webhook_endpoints.get(tx, endpoint_id, lock=True), **more)


def test_dead_letters_are_sent_again_in_batches_and_each_once(switchboard: Switchboard) -> None:
    board = switchboard
    mine, other = endpoints.make(board, ONE), endpoints.make(board, OTHER)
    owe(board, mine, "dead")
    owe(board, other, "dead", 1)
    # When all are asked for: the answer counts them, and one batch is due
    total, wake = do(board, endpoint_callbacks.send_dead_again, mine, now=board.now)
    assert (total, len(wake)) == (ROWS, BATCH)
    assert count(board, mine, "dead") == ROWS - BATCH
    # And when those die at once, then the clock goes on with the others, and takes none twice
    board.platform.answer_at(ONE, 410)
    board.work(wake)
    seen = []
    for _ in range(5):
        clock(board)
        due = board.rows(endpoint_id=mine, state="pending")
        seen.append(len(due))
        board.work([(row.id, "callback") for row in due])
    assert seen == [BATCH, ROWS - 2 * BATCH, 0, 0, 0]
    assert count(board, mine, "dead") == ROWS
    assert endpoints.get(board, mine).again_before is None
    assert count(board, other, "dead") == 1


def test_one_that_is_on_again_is_sent_all_that_waited_and_died(switchboard: Switchboard) -> None:
    board = switchboard
    mine = endpoints.make(board, ONE)
    owe(board, mine, "pending")
    # Given one that was switched off, batch by batch
    assert do(board, endpoint_callbacks.switch_off, mine, now=board.now) == BATCH
    with board.database.write() as tx:
        buried = [endpoint_callbacks.bury(tx, mine) for _ in range(2)]
    assert buried == [BATCH, ROWS - 2 * BATCH]
    # When it is on again, and paused in between, then nothing is forgotten
    do(board, endpoint_callbacks.resume, mine, now=board.now)
    do(board, endpoint_callbacks.pause, mine)
    clock(board)
    do(board, endpoint_callbacks.resume, mine, now=board.now)
    for _ in range(4):
        clock(board)
    assert count(board, mine, "dead") == 0
    assert {row.trouble for row in board.rows(endpoint_id=mine)} == {None}
    board.work([(row.id, "callback") for row in board.rows(endpoint_id=mine)])
    assert count(board, mine, "sent") == ROWS


def test_the_clock_buries_all_of_one_that_it_switches_off_and_no_turn_is_long(
    switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = switchboard
    monkeypatch.setattr(job, "SECONDS_AT_ONCE", 0)
    mine = endpoints.make(board, ONE, failing_since=board.now)
    owe(board, mine, "pending")
    board.now += timedelta(days=6)
    with board.database.write() as tx:
        attempt = PostAttempt("evt_1", "booking.booked", board.now, None, 9)
        webhook_endpoints.note(tx, mine, attempt, taken=False)
    job.look_after(board.services, declare_actors(StubBroker(), board.services))
    # However long a batch takes, this turn does one; and the next ones go on as they have time
    clock(board)
    assert count(board, mine, "dead") == BATCH
    monkeypatch.undo()
    clock(board)
    assert count(board, mine, "dead") == ROWS


def test_what_is_owed_again_is_overtaken_by_nothing_newer(switchboard: Switchboard) -> None:
    board = switchboard
    # Given one that was switched off, with a booking behind more than a batch of others
    mine = endpoints.make(board, ONE, types=(BOOKED, REBOOKED))
    owe(board, mine, "dead")
    booked = board.book()
    board.announce()
    clock(board)
    with board.database.write() as tx:
        theirs = tables.outbox.update().where(tables.outbox.c.endpoint_id == mine)
        tx.execute(theirs.values(state="dead"))
    endpoints.change(board, mine, state="off", off_since=board.now)
    # When the booking is moved, and then the endpoint is on again
    board.rebook(booked.booking, at(9, 14))
    board.announce()
    board.now += timedelta(seconds=1)
    do(board, endpoint_callbacks.resume, mine, now=board.now)
    for _ in range(6):
        board.work([(row.id, "callback") for row in board.rows(endpoint_id=mine, state="pending")])
        clock(board)
    # Then it hears of both as they happened
    told = [topic for topic, _ in endpoints.heard(board, ONE) if topic != TEST]
    assert told == [BOOKED, REBOOKED]


def test_what_is_paused_waits_also_beyond_the_first_batch(switchboard: Switchboard) -> None:
    board = switchboard
    mine = endpoints.make(board, ONE)
    owe(board, mine, "pending")
    do(board, endpoint_callbacks.pause, mine)
    board.work([(row.id, "callback") for row in board.rows(endpoint_id=mine)])
    assert count(board, mine, "pending") == ROWS
    assert {row.trouble for row in board.rows(endpoint_id=mine)} == {"paused"}
    assert endpoints.heard(board, ONE) == []


def test_one_that_is_deleted_is_gone_at_once_and_its_rows_in_batches(
    switchboard: Switchboard,
) -> None:
    board = switchboard
    mine, other = endpoints.make(board, ONE), endpoints.make(board, OTHER)
    owe(board, mine, "dead")
    owe(board, other, "dead", 1)
    owe(board, mine, "sending", 1)
    do(board, endpoint_callbacks.drop, mine, now=board.now)
    # It is nobody's, takes no place and holds no secret; some of its rows are left
    with board.database.read() as tx:
        assert [each.id for each in webhook_endpoints.find_all(tx)] == [other]
        sealed = tables.webhook_endpoints.c.sealed
        gone = tables.webhook_endpoints.c.deleted_at.is_not(None)
        assert tx.scalars(select(sealed).where(gone)).all() == [None]
    assert count(board, mine, "dead") == ROWS - BATCH
    # The clock deletes all but what a sender has in its hands
    clock(board)
    assert [row.state for row in board.rows(endpoint_id=mine)] == ["sending"]
    board.set_rows(state="superseded")
    clock(board)
    assert board.rows(endpoint_id=mine) == []
    assert len(board.rows(endpoint_id=other)) == 1
    with board.database.read() as tx:
        known = select(func.count()).select_from(tables.webhook_endpoints)
        assert tx.scalar(known) == 2
