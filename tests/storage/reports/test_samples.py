"""Figures for the plots: a sample a name and minute, kept for a week."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from storage.reports import fleet, samples
from storage.schema import tables
from storage.schema.database import Database
from tests.support import people
from webhooks.ops.plots import NAMES

MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)


def stored(tx: Connection, name: str) -> dict[datetime, float]:
    mine = tables.samples.c.name == name
    return {row.at: row.value for row in tx.execute(tables.samples.select().where(mine))}


def test_a_minute_has_one_value_of_each_name(database: Database) -> None:
    with database.write() as tx:
        samples.put(tx, {"a": 2, "b": 9}, at=people.NOW + MINUTE)
        samples.put(tx, {"a": 1}, at=people.NOW)
        samples.put(tx, {"a": 3}, at=people.NOW)
        assert stored(tx, "a") == {people.NOW: 3.0, people.NOW + MINUTE: 2.0}
        assert stored(tx, "b") == {people.NOW + MINUTE: 9.0}


def test_samples_are_kept_for_a_week(database: Database) -> None:
    with database.write() as tx:
        samples.put(tx, {"a": 1}, at=people.NOW)
        assert samples.prune(tx, now=people.NOW + WEEK) == 0
        assert samples.prune(tx, now=people.NOW + WEEK + MINUTE) == 1


def test_the_waits_of_pushes_become_percentiles_once(database: Database) -> None:
    with database.write() as tx:
        rows = [{"id": str(n), "at": people.NOW, "ms": n} for n in range(101)]
        tx.execute(tables.visible.insert(), rows)
        found = {"push_visible_p50": 50.0, "push_visible_p95": 95.0, "push_visible_p99": 99.0}
        assert samples.summarise(tx) == found
        assert samples.summarise(tx) == {}


def test_every_figure_of_the_plots_is_sampled_and_no_other(database: Database) -> None:
    with database.read() as tx:
        gauges = samples.gauges(tx, now=people.NOW, stale_after=timedelta(minutes=90))
    # The longest turn is written down with the count of the fleet (`storage.reports.fleet`).
    assert {*gauges, *samples.PERCENTILES, fleet.LONGEST} == set(NAMES)
    assert set(gauges.values()) == {0}


def test_the_gauges_say_who_is_stale_and_what_is_due(database: Database) -> None:
    connection_id = people.ready(database)
    now = people.NOW + timedelta(hours=2)
    people.mark_dirty(database, connection_id)
    with database.write() as tx:
        owed = {"topic": "relink", "payload": {}, "created_at": people.NOW}
        for name, due_at in (("one", people.NOW), ("two", now), ("three", now + MINUTE)):
            values = {"id": name, "kind": "mail", "dedupe_key": name, "due_at": due_at}
            tx.execute(tables.outbox.insert().values(values | owed))
        tx.execute(
            tables.connections.update().values(
                dirty_since_ms=tables.connections.c.dirty_since_ms - 5000
            )
        )
    with database.read() as tx:
        found = samples.gauges(tx, now=now, stale_after=timedelta(minutes=90))
    assert 5 <= found.pop("refresh_backlog_age") < 65
    assert found == {
        "coaches_stale": 1,
        "coaches_disconnected": 0,
        "refresh_backlog": 1,
        "outbox_pending": 2,
        "outbox_oldest_age": 7200,
    }
