"""What makes each alert fire, made true in a real database.

Each takes the desk, and the id of Ada's connection.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from domain.event_versions import NEWEST
from domain.reconciling import Pace
from domain.webhook_endpoints import WebhookEndpoint
from storage.reports import fleet
from storage.rows import (
    outbox,
    outbox_claims,
    pauses,
    webhook_endpoints,
    withheld_addresses,
)
from storage.rows.pauses import Pause
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import changed_events, people
from tests.support.http_client import Desk
from tests.support.people import NOW, at
from workers import clock
from workers.manned import key as manned_key

Condition = Callable[[Desk, str], None]


def set_row(desk: Desk, connection_id: str, **values: object) -> None:
    with desk.database.write() as tx:
        tx.execute(
            tables.connections.update()
            .where(tables.connections.c.id == connection_id)
            .values(values)
        )


def book(desk: Desk, _: str = "") -> None:
    with desk.database.write() as tx:
        bookings.book(
            tx, Wanted("ada", at(4, 10), 60), people.GRACE, people.PROGRAMME, people.terms()
        )


def held(desk: Desk) -> outbox_claims.DeliveryClaim:
    """A claimed mail."""
    book(desk)
    with desk.database.write() as tx:
        chosen = tx.execute(tables.outbox.select().where(tables.outbox.c.topic == "booked")).first()
        assert chosen is not None
        found = outbox_claims.claim(tx, chosen.id, lease_ms=1000, now=NOW)
    assert found is not None
    return found


def nobody_ticks(desk: Desk, _: str) -> None:
    row = tables.schedule.c
    with desk.database.write() as tx:
        tx.execute(tables.schedule.update().values(next_run_at_ms=row.next_run_at_ms - 3_800_000))


def a_job_never_ran(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        tx.execute(tables.schedule.delete().where(tables.schedule.c.name == "roll"))


def a_job_raises(desk: Desk, _: str) -> None:
    clock.attempt(desk.runtime.services, desk.runtime.actors, clock.Job("roll", 60_000, broken))


def broken(*_: object) -> int:
    raise ValueError("a row that nobody thought of")


def a_read_is_owed_for_long(desk: Desk, connection_id: str) -> None:
    people.mark_dirty(desk.database, connection_id)
    set_row(desk, connection_id, dirty_since_ms=tables.connections.c.dirty_since_ms - 601_000)


def pushes_waited(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        for number in range(20):
            tx.execute(tables.visible.insert().values(id=f"v{number}", at=NOW, ms=31_000))
    clock.sample(desk.runtime.services, desk.runtime.actors)


def nobody_read(desk: Desk, connection_id: str) -> None:
    set_row(desk, connection_id, last_ok_at=NOW - timedelta(hours=2))


def nobody_audited(desk: Desk, connection_id: str) -> None:
    with desk.database.write() as tx:
        people.has_channel(tx, connection_id, "chn_1", now=NOW - timedelta(days=3))


def a_channel_was_never_audited(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        tx.execute(tables.channels.update().values(audited_at=None))


def an_event_lies_over_a_session(desk: Desk, connection_id: str) -> None:
    book(desk)
    people.mark_dirty(desk.database, connection_id)
    set_row(desk, connection_id, next_attempt_at_ms=0)
    people.read(desk.database, connection_id, (at(4, 10), at(4, 11)), account=None)


def a_link_does_not_come(desk: Desk, _: str) -> None:
    book(desk)
    with desk.database.write() as tx:
        tx.execute(tables.sessions.update().values(conferencing_state="failed"))
        tx.execute(tables.outbox.update().values(state="sent"))


def an_event_was_moved_and_nobody_settled_it(desk: Desk, connection_id: str) -> None:
    book(desk)
    with desk.database.write() as tx:
        [session_id] = tx.scalars(tables.sessions.select().with_only_columns(tables.sessions.c.id))
        changed_events.found(tx, session_id, connection_id, since=NOW - timedelta(days=2))


def a_calendar_entry_is_late(desk: Desk, _: str) -> None:
    book(desk)
    with desk.database.write() as tx:
        mine = tables.outbox.update().where(tables.outbox.c.kind == "calendar")
        tx.execute(mine.values(due_at=NOW - timedelta(minutes=61)))


def the_mails_are_paused(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        pauses.put(tx, Pause("mail", "", NOW, "ops/1"))


def a_mail_was_refused_for_good(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        outbox.dead(tx, found, error="550 no such user")


def a_mail_is_held(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        outbox.wait_for_text(tx, found, error="programme_name is empty", retry_in_ms=1000)


def more_calendars_than_calls(desk: Desk, _: str) -> None:
    with desk.database.write() as tx:
        fleet.put(tx, {Pace.STEADY: 6_000}, timedelta(hours=2), at=NOW)


def a_queue_has_no_worker(desk: Desk, _: str) -> None:
    desk.runtime.services.redis.delete(manned_key("mails"))


def an_endpoint(desk: Desk, **values: Any) -> None:
    endpoint = WebhookEndpoint(
        id=webhook_endpoints.new_id(),
        url="https://platform.example/calls",
        created_at=NOW - timedelta(days=9),
        sealed=b"sealed",
        version=NEWEST,
        fed_through=0,
    )
    with desk.database.write() as tx:
        webhook_endpoints.add(tx, endpoint)
        webhook_endpoints.change(tx, endpoint.id, **values)


def an_endpoint_takes_nothing(desk: Desk, _: str) -> None:
    an_endpoint(desk, failing_since=NOW - timedelta(hours=2))


def an_endpoint_was_switched_off(desk: Desk, _: str) -> None:
    an_endpoint(desk, state="off")


def a_mailbox_does_not_exist(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        withheld_addresses.refused(
            tx, found, reason="550 5.1.1", reply="550 5.1.1 no such user", now=NOW
        )


def the_mail_server_refuses_us(desk: Desk, _: str) -> None:
    found = held(desk)
    with desk.database.write() as tx:
        outbox.give_back(tx, found, error="550 5.7.1", retry_in_ms=1000, trouble="refused")


CONDITIONS: list[tuple[str, Condition]] = [
    ("CoachcalClockStopped", nobody_ticks),
    ("CoachcalClockStopped", a_job_never_ran),
    ("CoachcalClockJobFailing", a_job_raises),
    ("CoachcalReadsLate", a_read_is_owed_for_long),
    ("CoachcalPushesSlow", pushes_waited),
    ("CoachcalCoachesStale", nobody_read),
    ("CoachcalFleetTooLarge", more_calendars_than_calls),
    ("CoachcalAuditOverdue", nobody_audited),
    ("CoachcalAuditOverdue", a_channel_was_never_audited),
    ("CoachcalSessionsInConflict", an_event_lies_over_a_session),
    ("CoachcalConferencingFailed", a_link_does_not_come),
    ("CoachcalEventsUnsettled", an_event_was_moved_and_nobody_settled_it),
    ("CoachcalCalendarWritesLate", a_calendar_entry_is_late),
    ("CoachcalDeadLetters", a_mail_was_refused_for_good),
    ("CoachcalPaused", the_mails_are_paused),
    ("CoachcalMailsHeld", a_mail_is_held),
    ("CoachcalQueueUnmanned", a_queue_has_no_worker),
    ("CoachcalEndpointFailing", an_endpoint_takes_nothing),
    ("CoachcalEndpointOff", an_endpoint_was_switched_off),
    ("CoachcalMailsWithheld", a_mailbox_does_not_exist),
    ("CoachcalMailerTrouble", the_mail_server_refuses_us),
]
