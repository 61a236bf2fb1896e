"""What ops see of rows: in numbers, by state, stuck ones too; and that retry and withhold do what
they say.
"""

from datetime import timedelta
from typing import Any

import pytest

from domain.freshness import State
from storage.reports import coach_states, overview, samples
from storage.reports import outbox as outbox_report
from storage.rows import audit_log, outbox_claims, sessions
from storage.rows import outbox as outbox_rows
from storage.rows.audit_log import Deed
from storage.schema import tables
from storage.schema.database import Database
from storage.schema.database_clock import clock_ms
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.browser import scene
from tests.browser.scene import owe, owed
from tests.support import people

NOW = people.NOW
AT: dict[str, Any] = {"now": NOW, "stale_after": timedelta(minutes=90)}


def test_messages_are_counted_by_kind_and_state_and_those_before_their_time_apart(
    database: Database,
) -> None:
    scene.dead_letter(database, 4)
    owe(database, owed(1), owed(2), owed(3, "reminder", due_at=NOW + timedelta(days=1)))
    with database.read() as tx:
        found = {
            (it.kind, it.state): (it.count, NOW - it.oldest)
            for it in outbox_report.tallies(tx, now=NOW)
        }
        assert found == {
            ("mail", "dead"): (1, timedelta(minutes=28)),
            ("mail", "pending"): (2, timedelta(minutes=14)),
            ("mail", "scheduled"): (1, timedelta(days=-1)),
        }
        for state, topics in (
            ("pending", ["booked", "booked"]),
            ("scheduled", ["reminder"]),
            ("sent", []),
        ):
            assert [it.topic for it in outbox_report.listed(tx, state=state, now=NOW)] == topics
        assert outbox_report.listed(tx, state="dead", kind="calendar", now=NOW) == []


def test_a_message_is_told_without_its_address_and_without_what_it_says(database: Database) -> None:
    mine = scene.dead_letter(database)
    with database.read() as tx:
        found = outbox_report.find(tx, mine)
        assert outbox_report.find(tx, "out_nothing") is None
    assert found is not None
    assert (found.role, found.state, found.attempts, found.topic) == (
        "participant",
        "dead",
        1,
        "booked",
    )
    assert "secret" not in repr(found)
    assert not hasattr(found, "recipient")


def test_what_nobody_acknowledged_before_its_lease_ended_is_stuck(database: Database) -> None:
    mine = scene.stuck(database)
    (other,) = owe(database, owed(7))
    with database.write() as tx:
        assert outbox_claims.claim(tx, other, lease_ms=60_000, now=NOW) is not None
    connection_id = people.ready(database)
    people.mark_dirty(database, connection_id)
    assert people.claim(database, connection_id, lease_ms=-5_000) is not None
    with database.read() as tx:
        assert [(it.id, it.stuck) for it in outbox_report.stuck(tx)] == [(mine, True)]
        assert outbox_report.in_flight(tx) == {"mail": 1}
        (read,) = overview.stuck_reads(tx)
        assert (read.connection_id, read.coach_id) == (connection_id, "ada")
        assert 5 <= read.seconds < 60
        assert overview.being_read(tx) == 0


def test_the_queue_of_a_message_is_told_in_the_order_in_which_it_leaves(database: Database) -> None:
    mine, other = owe(database, owed(1), owed(2))
    second, theirs = owe(
        database,
        owed(9, booking_id="bkg_1", version=2),
        owed(8, booking_id="bkg_1", recipient="hedy@example.test"),
    )
    with database.read() as tx:
        assert [it.id for it in outbox_report.neighbours(tx, mine)] == [mine, second]
        assert [it.id for it in outbox_report.neighbours(tx, other)] == [other]
        assert [it.id for it in outbox_report.neighbours(tx, theirs)] == [theirs]


def test_a_message_that_waits_is_tried_at_once_when_asked_and_no_other_is(
    database: Database,
) -> None:
    (mine,) = owe(database, owed(1))
    with database.write() as tx:
        held = outbox_claims.claim(tx, mine, lease_ms=30_000, now=NOW)
        assert held is not None
        assert outbox_report.retry(tx, mine) is None  # it is being sent
        outbox_rows.give_back(tx, held, error="451", retry_in_ms=600_000)
        assert outbox_claims.claim(tx, mine, lease_ms=30_000, now=NOW) is None
        assert outbox_report.retry(tx, mine) == (mine, "mail")
        assert outbox_claims.claim(tx, mine, lease_ms=30_000, now=NOW) is not None
    dead = scene.dead_letter(database, 5)
    with database.write() as tx:
        assert outbox_report.retry(tx, dead) is None


def test_a_withheld_message_is_never_sent(database: Database) -> None:
    (mine,) = owe(database, owed(1))
    with database.write() as tx:
        assert outbox_report.withhold(tx, mine, reason="withheld")
        assert outbox_claims.claim(tx, mine, lease_ms=30_000, now=NOW) is None
        assert not outbox_report.withhold(tx, mine, reason="again")
        found = outbox_report.find(tx, mine)
    assert found is not None
    assert (found.state, found.last_error, found.unsure) == ("superseded", "withheld", 0)


def test_one_being_sent_is_not_withheld_and_one_whose_sender_vanished_may_have_been_sent(
    database: Database,
) -> None:
    (mine,) = owe(database, owed(1))
    with database.write() as tx:
        assert outbox_claims.claim(tx, mine, lease_ms=60_000, now=NOW) is not None
        assert not outbox_report.withhold(tx, mine, reason="withheld")
        tx.execute(tables.outbox.update().values(lease_until_ms=clock_ms() - 1))
        assert outbox_report.withhold(tx, mine, reason="withheld")
        found = outbox_report.find(tx, mine)
    assert found is not None
    assert found.unsure == 1


def test_coaches_in_trouble_are_listed_by_the_rule_that_counts_them(database: Database) -> None:
    states: tuple[State, ...] = (
        "fresh",
        "stale",
        "disconnected",
        "initial_sync",
        "refreshing",
        "stale",
    )
    for number, state in enumerate(states):
        scene.in_state(database, state, f"coach-{number}")
    scene.unconnected(database, "newcomer")
    with database.write() as tx:  # the longest unread comes first
        mine = tables.connections.c.coach_id == "coach-5"
        tx.execute(
            tables.connections.update().where(mine).values(last_ok_at=NOW - timedelta(hours=9))
        )
    with database.read() as tx:
        counts = coach_states.counts(tx, **AT)
        assert [it.coach_id for it in overview.troubled(tx, "stale", **AT)] == [
            "coach-5",
            "coach-1",
        ]
        for state in set(states):
            listed = {it.coach_id for it in overview.troubled(tx, state, **AT)}
            assert len(listed) == counts[state]
            ruled = coach_states.of(tx, sorted(listed), **AT)
            assert {it.state for it in ruled} == {state}
        (lost,) = overview.troubled(tx, "disconnected", **AT)
        assert (lost.since, lost.error) == (NOW - timedelta(days=2), "locked")


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_coach_turns_stale_at_the_same_second_for_everybody(
    database: Database, seconds: int
) -> None:
    people.ready(database)
    at: dict[str, Any] = AT | {
        "now": NOW + timedelta(minutes=90, seconds=seconds, milliseconds=600)
    }
    with database.read() as tx:
        (ada,) = coach_states.of(tx, ["ada"], **at)
        assert [it.coach_id for it in overview.troubled(tx, ada.state, **at)] == ["ada"]


def test_sessions_in_conflict_are_told_by_coach_while_they_are_to_come(database: Database) -> None:
    people.ready(database)
    wanted = Wanted("ada", people.at(2, 10), 60)
    with database.write() as tx:
        session_id = bookings.book(
            tx, wanted, people.GRACE, people.PROGRAMME, people.terms()
        ).session.id
        sessions.mark_conflicts(tx, [session_id], since=NOW)
        (found,) = overview.conflicted(tx, now=NOW)
        assert (found.coach_id, found.sessions, found.first) == ("ada", 1, people.at(2, 10))
        assert [it.session_id for it in overview.conflicts_of(tx, "ada", now=NOW)] == [session_id]
        assert overview.conflicted(tx, now=NOW + timedelta(days=30)) == []


def test_a_connection_is_told_without_any_address_or_name(database: Database) -> None:
    connection_id = people.ready(database)
    people.mark_dirty(database, connection_id)
    with database.read() as tx:
        (account,) = overview.accounts_of(tx, "ada")
        assert overview.accounts_of(tx, "nobody") == []
    assert (account.id, account.calendars, account.blocking, account.channel_open) == (
        connection_id,
        2,
        2,
        False,
    )
    assert account.owed_for is not None
    assert 0 <= account.owed_for < 60
    assert account.reading_for is None
    assert [(it.provider, it.service, it.connected) for it in account.profiles] == [
        ("google", "gsuite", True)
    ]
    assert "Work" not in repr(account)


def test_a_plot_keeps_the_peak_of_each_span(database: Database) -> None:
    with database.write() as tx:
        for minute, value in enumerate((3, 9, 1, 4, 2, 5)):
            samples.put(tx, {"coaches_stale": value}, at=NOW + timedelta(minutes=minute, seconds=7))
    with database.read() as tx:
        every = timedelta(minutes=3)
        found = overview.plotted(tx, ["coaches_stale", "other"], since=NOW, every=every)
        later = overview.plotted(
            tx, ["coaches_stale"], since=NOW + timedelta(minutes=4), every=every
        )
    # 08:00 is a whole number of spans
    assert found == {"coaches_stale": [(NOW, 9.0), (NOW + every, 5.0)], "other": []}
    assert later == {"coaches_stale": [(NOW + every, 5.0)]}


def test_deeds_are_told_newest_first(database: Database) -> None:
    first = Deed(NOW, "acme/1", "requeue", "out_1", "")
    second = Deed(NOW + timedelta(seconds=1), "acme/1", "discard", "out_2", "mail")
    with database.write() as tx:
        audit_log.note(tx, first)
        audit_log.note(tx, second)
        assert audit_log.deeds(tx) == [second, first]
        assert audit_log.deeds(tx, target="out_1") == [first]
        assert audit_log.deeds(tx, limit=1) == [second]


def test_sets_of_an_earlier_day_are_to_be_rolled(database: Database) -> None:
    people.introduce(database)
    with database.read() as tx:
        assert overview.to_roll(tx, today=int(NOW.timestamp()) // 86_400 * 86_400) == 0
        assert overview.to_roll(tx, today=int(NOW.timestamp())) == 1
