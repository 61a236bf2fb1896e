"""Several webhook endpoints: each is told what it asked for, in order, and waits for no other."""

import threading
import time
from datetime import timedelta

import jsonschema_rs
import pytest

from domain.event_versions import NEWEST, OLDEST
from storage.rows import feed, webhook_endpoints
from storage.transactions import endpoint_callbacks
from tests.support import endpoints
from tests.support.callback_server import SECRET
from tests.support.mail_delivery import DAY, NEXT_WEEK
from tests.support.people import at
from tests.support.webhook_delivery import BETH, Switchboard, switchboard
from webhooks.api import openapi_webhooks
from workers.delivery.webhook_lanes import SLOW_SECONDS, Busy, Lanes

__all__ = ["switchboard"]

ONE, TWO = "/one", "/two"
BOOKED, REBOOKED, CANCELLED = (f"booking.{what}" for what in ("booked", "rebooked", "cancelled"))


def types(board: Switchboard, path: str) -> list[str]:
    return [topic for topic, _ in endpoints.heard(board, path)]


def test_each_is_told_what_it_asked_for_in_its_own_form(switchboard: Switchboard) -> None:
    endpoints.make(switchboard, ONE, types=("booking.booked",), version=OLDEST)
    endpoints.make(switchboard, TWO, company_ids=("acme",))
    endpoints.make(switchboard, "/three", coach_ids=("grace",))
    switchboard.book()
    endpoints.feed_on(switchboard)
    ((_, old),) = endpoints.heard(switchboard, ONE)
    ((_, new),) = endpoints.heard(switchboard, TWO)
    assert (old["starts"], new["start"]) == ("2026-06-09T10:00:00Z", "2026-06-09T10:00:00Z")
    assert "starts" not in new
    assert endpoints.heard(switchboard, "/three") == []
    # The address of the settings is told as ever.
    assert types(switchboard, "/told") == [BOOKED, "slots.changed"]


def test_an_event_has_one_id_wherever_it_is_told(switchboard: Switchboard) -> None:
    endpoints.make(switchboard, ONE, types=(BOOKED,))
    switchboard.book()
    endpoints.feed_on(switchboard)
    ids = {call.id for call in switchboard.platform.calls_of(BOOKED)}
    with switchboard.database.read() as tx:
        page = feed.page(tx, after=0, through=99, limit=99, topics=(BOOKED,))
    assert ids == {event.id for event in page}
    assert len(page) == 1


def test_what_is_posted_is_what_the_document_says(switchboard: Switchboard) -> None:
    endpoints.make(switchboard, ONE)
    booked = switchboard.book()
    switchboard.rebook(booked.booking, at(9, 14))
    switchboard.cancel(booked.booking)
    endpoints.feed_on(switchboard)
    for call in switchboard.platform.calls:
        version = OLDEST if call.path == "/told" else NEWEST
        schema = openapi_webhooks.schema_of(call.event["type"], version)
        assert jsonschema_rs.is_valid(schema, call.event)
        assert set(call.event["data"]) == set(schema["properties"]["data"]["properties"])
    assert types(switchboard, ONE)[:1] == [BOOKED]


def test_one_that_refuses_keeps_no_other_waiting_and_its_own_order_stays(
    switchboard: Switchboard,
) -> None:
    endpoints.make(switchboard, ONE, types=(BOOKED, REBOOKED))
    endpoints.make(switchboard, TWO, types=(BOOKED, REBOOKED))
    booked = switchboard.book()
    switchboard.work()
    switchboard.platform.answer_at(ONE, 500)
    endpoints.feed_on(switchboard)
    assert (types(switchboard, ONE), types(switchboard, TWO)) == ([], [BOOKED])
    switchboard.rebook(booked.booking, at(9, 14))
    endpoints.feed_on(switchboard)
    assert (types(switchboard, ONE), types(switchboard, TWO)) == ([], [BOOKED, REBOOKED])
    switchboard.platform.answer_at(ONE, 204)
    switchboard.sweep(minutes=1)
    assert types(switchboard, ONE) == [BOOKED, REBOOKED]


def test_how_attempts_went_is_known_and_nothing_that_was_said(switchboard: Switchboard) -> None:
    mine = endpoints.make(switchboard, ONE, types=(BOOKED,))
    switchboard.book()
    switchboard.work()
    switchboard.platform.answer_at(ONE, 503)
    endpoints.feed_on(switchboard)
    assert endpoints.get(switchboard, mine).failing_since == switchboard.now
    switchboard.platform.answer_at(ONE, 204)
    switchboard.sweep(minutes=1)
    with switchboard.database.read() as tx:
        attempts = webhook_endpoints.attempts(tx, mine, limit=9)
    assert [(each.topic, each.status) for each in attempts] == [(BOOKED, 204), (BOOKED, 503)]
    assert endpoints.get(switchboard, mine).failing_since is None


def test_while_one_is_paused_nothing_is_posted_and_then_all_of_it_in_order(
    switchboard: Switchboard,
) -> None:
    mine = endpoints.make(switchboard, ONE, types=(BOOKED, REBOOKED, CANCELLED))
    booked = switchboard.book()
    switchboard.announce()
    with switchboard.database.write() as tx:
        switchboard.woken += endpoint_callbacks.feed_on(tx, mine, now=switchboard.now)
        endpoint_callbacks.pause(tx, webhook_endpoints.get(tx, mine))
    switchboard.work()
    switchboard.rebook(booked.booking, at(9, 14))
    switchboard.cancel(booked.booking)
    endpoints.feed_on(switchboard)
    assert types(switchboard, ONE) == []
    with switchboard.database.write() as tx:
        switchboard.woken += endpoint_callbacks.resume(
            tx, webhook_endpoints.get(tx, mine), now=switchboard.now
        )
    endpoints.feed_on(switchboard)
    assert types(switchboard, ONE) == [BOOKED, REBOOKED, CANCELLED]


def test_all_since_a_time_is_sent_again_under_the_same_ids(switchboard: Switchboard) -> None:
    mine = endpoints.make(switchboard, ONE, types=(BOOKED,))
    since = switchboard.now
    switchboard.book()
    endpoints.feed_on(switchboard)
    switchboard.now += timedelta(hours=1)
    switchboard.book(NEXT_WEEK + DAY, BETH)
    endpoints.feed_on(switchboard)
    first = [call.id for call in switchboard.platform.calls if call.path == ONE]
    with switchboard.database.write() as tx:
        endpoint_callbacks.go_back(tx, webhook_endpoints.get(tx, mine), since)
    endpoints.feed_on(switchboard)
    assert [call.id for call in switchboard.platform.calls if call.path == ONE] == first * 2


def test_one_that_was_off_is_sent_all_that_it_did_not_take(switchboard: Switchboard) -> None:
    mine = endpoints.make(switchboard, ONE, types=(BOOKED, REBOOKED))
    booked = switchboard.book()
    switchboard.work()
    switchboard.platform.answer_at(ONE, 500)
    endpoints.feed_on(switchboard)
    with switchboard.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, mine)
        endpoint_callbacks.switch_off(tx, endpoint, now=switchboard.now)
    switchboard.rebook(booked.booking, at(9, 14))
    switchboard.platform.answer_at(ONE, 204)
    endpoints.feed_on(switchboard)
    switchboard.sweep(minutes=30)
    assert types(switchboard, ONE) == []
    with switchboard.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, mine)
        switchboard.woken += endpoint_callbacks.resume(tx, endpoint, now=switchboard.now)
    endpoints.feed_on(switchboard)
    assert types(switchboard, ONE) == [BOOKED, REBOOKED]


def test_both_secrets_sign_until_the_overlap_is_over(switchboard: Switchboard) -> None:
    new = "whsec_" + "bmV3" * 8
    mine = endpoints.make(switchboard, ONE, types=(BOOKED,))
    sealed = switchboard.services.vault.seal(mine, {"secret": new, "old": SECRET})
    until = switchboard.now + timedelta(hours=1)
    endpoints.change(switchboard, mine, sealed=sealed, old_until=until)
    switchboard.book()
    endpoints.feed_on(switchboard)
    (call,) = (call for call in switchboard.platform.calls if call.path == ONE)
    assert call.verified_by(new) == call.verified_by(SECRET)
    switchboard.now += timedelta(hours=2)
    switchboard.book(NEXT_WEEK + DAY, BETH)
    endpoints.feed_on(switchboard)
    (_, later) = (call for call in switchboard.platform.calls if call.path == ONE)
    assert later.verified_by(new)
    assert len(later.headers["webhook-signature"].split()) == 1
    switchboard.platform.calls.remove(later)  # the platform's own check knows the old one alone


class Clock:
    """Seconds as a test says they pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_one_that_is_slow_holds_one_thread_and_those_that_are_well_have_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, lanes = Clock(), Lanes(4)
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    for name in ("slow", "slower"):
        with lanes.turn("well"), lanes.turn(name):
            clock.seconds += SLOW_SECONDS + 1
        with lanes.turn("well"):
            pass
    with lanes.turn("slow"), lanes.turn("slower"), lanes.turn("well"), lanes.turn("well"):
        with pytest.raises(Busy) as refused, lanes.turn("slow"):
            pass
        assert refused.value.slow


def test_one_that_begins_to_hang_leaves_room_for_the_others() -> None:
    lanes, over = Lanes(4), threading.Event()
    with lanes.turn("well"):
        pass

    def hang() -> None:
        try:
            with lanes.turn("hangs"):
                over.wait(30)
        except Busy:
            return

    threads = [threading.Thread(target=hang) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            with lanes.turn("well"):
                pass
    finally:
        over.set()
        for thread in threads:
            thread.join()
