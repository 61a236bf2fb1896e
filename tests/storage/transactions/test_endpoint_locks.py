"""What is owed to webhook endpoints, beside claims and erasures that go on at the same time."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from domain.webhook_endpoints import WebhookEndpoint
from storage.rows import feed, owed_callbacks, webhook_endpoints
from storage.schema.database import Database
from storage.schema.tables import outbox
from storage.transactions import endpoint_callbacks
from tests.storage.racing import until_somebody_waits
from tests.support import people
from tests.support.query_plans import plan_of

MINE = WebhookEndpoint("whe_1", "https://platform.example/x", people.NOW)


def add(database: Database) -> None:
    with database.write() as tx:
        webhook_endpoints.add(tx, MINE)


def test_what_is_owed_to_one_endpoint_is_found_by_an_index(database: Database) -> None:
    # Given endpoints that are owed very much, as the database knows them: of a table without rows
    # any index will do, and a few are sorted.
    rows: list[dict[str, Any]] = []
    for number in range(6_000):
        of = {"endpoint_id": f"whe_{number % 3}"}
        rows.append(owed(f"out_{number}", "pending") | of)
    with database.write() as tx:
        tx.execute(outbox.insert(), rows)
        tx.exec_driver_sql("ANALYZE outbox")
    mine = "kind = 'callback' AND endpoint_id = 'whe_1' AND state = 'pending'"
    oldest = f"SELECT id FROM outbox WHERE {mine} ORDER BY created_at, id LIMIT 500"
    plan = plan_of(database, oldest)
    assert "ix_outbox_of_endpoint" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


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
        owe(database, name, "pending")

    def pause() -> None:
        with database.write() as tx:
            endpoint_callbacks.pause(tx, MINE)

    pausing = threading.Thread(target=pause)
    with database.write() as claiming:
        lock(claiming, "out_1")
        # When: somebody pauses while a claim has the first, and waits for it.
        pausing.start()
        until_somebody_waits(database)
        # Then: the second is free for the claim.
        lock(claiming, "out_2")
    pausing.join()


@pytest.mark.parametrize("begun", [False, True])
def test_a_row_that_somebody_changes_meanwhile_ends_no_sending_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    if database.engine.dialect.name == "sqlite":
        return  # there, one transaction writes at a time
    monkeypatch.setattr(owed_callbacks, "BATCH", 2)
    # Given: four dead letters, which are to be sent again, or of which more were before.
    add(database)
    for number in range(4):
        owe(database, f"out_{number}", "dead")
    now = people.NOW + timedelta(hours=1)
    if begun:
        with database.write() as tx:
            again = {"again_states": "dead", "again_before": now}
            webhook_endpoints.change(tx, MINE.id, **again)

    def send() -> None:
        with database.write() as tx:
            if begun:
                endpoint_callbacks.go_on(tx, MINE.id, now=now)
            else:
                endpoint_callbacks.send_dead_again(tx, MINE, now=now)

    sending = threading.Thread(target=send)
    with database.write() as discarding:
        # When: somebody discards one of the first batch, which so comes back short.
        lock(discarding, "out_1")
        discarded = outbox.update().where(outbox.c.id == "out_1")
        discarding.execute(discarded.values(state="superseded"))
        sending.start()
        until_somebody_waits(database)
    sending.join()
    # Then: the clock goes on with the rest, and ends.
    for seconds in (1, 2):
        with database.write() as tx:
            endpoint_callbacks.go_on(tx, MINE.id, now=now + timedelta(seconds=seconds))
    with database.read() as tx:
        states = tx.scalars(select(outbox.c.state).order_by(outbox.c.id)).all()
        assert webhook_endpoints.get(tx, MINE.id).again_before is None
    assert states == ["pending", "superseded", "pending", "pending"]


def owe(database: Database, outbox_id: str, state: str) -> None:
    with database.write() as tx:
        tx.execute(outbox.insert().values(owed(outbox_id, state)))


def owed(outbox_id: str, state: str) -> dict[str, Any]:
    return {
        "id": outbox_id,
        "kind": "callback",
        "topic": "x",
        "dedupe_key": outbox_id,
        "payload": {},
        "state": state,
        "due_at": people.NOW,
        "created_at": people.NOW,
        "endpoint_id": MINE.id,
    }


def lock(tx: Any, outbox_id: str) -> None:
    tx.execute(select(outbox.c.id).where(outbox.c.id == outbox_id).with_for_update(nowait=True))
