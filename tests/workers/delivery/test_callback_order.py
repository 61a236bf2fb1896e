"""Callbacks of one booking arrive in order, a newer one replaces an older, and nobody waits for
another's.
"""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.slots import slot_sets
from tests.support import people
from tests.support.mail_delivery import DAY, NEXT_WEEK
from tests.support.people import at
from tests.support.webhook_delivery import BETH, Switchboard, callback_wakes


@pytest.mark.parametrize("seed", range(6))
def test_the_changes_of_a_booking_arrive_in_order_whoever_delivers_them(
    switchboard: Switchboard, seed: int
) -> None:
    """Several threads, in any order, while the platform refuses every third call; no change is left
    out.
    """
    chance = random.Random(seed)
    switchboard.platform.answer(*(chance.choice((200, 200, 500)) for _ in range(20)))
    done = [switchboard.book(start) for start in (NEXT_WEEK, NEXT_WEEK + DAY)]
    for each in done:
        for hours in (2, 4):
            switchboard.rebook(each.booking, each.session.starts + 3600 * hours)
        switchboard.cancel(each.booking)
    wakes, switchboard.woken = callback_wakes(switchboard.woken), []
    chance.shuffle(wakes)
    with ThreadPoolExecutor(4) as pool:
        for each_done in [pool.submit(switchboard.work, [wake]) for wake in wakes]:
            each_done.result()
    for _ in range(12):
        switchboard.sweep(minutes=20)
    assert {row.state for row in switchboard.rows() if row.topic.startswith("booking.")} == {"sent"}
    for each in done:
        mine = [
            call
            for call in switchboard.platform.calls
            if call.event["data"].get("booking_id") == each.booking.id
        ]
        versions = [call.event["data"]["version"] for call in mine]
        assert versions == sorted(versions)
        assert set(versions) == {1, 2, 3, 4}


def test_who_waits_for_one_booking_keeps_no_other_waiting(switchboard: Switchboard) -> None:
    first, second = switchboard.book(), switchboard.book(NEXT_WEEK + DAY, BETH)
    switchboard.platform.answer(500)
    switchboard.work(callback_wakes(first.wake))
    switchboard.work(callback_wakes(second.wake))
    switchboard.rebook(first.booking, at(9, 14))
    switchboard.work()
    assert [data["participant_id"] for _, data in switchboard.platform.told] == ["anne", "beth"]
    switchboard.sweep(minutes=1)
    assert [topic for topic, _ in switchboard.platform.told[2:]] == [
        "booking.booked",
        "booking.rebooked",
    ]


def test_a_storm_of_changes_is_told_as_one(switchboard: Switchboard) -> None:
    for hour in range(9, 16):
        switchboard.cancel(switchboard.book(at(10, hour)).booking)
    switchboard.woken = []
    (wake,) = switchboard.announce()
    assert switchboard.announce() == []
    switchboard.work([wake])
    with switchboard.database.read() as tx:
        version = slot_sets.version(tx, "ada")
    assert version > 10
    assert switchboard.platform.told == [("slots.changed", {"coach_id": "ada", "version": version})]


def test_a_newer_version_takes_the_place_of_one_that_was_not_taken(
    switchboard: Switchboard,
) -> None:
    switchboard.platform.usually = 500
    for hour in (9, 11, 13):
        switchboard.book(at(10, hour))
        switchboard.woken = []
        switchboard.announce()
        switchboard.work()
    switchboard.platform.usually = 200
    switchboard.platform.calls.clear()
    switchboard.sweep(hours=1)
    told = [
        data["version"] for topic, data in switchboard.platform.told if topic == "slots.changed"
    ]
    assert told == [people.listing(switchboard.database).version]


def test_what_was_told_of_slots_does_not_pile_up(switchboard: Switchboard) -> None:
    for _ in range(5):
        switchboard.cancel(switchboard.book().booking)
        switchboard.announce()
        switchboard.work()
    assert len(switchboard.rows(topic="slots.changed")) == 1
