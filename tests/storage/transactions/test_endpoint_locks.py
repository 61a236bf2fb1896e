"""What is owed to webhook endpoints, beside claims and erasures that go on at the same time."""

import threading
from typing import Any

import pytest
from sqlalchemy import select, text

from domain.webhook_endpoints import WebhookEndpoint
from storage.rows import feed, webhook_endpoints
from storage.schema.database import Database
from storage.schema.tables import outbox
from storage.transactions import endpoint_callbacks
from tests.support import people
from tests.support.query_plans import plan_of

MINE = WebhookEndpoint("whe_1", "https://platform.example/x", people.NOW)


def add(database: Database) -> None:
    with database.write() as tx:
        webhook_endpoints.add(tx, MINE)


def test_what_is_owed_to_one_endpoint_is_found_by_an_index(database: Database) -> None:
    plan = plan_of(database, "SELECT id FROM outbox WHERE endpoint_id = 'whe_1'")
    assert "ix_outbox_endpoint_id" in plan


def test_who_owes_an_event_waits_for_an_erasure_that_may_take_it(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        return  # there, one transaction writes at a time
    add(database)
    with database.write() as erasing:
        feed.lock(erasing)
        with database.engine.connect() as second, second.begin():
            second.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(Exception, match="lock"):
                endpoint_callbacks.feed_on(second, MINE.id, now=people.NOW)


def test_rows_are_locked_in_the_order_of_claims_and_not_in_that_of_the_table(
    database: Database,
) -> None:
    if database.engine.dialect.name == "sqlite":
        return  # there, one transaction writes at a time
    # Given: the row with the later id lies first in the table.
    add(database)
    for name in ("out_2", "out_1"):
        row: dict[str, Any] = {
            "id": name,
            "kind": "callback",
            "topic": "x",
            "dedupe_key": name,
            "payload": {},
        }
        at = {"due_at": people.NOW, "created_at": people.NOW, "endpoint_id": MINE.id}
        with database.write() as tx:
            tx.execute(outbox.insert().values(row | at))

    def pause() -> None:
        with database.write() as tx:
            endpoint_callbacks.pause(tx, MINE)

    pausing = threading.Thread(target=pause)
    with database.write() as claiming:
        lock(claiming, "out_1")
        # When: somebody pauses while a claim has the first, and waits for it.
        pausing.start()
        wait_until_somebody_waits(database)
        # Then: the second is free for the claim.
        lock(claiming, "out_2")
    pausing.join()


def lock(tx: Any, outbox_id: str) -> None:
    tx.execute(select(outbox.c.id).where(outbox.c.id == outbox_id).with_for_update(nowait=True))


def wait_until_somebody_waits(database: Database) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(300):
        with database.read() as tx:
            if tx.scalar(waiting):
                return
        threading.Event().wait(0.05)
    raise AssertionError("nobody waits for a lock")
