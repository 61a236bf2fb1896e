"""The platform is told of what happened: signed, by ids alone, and just as the catalogue says."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from dramatiq.brokers.stub import StubBroker
from standardwebhooks import WebhookVerificationError

from domain.events import CATALOGUE
from domain.places import Place
from storage.rows import event_differences
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import attendance, bookings, pod_seats, session_places
from tests.support import changed_events, outbox_states, people
from tests.support.callback_server import SECRET, Platform
from tests.support.in_process import built
from tests.support.mail_delivery import DAY, NEXT_WEEK
from tests.support.mail_server import PostOffice
from tests.support.people import at
from tests.support.webhook_delivery import ADA, ANNE, BETH, Switchboard, wired
from workers import clock
from workers.actors import declare_actors
from workers.delivery import outbox
from workers.jobs import announcements
from workers.services import Services

OVER = (NEXT_WEEK, NEXT_WEEK + 1800)
REFERENCE = (Path(__file__).parents[3] / "docs/reference/webhooks.md").read_text()


def test_a_booking_is_told_of_signed_and_named_by_ids_alone(switchboard: Switchboard) -> None:
    done = switchboard.book()
    switchboard.work()
    (call,) = switchboard.platform.calls
    (row,) = switchboard.rows(topic="booking.booked")
    assert (call.id, row.state) == (row.event_id, "sent")
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


def hold_elsewhere(switchboard: Switchboard, session_id: str) -> None:
    phone = Place("phone", "+44 20 7946 0018")
    with switchboard.database.write() as tx:
        changed = session_places.change(tx, session_id, phone, switchboard.terms)
    switchboard.woken += changed.wake


def test_every_event_of_the_catalogue_is_sent_and_says_just_what_the_catalogue_says(
    switchboard: Switchboard,
) -> None:
    """A life of three bookings, a pod and a calendar, which is connected just now."""
    switchboard.set_connection(told_steps=0)
    one, late = switchboard.book(), switchboard.book(at(3, 10), BETH)
    pod = switchboard.pod(ANNE, BETH, start=NEXT_WEEK + DAY)
    hold_elsewhere(switchboard, one.session.id)
    for periods in ((OVER,), ()):
        switchboard.read(*periods)
        switchboard.announce()
        switchboard.work()
    change_the_event(switchboard, one.session.id)
    miss_the_link(switchboard)
    with switchboard.database.write() as tx:
        there = Place("phone", "+44 20 7946 0018")
        switchboard.woken += session_places.change(
            tx, one.session.id, there, switchboard.terms
        ).wake
    switchboard.work()
    switchboard.rebook(one.booking, at(9, 14))
    switchboard.cancel(one.booking)
    switchboard.cancel(next(seat for seat in pod.seats if seat.participant.id == "anne"))
    for trouble in ("disconnected", None):
        switchboard.set_connection(trouble=trouble, troubled_since=switchboard.now)
        switchboard.announce()
        switchboard.work()
    for wall in ("2026-06-03T11:30 Europe/London", None):
        with switchboard.database.write() as tx:
            mine = tables.sessions.update().where(tables.sessions.c.id == late.session.id)
            tx.execute(mine.values(wall_moved=wall))
            theirs = tables.bookings.update().where(tables.bookings.c.session_id == late.session.id)
            tx.execute(theirs.values(wall_moved=wall))
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


def miss_the_link(switchboard: Switchboard) -> None:
    """It does not come for a session, and then it does."""
    for state in ("failed", "assigned"):
        with switchboard.database.write() as tx:
            tx.execute(tables.sessions.update().values(conferencing_state=state))
        switchboard.announce()
        switchboard.work()


def change_the_event(switchboard: Switchboard, session_id: str) -> None:
    """Its coach moves it in their calendar, then deletes it, and then it is settled."""
    with switchboard.database.read() as tx:
        connection_id = tx.execute(tables.connections.select()).one().id
    for kind in ("moved", "deleted", None):
        with switchboard.database.write() as tx:
            if kind is None:
                assert event_differences.settle(tx, session_id)
            else:
                changed_events.found(tx, session_id, connection_id, kind=kind)
        switchboard.announce()
        switchboard.work()


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
        assert announcements.announce(services, house.runtime.actors) == 0
        with services.database.write() as tx:
            bookings.book(
                tx, Wanted("ada", NEXT_WEEK, 60, "forced"), ANNE, people.PROGRAMME, services.terms()
            )
            assert "callback" not in {kind for kind, _ in outbox_states.states(tx)}


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
    with suppress(KeyboardInterrupt), switchboard.database.write() as tx:
        bookings.book(tx, Wanted("ada", NEXT_WEEK, 60), ANNE, people.PROGRAMME, switchboard.terms)
        raise KeyboardInterrupt
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
