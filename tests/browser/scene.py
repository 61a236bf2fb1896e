"""A busy afternoon for ops: dead letters, stuck work, coaches in trouble, a day of samples."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.freshness import State
from domain.webhook_endpoints import WebhookEndpoint
from storage.rows import (
    coaches,
    outbox,
    outbox_claims,
    push_marks,
    webhook_endpoints,
    withheld_addresses,
)
from storage.rows.outbox import Owed
from storage.rows.webhook_endpoints import PostAttempt
from storage.schema import tables
from storage.schema.database import Database
from storage.schema.database_clock import clock_ms
from storage.slots import slot_sets
from tests.support import people
from tests.support.booking_requests import BOOKING
from tests.support.http_client import Desk

NOW = people.NOW
ADDRESS = "grace@example.test"


FRIDAY = {"start": "2026-06-05T13:00:00Z"}
"""When nothing lies in Ada's calendar."""


def owed(number: int, topic: str = "booked", **more: object) -> Owed:
    """A mail to Grace, with all that a page must not show."""
    values = {
        "version": 1,
        "due_at": NOW - timedelta(minutes=7 * number),
        "coach_id": "ada",
        "session_id": f"ses_{number}",
        "booking_id": f"bkg_{number}",
        "recipient": ADDRESS,
        "payload": {
            "kind": topic,
            "recipient": {"role": "participant", "email": ADDRESS},
            "title": "A secret title",
        },
    }
    return Owed("mail", topic, f"mail:{number}:{topic}", **values | more)  # type: ignore[arg-type]  # by name


def owe(database: Database, *rows: Owed) -> list[str]:
    """Their ids, in the order they are given."""
    with database.write() as tx:
        outbox.add(tx, rows, now=NOW - timedelta(hours=1))
        found = {row.dedupe_key: row.id for row in tx.execute(tables.outbox.select())}
    return [found[row.dedupe_key] for row in rows]


def kill(
    database: Database, outbox_id: str, error: str = f"550 no such mailbox: <{ADDRESS}>"
) -> None:
    """What a delivery without hope does."""
    with database.write() as tx:
        held = outbox_claims.claim(tx, outbox_id, lease_ms=30_000, now=NOW)
        assert held is not None
        assert outbox.dead(tx, held, error=error)


def dead_letter(database: Database, number: int = 1) -> str:
    (mine,) = owe(database, owed(number))
    kill(database, mine)
    return mine


def nobody_there(database: Database, number: int = 6) -> str:
    """A mail to a mailbox that does not exist."""
    (mine,) = owe(database, owed(number))
    with database.write() as tx:
        held = outbox_claims.claim(tx, mine, lease_ms=30_000, now=NOW)
        assert held is not None
        reason = "refused for good, because of the address (550 5.1.1)"
        reply = (
            "550 5.1.1 <(address)>: Recipient address rejected: User unknown in virtual mailbox"
            " table"
        )
        assert withheld_addresses.refused(tx, held, reason=reason, reply=reply, now=NOW)
    return mine


def stuck(database: Database, number: int = 2) -> str:
    """A message whose sender vanished."""
    (mine,) = owe(database, owed(number))
    with database.write() as tx:
        assert outbox_claims.claim(tx, mine, lease_ms=-90_000, now=NOW)
    return mine


def in_state(database: Database, state: State, coach_id: str) -> None:
    """A coach whose calendars are in this state."""
    connection_id = people.ready(
        database, replace(people.MAILED, id=coach_id), (people.at(2, 9), people.at(2, 10))
    )
    values: dict[State, dict[str, object]] = {
        "stale": {"last_ok_at": NOW - timedelta(hours=3)},
        "disconnected": {
            "trouble": "revoked",
            "troubled_since": NOW - timedelta(days=2),
            "last_error": "locked",
        },
        "initial_sync": {"trouble": "initial_sync"},
        "no_access": {"trouble": "no_access"},
        "refreshing": {"req_gen": 9, "dirty_since_ms": clock_ms() - 3_000},
    }
    with database.write() as tx:
        mine = tables.connections.c.id == connection_id
        tx.execute(
            tables.connections.update().where(mine).values(values.get(state) or {"attempts": 0})
        )


def booked(desk: Desk) -> dict[str, str]:
    """A booking of Ada's, its session, and the request that made it: what a history is asked of."""
    sent = {"Idempotency-Key": "history", "X-Request-ID": "req_of_this_booking"}
    answer = desk.ask("POST", "/v1/bookings", "bookings:write", json=BOOKING | FRIDAY, headers=sent)
    assert answer.status_code == 201, answer.text
    return {
        "booking_id": answer.json["id"],
        "session_id": answer.json["session_id"],
        "request_id": sent["X-Request-ID"],
    }


def unconnected(database: Database, coach_id: str) -> None:
    with database.write() as tx:
        slot_sets.recompute(tx, coaches.put(tx, people.coach(id=coach_id)), now=NOW)


def samples(database: Database, hours: int = 24) -> None:
    """One a minute, with an hour in which nobody measured."""
    rows = []
    for minute in range(60 * hours):
        if 300 < minute < 360:
            continue
        at = NOW - timedelta(hours=hours) + timedelta(minutes=minute)
        wave = 1 + math.sin(minute / 97) + math.sin(minute / 13) / 4
        for name, value in (
            ("push_visible_p50", 24 + 6 * wave),
            ("push_visible_p95", 70 + 25 * wave),
            ("push_visible_p99", 95 + 55 * wave + (400 if minute % 511 == 0 else 0)),
            ("coaches_stale", max(0.0, round(3 * wave - 2))),
            ("coaches_disconnected", 1 + minute // 600),
            ("refresh_backlog", max(0.0, round(8 * wave - 3))),
            ("outbox_pending", max(0.0, round(12 * wave))),
            ("refresh_backlog_age", max(0.0, 2.5 * wave - 1)),
            ("outbox_oldest_age", max(0.0, 4 * wave)),
        ):
            rows.append({"name": name, "at": at, "value": float(value)})
    with database.write() as tx:
        tx.execute(tables.samples.insert(), rows)


def endpoint(database: Database, **values: Any) -> str:
    """A webhook endpoint at which nothing has been taken for an hour. Its id."""
    failing: dict[str, Any] = {
        "failing_since": NOW - timedelta(hours=1),
        "taken_at": NOW - timedelta(hours=2),
    }
    with database.write() as tx:
        found = WebhookEndpoint(
            id=webhook_endpoints.new_id(),
            url="https://platform.example.test/a-secret-path",
            created_at=NOW,
            types=("booking.booked",),
            **(failing | values),
        )
        webhook_endpoints.add(tx, found)
        attempt = PostAttempt("evt_1", "booking.booked", NOW - timedelta(minutes=1), 503, 85)
        webhook_endpoints.note(tx, found.id, attempt, taken=False)
    return found.id


def afternoon(database: Database) -> dict[str, str]:
    """All of it. The ids of a dead letter, of a stuck one and of one that waits."""
    people.ready(
        database,
        people.MAILED,
        (people.at(2, 9), people.at(2, 10)),
        (people.at(3, 13), people.at(3, 15)),
    )
    for number, state in enumerate(
        ("stale", "stale", "disconnected", "refreshing", "fresh", "fresh")
    ):
        in_state(database, state, f"coach-{number}")  # type: ignore[arg-type]  # each is a State
    unconnected(database, "newcomer")
    samples(database)
    ids = {"dead": dead_letter(database), "stuck": stuck(database)}
    waiting, *_ = owe(
        database,
        owed(3, "rebooked"),
        owed(4, "reminder", due_at=NOW + timedelta(days=1)),
        Owed(
            "calendar",
            "upsert",
            "calendar:1",
            1,
            NOW - timedelta(minutes=1),
            coach_id="ada",
            session_id="ses_1",
        ),
    )
    (other,) = owe(database, owed(5, "cancelled"))
    kill(database, other, "refused for good, because of the message (552 5.3.4)")
    return ids | {"waiting": waiting, "withheld": nobody_there(database)}


def storm(database: Database) -> None:
    """Pushes of a quarter of an hour, whose stages grow; and calendars that wait for each."""
    rows = []
    for minute in range(15):
        at = NOW - timedelta(minutes=minute)
        means = {
            "gap": 300.0 * (15 - minute),
            "queue": 40.0 * (15 - minute),
            "budget": 90.0 * max(0, 8 - minute),
            "cronofy": 220.0 + 10 * minute,
            "database": 35.0,
            "fault": 1.0,
            "seen": 20.0,
        }
        for name, value in means.items():
            rows.append({"name": f"push_stage_{name}", "at": at, "value": value})
    with database.write() as tx:
        tx.execute(tables.samples.insert(), rows)
    it = tables.connections
    for number, failure in enumerate((None, None, "budget", "budget", "budget", "cronofy")):
        person = people.coach(id=f"stormy-{number}")
        connection_id = people.ready(database, person)
        with database.write() as tx:
            push_marks.mark_dirty(tx, connection_id, pushed=True)
        waits = it.c.pushed_since_ms - 7_000 * (number + 1)
        later = {"next_attempt_at_ms": it.c.pushed_since_ms + 600_000, "failure": failure}
        with database.write() as tx:
            mine = it.update().where(it.c.id == connection_id)
            tx.execute(mine.values(later | {"pushed_since_ms": waits}))
