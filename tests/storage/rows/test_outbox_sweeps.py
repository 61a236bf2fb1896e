"""The sweeper wakes for what nobody was woken for, and several share the rows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from storage.schema import tables
from storage.schema.database import Database
from tests.storage.rows.owed_mails import NOW, event, held, mail, owe, set_row, sweep


def test_the_sweeper_wakes_once_for_what_nobody_was_woken_for(database: Database) -> None:
    mine, event_id = owe(database, mail(), event())
    assert sweep(database) == []  # their first wake-ups are on their way
    for each in (mine, event_id):
        set_row(database, each, wake_after_ms=0)
    assert sorted(sweep(database)) == sorted([(mine, "mail"), (event_id, "calendar")])
    assert sweep(database) == []


def test_the_sweeper_wakes_for_a_lease_that_ended_and_for_none_that_lasts(
    database: Database,
) -> None:
    (mine,) = owe(database, mail())
    held(database, mine)
    set_row(database, mine, wake_after_ms=0)
    assert sweep(database) == []
    set_row(database, mine, lease_until_ms=0)
    assert sweep(database) == [(mine, "mail")]


def test_the_sweeper_wakes_for_a_reminder_when_it_is_due(database: Database) -> None:
    (mine,) = owe(database, mail(1, "reminder", due_at=NOW + timedelta(days=1)))
    set_row(database, mine, wake_after_ms=0)
    assert sweep(database, hours=23) == []
    assert sweep(database, hours=24) == [(mine, "mail")]


def test_several_sweepers_share_the_rows(database: Database) -> None:
    ids = owe(database, *(mail(booking=f"bkg_{number}") for number in range(40)))
    with database.write() as tx:
        tx.execute(tables.outbox.update().values(wake_after_ms=0))
    with ThreadPoolExecutor(4) as pool:
        swept = [
            wake for found in pool.map(lambda _: sweep(database, 10), range(8)) for wake in found
        ]
    assert sorted(swept) == sorted((each, "mail") for each in ids)
