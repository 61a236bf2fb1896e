"""A webhook endpoint that takes nothing, or that nothing is sent to: what is given up, and when."""

import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from storage.rows import pauses, webhook_endpoints
from storage.rows.pauses import Pause
from storage.rows.webhook_endpoints import PostAttempt
from storage.schema import tables
from storage.transactions import endpoint_callbacks
from tests.support import endpoints
from tests.support.webhook_delivery import Switchboard, switchboard
from workers.actors import declare_actors
from workers.jobs import retention
from workers.jobs import webhook_endpoints as job

__all__ = ["switchboard"]

ONE, BOOKED = "/one", "booking.booked"
LONG = timedelta(days=6)


def failed(board: Switchboard, endpoint_id: str) -> None:
    """One more attempt that nobody answered."""
    attempt = PostAttempt("evt_1", BOOKED, board.now, None, 9)
    with board.database.write() as tx:
        webhook_endpoints.note(tx, endpoint_id, attempt, taken=False)


def look_after(board: Switchboard) -> int:
    return job.look_after(board.services, declare_actors(StubBroker(), board.services))


def resume(board: Switchboard, endpoint_id: str) -> None:
    with board.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, endpoint_id)
        board.woken += endpoint_callbacks.resume(tx, endpoint, now=board.now)


def test_one_that_refuses_for_days_is_switched_off(switchboard: Switchboard) -> None:
    mine = endpoints.make(switchboard, ONE)
    failed(switchboard, mine)
    switchboard.now += LONG
    # Nothing was tried for days: so it has refused nothing, either.
    assert look_after(switchboard) == 0
    failed(switchboard, mine)
    assert look_after(switchboard) == 1
    assert endpoints.get(switchboard, mine).state == "off"


def test_one_that_is_deleted_just_then_keeps_no_other_waiting(
    switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = switchboard
    actors = declare_actors(StubBroker(), board.services)
    # Given three that are to be switched off, one of which is being sent something again
    ids = [endpoints.make(board, path) for path in ("/gone", "/again", ONE)]
    endpoints.change(board, ids[1], again_before=board.now)
    board.now += LONG
    for each in ids:
        endpoints.change(board, each, failing_since=board.now - LONG)
        failed(board, each)
    found = [endpoints.get(board, each) for each in ids]
    with board.database.write() as tx:
        # When the first two are deleted after the clock found them
        row = tables.webhook_endpoints
        tx.execute(row.delete().where(row.c.id.in_(ids[:2])))
    monkeypatch.setattr(webhook_endpoints, "find_all", lambda _tx: found)
    # Then the clock goes on with the third
    job.feed_on(board.services, actors)
    assert look_after(board) == 1
    assert endpoints.get(board, ids[2]).state == "off"


def test_five_days_of_refusals_switch_it_off_and_mail_ops_once(switchboard: Switchboard) -> None:
    # Given a platform that refuses everything, and ops with a mailbox
    board = switchboard
    settings = board.services.settings.model_copy(update={"ops_mail": "ops@example.test"})
    board.services = replace(board.services, settings=settings)
    mine = endpoints.make(board, ONE)
    board.platform.answer_at(ONE, 500)
    # When something is owed each day, and tried again as long as it may be
    states = []
    for _ in range(6):
        with board.database.write() as tx:
            endpoint = webhook_endpoints.get(tx, mine)
            _, wake = endpoint_callbacks.send_test(tx, endpoint, now=board.now)
        board.work(wake)
        board.sweep(hours=20)
        board.sweep(hours=4)
        look_after(board)
        states.append(endpoints.get(board, mine).state)
    # Then it is off once nothing was taken for more than five days, and no sooner
    assert states == ["on"] * 5 + ["off"]
    # And ops were told once, with the next step
    assert look_after(board) == 0
    mails = [each for each in board.office.taken if each.recipients == ("ops@example.test",)]
    (mail,) = mails
    assert mine in str(mail.message["Subject"])
    assert f'PATCH /v1/webhook_endpoints/{mine}  {{"state": "on"}}' in mail.message.get_content()
    assert board.platform.origin not in mail.source.decode()
    # And what it was owed waits for somebody to switch it on
    assert {row.state for row in board.rows(endpoint_id=mine)} == {"dead"}


def test_ops_are_mailed_once_the_mail_server_is_back(switchboard: Switchboard) -> None:
    board = switchboard
    settings = board.services.settings.model_copy(update={"ops_mail": "ops@example.test"})
    board.services = replace(board.services, settings=settings)
    endpoints.make(board, ONE, state="off", off_since=board.now)
    board.office.refuse("451 later")
    look_after(board)
    assert board.office.taken == []
    for _ in range(2):
        look_after(board)
    assert len(board.office.taken) == 1


def test_while_callbacks_are_paused_none_is_switched_off(switchboard: Switchboard) -> None:
    mine = endpoints.make(switchboard, ONE)
    failed(switchboard, mine)
    switchboard.now += LONG
    failed(switchboard, mine)
    with switchboard.database.write() as tx:
        pauses.put(tx, Pause("callback", "", switchboard.now, "ops"))
    assert look_after(switchboard) == 0
    with switchboard.database.write() as tx:
        pauses.lift(tx, "callback", "")
    # Nor at its first failure after the pause.
    failed(switchboard, mine)
    assert look_after(switchboard) == 0
    assert endpoints.get(switchboard, mine).state == "on"


def test_what_was_in_hand_when_it_was_switched_off_goes_once_it_is_on(
    switchboard: Switchboard,
) -> None:
    mine = endpoints.make(switchboard, ONE, state="off")
    with switchboard.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, mine)
        _, wake = endpoint_callbacks.send_test(tx, endpoint, now=switchboard.now)
    switchboard.work(wake)
    assert [row.state for row in switchboard.rows(endpoint_id=mine)] == ["pending"]
    resume(switchboard, mine)
    switchboard.work()
    assert len(endpoints.heard(switchboard, ONE)) == 1


def test_what_waited_for_days_is_not_given_up_at_the_first_failure(
    switchboard: Switchboard,
) -> None:
    mine = endpoints.make(switchboard, ONE, types=(BOOKED,))
    switchboard.book()
    switchboard.announce()
    with switchboard.database.write() as tx:
        endpoint_callbacks.feed_on(tx, mine, now=switchboard.now)
        endpoint_callbacks.pause(tx, webhook_endpoints.get(tx, mine))
    switchboard.now += LONG
    switchboard.platform.answer_at(ONE, 500)
    resume(switchboard, mine)
    switchboard.work()
    assert [row.state for row in switchboard.rows(endpoint_id=mine)] == ["pending"]


def test_old_attempts_go_in_batches_and_a_delete_that_fails_undoes_no_other(
    switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = endpoints.make(switchboard, ONE)
    for _ in range(5):
        failed(switchboard, mine)
    switchboard.book()
    switchboard.work()
    switchboard.now += timedelta(days=31)
    actors = declare_actors(StubBroker(), switchboard.services)

    def too_slow(_tx: Any, **_options: Any) -> int:
        raise TimeoutError

    monkeypatch.setattr(retention, "LARGE", (too_slow,))
    with pytest.raises(TimeoutError):
        retention.drop(switchboard.services, actors)
    assert switchboard.rows() == []
    monkeypatch.setattr(retention, "LARGE", (webhook_endpoints.drop_old,))
    monkeypatch.setattr(retention, "BATCH", 2)
    retention.drop(switchboard.services, actors)
    with switchboard.database.read() as tx:
        assert webhook_endpoints.attempts(tx, mine, limit=9) == []


@pytest.mark.parametrize(
    "leads_to",
    [["127.0.0.1"], ["93.184.215.14", "10.1.2.3"], ["64:ff9b::7f00:1"], []],
)
def test_a_name_that_leads_to_our_neighbours_now_is_not_posted_to(
    switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch, leads_to: list[str]
) -> None:
    mine = endpoints.make(switchboard, ONE)
    receivers = replace(switchboard.services.receivers, outside=True)
    switchboard.services = replace(switchboard.services, receivers=receivers)

    def resolve(*_: Any, **_options: Any) -> list[Any]:
        if not leads_to:
            raise OSError
        return [(0, 0, 0, "", (each, 0)) for each in leads_to]

    with switchboard.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, mine)
        _, wake = endpoint_callbacks.send_test(tx, endpoint, now=switchboard.now)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    switchboard.work(wake)
    monkeypatch.undo()
    # An attempt without an answer.
    with switchboard.database.read() as tx:
        (attempt,) = webhook_endpoints.attempts(tx, mine, limit=9)
    assert attempt.status is None
    assert endpoints.heard(switchboard, ONE) == []
    receivers.close()
