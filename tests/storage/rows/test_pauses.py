"""What ops paused waits, in its order, and all else leaves."""

from datetime import timedelta

import pytest

from storage.reports import idle, metrics
from storage.reports import outbox as outbox_report
from storage.rows import outbox, pauses
from storage.rows.pauses import Pause, What
from storage.schema.database import Database
from tests.storage.rows.owed_mails import claim, event, mail, owe, set_row, states, sweep
from tests.support import people

NOW = people.NOW


def pause(database: Database, what: What, company: str = "") -> None:
    with database.write() as tx:
        assert pauses.put(tx, Pause(what, company, NOW, "ops/1"))


def of_company(company: str | None, booking: str) -> outbox.Owed:
    return mail(booking=booking, payload={"kind": "booked", "company": company})


def not_woken(database: Database, *ids: str) -> None:
    for outbox_id in ids:
        set_row(database, outbox_id, wake_after_ms=0)


def callback() -> outbox.Owed:
    return outbox.Owed("callback", "booking.booked", "callback:1", 1, NOW, booking_id="bkg_1")


@pytest.mark.parametrize("what", pauses.KINDS)
def test_of_a_paused_kind_nothing_is_claimed_or_woken_for_and_all_else_is(
    database: Database, what: What
) -> None:
    ids = dict(
        zip(
            ("mail", "calendar", "callback"),
            owe(database, mail(), event(), callback()),
            strict=True,
        )
    )
    pause(database, what)
    not_woken(database, *ids.values())
    assert {kind for _, kind in sweep(database, minutes=1)} == set(ids) - {what}
    for kind, outbox_id in ids.items():
        assert (claim(database, outbox_id) is None) == (kind == what), kind


def test_of_a_paused_company_the_mails_wait_and_those_of_another_leave(database: Database) -> None:
    acme, other, nobody = owe(
        database,
        of_company("acme", "bkg_1"),
        of_company("other", "bkg_2"),
        of_company(None, "bkg_3"),
    )
    pause(database, "company", "acme")
    assert claim(database, acme) is None
    assert claim(database, other) is not None
    assert claim(database, nobody) is not None
    with database.read() as tx:
        (mine,) = pauses.find_all(tx)
        assert pauses.waiting(tx, mine, now=NOW) == 1


def test_resumed_it_leaves_in_its_order(database: Database) -> None:
    # Given a booking whose reminder may leave only after its confirmation
    first, second = owe(database, mail(), mail(topic="reminder", due_at=NOW + timedelta(minutes=1)))
    pause(database, "mail")
    not_woken(database, first, second)
    assert sweep(database, minutes=2) == []
    # When it is resumed
    with database.write() as tx:
        assert pauses.lift(tx, "mail", "")
        assert not pauses.lift(tx, "mail", "")
    # Then both are woken for, and the second waits for the first
    assert {found for found, _ in sweep(database, minutes=2)} == {first, second}
    assert claim(database, second, minutes=2) is None
    assert claim(database, first, minutes=2) is not None
    assert states(database, first, second) == ["sending", "pending"]


def test_what_waits_for_a_pause_is_late_nowhere_and_is_counted_as_paused(
    database: Database,
) -> None:
    owe(database, mail())
    pause(database, "mail")
    later = NOW + timedelta(hours=5)
    with database.read() as tx:
        assert metrics.oldest_due(tx, now=later) == {}
        assert idle.ready(tx, now=later).messages == 0
        (tally,) = outbox_report.tallies(tx, now=later)
        assert (tally.state, tally.count) == ("paused", 1)
        assert len(outbox_report.listed(tx, state="paused", now=later)) == 1
        assert outbox_report.listed(tx, state="pending", now=later) == []


def test_paused_twice_it_stays_as_it_was(database: Database) -> None:
    pause(database, "mail")
    with database.write() as tx:
        assert not pauses.put(tx, Pause("mail", "", NOW + timedelta(hours=1), "ops/2"))
        (mine,) = pauses.find_all(tx)
    assert (mine.at, mine.actor) == (NOW, "ops/1")
