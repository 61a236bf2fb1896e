"""The platform is told of what happened: signed, in order, nothing twice under two ids, and nothing
personal.
"""

import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select
from standardwebhooks import WebhookVerificationError
from structlog.testing import capture_logs

from domain.events import CATALOGUE
from storage.rows import dead_letters, outbox_claims
from storage.rows import outbox as stored
from storage.rows.outbox_claims import Wake
from storage.schema.database import clock_ms
from storage.slots import slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import attendance, bookings, pod_seats
from tests.support import people
from tests.support.callback_server import SAID, SECRET, Platform
from tests.support.in_process import built
from tests.support.mail_delivery import DAY, NEXT_WEEK, Mailroom
from tests.support.mail_server import PostOffice
from tests.support.people import at
from tests.support.webhook_delivery import ADA, ANNE, BETH, Switchboard, wired
from workers import clock
from workers.actors import declare_actors
from workers.delivery import outbox
from workers.delivery.webhook_sender import Receiver
from workers.services import Services

OVER = (NEXT_WEEK, NEXT_WEEK + 1800)
REFERENCE = (Path(__file__).parents[3] / "docs/reference/webhooks.md").read_text()


def test_a_booking_is_told_of_signed_and_named_by_ids_alone(switchboard: Switchboard) -> None:
    done = switchboard.book()
    switchboard.work()
    (call,) = switchboard.platform.calls
    (row,) = switchboard.rows(topic="booking.booked")
    assert (call.id, row.state) == (row.id, "sent")
    assert call.at == int(switchboard.now.timestamp())
    assert call.headers["Content-Type"].startswith("application/json")
    assert call.event == {
        "type": "booking.booked",
        "timestamp": "2026-06-01T08:00:00Z",
        "data": {
            "booking_id": done.booking.id,
            "version": 1,
            "session_id": done.session.id,
            "coach_id": "ada",
            "participant_id": "anne",
            "starts": "2026-06-09T10:00:00Z",
            "ends": "2026-06-09T11:00:00Z",
        },
    }


def test_every_event_of_the_catalogue_is_sent_and_says_just_what_the_catalogue_says(
    switchboard: Switchboard,
) -> None:
    """A life of three bookings, a pod and a calendar."""
    one, late = switchboard.book(), switchboard.book(at(3, 10), BETH)
    pod = switchboard.pod(ANNE, BETH, start=NEXT_WEEK + DAY)
    for periods in ((OVER,), ()):
        switchboard.read(*periods)
        switchboard.announce()
        switchboard.work()
    switchboard.rebook(one.booking, at(9, 14))
    switchboard.cancel(one.booking)
    switchboard.cancel(next(seat for seat in pod.seats if seat.participant.id == "anne"))
    for trouble in ("disconnected", None):
        switchboard.set_connection(trouble=trouble, troubled_since=switchboard.now)
        switchboard.announce()
        switchboard.work()
    switchboard.now += timedelta(days=3)
    with switchboard.database.write() as tx:
        switchboard.woken += attendance.report(
            tx, late.session.id, "missed", switchboard.terms
        ).wake
    switchboard.announce()
    switchboard.work()
    said = {topic: set(data) for topic, data in switchboard.platform.told}
    assert said == {topic: set(keys) for topic, (_, keys) in CATALOGUE.items()}
    assert {row.state for row in switchboard.rows()} == {"sent"}


def test_a_callback_is_repeated_under_its_id_until_it_is_taken(switchboard: Switchboard) -> None:
    switchboard.impatient()
    switchboard.platform.answer(500, switchboard.platform.hang, 503)
    switchboard.book()
    switchboard.work()
    for _ in range(4):
        switchboard.sweep(minutes=10)
    calls = switchboard.platform.calls
    assert len(calls) == 4
    assert {call.id for call in calls} == {switchboard.rows(topic="booking.booked")[0].id}
    assert len({call.body for call in calls}) == 1
    assert [call.at - calls[0].at for call in calls] == [0, 600, 1200, 1800]
    assert [row.state for row in switchboard.rows(topic="booking.booked")] == ["sent"]


@pytest.mark.parametrize("status", [302, 307, 400, 401, 404, 413, 429, 500, 503])
def test_whatever_is_not_a_yes_is_tried_again(switchboard: Switchboard, status: int) -> None:
    switchboard.platform.answer(status)
    switchboard.book()
    with capture_logs() as logs:
        switchboard.work()
    (row,) = switchboard.rows(topic="booking.booked")
    assert (row.state, row.last_error) == ("pending", f"the platform answered {status}")
    # A redirect is not followed, and nothing of an answer is kept but its status.
    assert [call.path for call in switchboard.platform.calls] == ["/told"]
    assert SAID not in repr(logs)
    switchboard.sweep(minutes=10)
    assert switchboard.open() == []


@pytest.mark.parametrize(
    ("status", "asked", "least", "most"),
    [
        (503, "120", 119_000, 120_000),
        (429, "Mon, 01 Jan 2001 00:00:00 GMT", 3_700, 6_300),
        (429, "1", 3_700, 6_300),
        (503, "86400", 599_000, 600_000),
        (429, "soon, please", 3_700, 6_300),
    ],
)
def test_a_platform_that_wants_to_be_left_alone_is_within_bounds(
    switchboard: Switchboard, status: int, asked: str, least: int, most: int
) -> None:
    switchboard.platform.answer(switchboard.platform.ask_for(status, asked))
    switchboard.book()
    switchboard.work()
    (row,) = switchboard.rows(topic="booking.booked")
    with switchboard.database.read() as tx:
        wait = row.next_attempt_at_ms - tx.scalar(select(clock_ms()))
    assert least - 1_000 < wait <= most


def test_what_was_told_long_ago_is_dropped_and_what_was_not_told_is_kept(
    switchboard: Switchboard,
) -> None:
    switchboard.book()
    switchboard.work()
    switchboard.platform.answer(410)
    dead = switchboard.book(NEXT_WEEK + DAY)
    switchboard.work()
    actors = declare_actors(StubBroker(), switchboard.services)
    mails = len(Mailroom.rows(switchboard))
    switchboard.now += timedelta(days=29)
    clock.retention(switchboard.services, actors)
    assert sorted(row.state for row in switchboard.rows()) == [
        "dead",
        "sent",
        "sent",
    ]  # and the slots
    switchboard.now += timedelta(days=2)
    clock.retention(switchboard.services, actors)
    assert [(row.state, row.booking_id) for row in switchboard.rows()] == [
        ("dead", dead.booking.id)
    ]
    assert len(Mailroom.rows(switchboard)) == mails > 0


def test_an_answer_that_never_ends_is_cut(switchboard: Switchboard) -> None:
    switchboard.impatient()
    switchboard.platform.answer(switchboard.platform.dribble)
    switchboard.book()
    switchboard.work()
    (row,) = switchboard.open()
    assert row.last_error.startswith("POST callback got no whole answer")


def test_a_platform_that_is_not_there_is_waited_for(switchboard: Switchboard) -> None:
    nobody = Receiver("http://127.0.0.1:9/told", [SECRET], deadline=1, at_once=1)
    with_nobody = replace(switchboard.services, receiver=nobody)
    (wake,) = _callbacks(switchboard.book().wake)
    outbox.deliver(with_nobody, wake[0])
    assert [row.state for row in switchboard.open()] == ["pending"]
    switchboard.sweep(minutes=10)
    assert switchboard.open() == []


def test_gone_is_final_and_told_to_ops_and_can_be_replayed(switchboard: Switchboard) -> None:
    switchboard.platform.answer(410)
    switchboard.book()
    with capture_logs() as logs:
        switchboard.work()
    assert [each["event"] for each in logs] == ["delivery_dead"]
    switchboard.sweep(hours=1)
    (first,) = switchboard.platform.calls
    (row,) = switchboard.rows(topic="booking.booked")
    assert row.state == "dead"
    with switchboard.database.read() as tx:
        assert [each.id for each in dead_letters.newest(tx, limit=10)] == [row.id]
    wake = switchboard.requeue(row.id)
    assert wake == (row.id, "callback")
    switchboard.work([wake])
    again = switchboard.platform.calls[-1]
    assert (again.id, again.body) == (first.id, first.body)
    assert switchboard.rows(id=row.id)[0].state == "sent"


def test_after_three_days_it_is_given_up(switchboard: Switchboard) -> None:
    switchboard.platform.usually = 500
    switchboard.book()
    switchboard.work()
    switchboard.sweep(days=2, hours=23)
    assert [row.state for row in switchboard.rows(topic="booking.booked")] == ["pending"]
    switchboard.sweep(hours=2)
    (row,) = switchboard.rows(topic="booking.booked")
    assert (row.state, row.last_error) == (
        "dead",
        "given up after 3 days: the platform answered 500",
    )


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
    wakes, switchboard.woken = _callbacks(switchboard.woken), []
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
    switchboard.work(_callbacks(first.wake))
    switchboard.work(_callbacks(second.wake))
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


def test_a_worker_that_dies_loses_nothing(switchboard: Switchboard) -> None:
    """One dies before it posts, another between the platform's yes and our commit: the id is the
    same.
    """
    switchboard.book()
    (row,) = switchboard.rows(topic="booking.booked")
    for posts in (False, True):
        with switchboard.database.write() as tx:
            held = outbox_claims.claim(tx, row.id, lease_ms=30_000, now=switchboard.now)
        assert held is not None
        if posts:
            assert switchboard.services.receiver
            assert (
                switchboard.services.receiver.post(held.id, "{}", now=switchboard.now).status == 204
            )
        switchboard.set_rows(row.id, lease_until_ms=0, wake_after_ms=0)
    switchboard.platform.calls[0] = replace(
        switchboard.platform.calls[0], path="/seen"
    )  # no envelope of ours
    switchboard.sweep()
    assert [call.id for call in switchboard.platform.calls] == [row.id, row.id]
    assert switchboard.rows(topic="booking.booked")[0].state == "sent"


def test_an_outage_of_the_platform_ends_with_everything_told(switchboard: Switchboard) -> None:
    switchboard.platform.usually = 503
    done = [switchboard.book(at(10, hour)) for hour in (9, 11, 13)]
    switchboard.work()
    for _ in range(3):
        switchboard.sweep(hours=5)
    switchboard.platform.usually = 200
    switchboard.platform.calls.clear()
    switchboard.sweep(hours=1)
    assert sorted(data["booking_id"] for _, data in switchboard.platform.told) == sorted(
        each.booking.id for each in done
    )


def test_a_platform_that_hangs_does_not_hold_every_worker(switchboard: Switchboard) -> None:
    switchboard.impatient(deadline=5, at_once=1)
    switchboard.platform.answer(switchboard.platform.hang)
    first, second = switchboard.book(), switchboard.book(NEXT_WEEK + DAY)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(switchboard.work, _callbacks(first.wake))
        switchboard.platform.wait(1)
        switchboard.work(_callbacks(second.wake))
        errors = [row.last_error for row in switchboard.rows(booking_id=second.booking.id)]
        assert errors == ["the platform has not answered earlier ones yet"]
        switchboard.platform._over.set()
        hanging.result()
    switchboard.sweep(minutes=1)
    assert switchboard.open() == []


def test_two_secrets_sign_while_one_replaces_the_other(
    database_url: str, redis_url: str, post_office: PostOffice, platform: Platform
) -> None:
    new = "whsec_" + "bmV3" * 8
    with wired(
        database_url, redis_url, post_office, platform, callback_secret=f"{new},{SECRET}"
    ) as board:
        board.book()
        board.work()
        (call,) = platform.calls
        assert call.verified_by(new) == call.verified_by(SECRET)


def test_without_an_address_nothing_is_owed(database_url: str, redis_url: str) -> None:
    with built(database_url, redis_url) as house:
        house.introduce(ADA)
        services = house.runtime.services
        assert clock.announce(services, house.runtime.actors) == 0
        with services.database.write() as tx:
            bookings.book(
                tx, Wanted("ada", NEXT_WEEK, 60, "forced"), ANNE, people.PROGRAMME, services.terms()
            )
            assert "callback" not in {kind for kind, _ in stored.states(tx)}


def test_what_is_owed_outlives_workers_that_know_no_address(switchboard: Switchboard) -> None:
    switchboard.book()
    without = replace(switchboard.services, receiver=None)
    outbox.deliver(without, switchboard.rows(topic="booking.booked")[0].id)
    (row,) = switchboard.open()
    assert row.last_error == "COACHCAL_CALLBACK_URL is not set for the workers"
    switchboard.sweep(minutes=1)
    assert switchboard.open() == []


def test_a_seat_that_moves_to_another_coach_is_one_event(switchboard: Switchboard) -> None:
    people.introduce(switchboard.database, replace(ADA, id="joan"))
    connection = people.connect(switchboard.database, "joan", sub="acc_joan")
    people.read(
        switchboard.database, connection, of=ADA, account=replace(people.ACCOUNT, sub="acc_joan")
    )
    here, there = switchboard.pod(ANNE), switchboard.pod(start=NEXT_WEEK + DAY, coach="joan")
    with switchboard.database.write() as tx:
        switchboard.woken += pod_seats.move_seat(
            tx, here.seats[0].id, there.pod.id, switchboard.terms
        ).wake
    switchboard.work()
    assert [
        (topic, data["coach_id"], data["version"]) for topic, data in switchboard.platform.told
    ] == [
        ("booking.booked", "ada", 1),
        ("booking.rebooked", "joan", 2),
    ]


def test_a_booking_that_is_taken_back_is_never_told_of(switchboard: Switchboard) -> None:
    with switchboard.database.write() as tx:
        bookings.book(tx, Wanted("ada", NEXT_WEEK, 60), ANNE, people.PROGRAMME, switchboard.terms)
        tx.rollback()
    assert switchboard.rows(topic="booking.booked") == []


def test_telling_of_one_change_wakes_the_next(switchboard: Switchboard) -> None:
    """The rebooking came while its booking was being told of."""
    broker = StubBroker()
    actors = declare_actors(broker, switchboard.services)
    done = switchboard.book()
    switchboard.rebook(done.booking, at(9, 14))
    first, second = (row.id for row in switchboard.rows() if row.topic.startswith("booking."))
    actors.post_callback(second)
    assert switchboard.platform.calls == []
    actors.post_callback(first)
    waiting = broker.queues["callbacks"].get_nowait()
    assert people.decode(waiting).args == (second,)
    broker.close()


@pytest.fixture
def told_house(
    database_url: str, redis_url: str, platform: Platform
) -> Iterator[tuple[StubBroker, Services]]:
    with built(database_url, redis_url, callback_url=platform.url, callback_secret=SECRET) as house:
        house.introduce()
        assert isinstance(house.runtime.broker, StubBroker)
        clock.tick(house.runtime.services, house.runtime.actors)
        yield house.runtime.broker, house.runtime.services


def test_the_clock_announces_and_wakes_a_worker(
    told_house: tuple[StubBroker, Services], platform: Platform
) -> None:
    broker, services = told_house
    message = people.decode(broker.queues["callbacks"].get_nowait())
    assert message.actor_name == "post_callback"
    outbox.deliver(services, message.args[0])
    assert platform.told == [("slots.changed", {"coach_id": "ada", "version": 1})]


def test_the_documented_receiver_takes_each_callback_once_and_nothing_else(
    switchboard: Switchboard,
) -> None:
    (snippet,) = (
        found
        for found in re.findall(r"```python\n(.*?)```", REFERENCE, re.DOTALL)
        if "Webhook" in found
    )
    theirs: dict[str, Any] = {}
    exec(snippet, theirs)
    switchboard.platform.answer(500)
    switchboard.book()
    switchboard.work()
    switchboard.sweep(minutes=1)
    first, again = switchboard.platform.calls
    with time_machine.travel(first.at):
        assert theirs["receive"](SECRET, first.headers, first.body) == (
            "booking.booked",
            first.event["data"],
        )
        assert theirs["receive"](SECRET, again.headers, again.body) is None
        for headers, body in (
            (first.headers, first.body + b" "),
            (first.headers | {"webhook-id": "x"}, first.body),
        ):
            with pytest.raises(WebhookVerificationError):
                theirs["receive"](SECRET, headers, body)


@pytest.mark.parametrize("topic", sorted(CATALOGUE))
def test_every_event_is_in_the_reference(topic: str) -> None:
    what, keys = CATALOGUE[topic]
    (row,) = (line for line in REFERENCE.splitlines() if line.startswith(f"| `{topic}` |"))
    said = row.split(" | ")[-1]
    if "the same" in said:
        said += "".join(f"`{key}`" for key in CATALOGUE["booking.booked"][1])
    assert f"| {what} |" in row
    assert set(re.findall(r"`(\w+)`", said)) == set(keys)


def _callbacks(wakes: list[Wake]) -> list[Wake]:
    return [wake for wake in wakes if wake[1] == "callback"]
