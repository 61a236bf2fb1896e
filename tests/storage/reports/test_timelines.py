"""The timeline of a seat begins when the seat does: what its pod did before is the pod's own, and
what happened to another seat is that one's.
"""

from datetime import timedelta

from storage.reports import timelines
from storage.reports.timelines import TimelineEntry
from storage.rows import coaches
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import callbacks, moved_clocks, pod_seats, pods
from storage.transactions.pods import Changes
from tests.storage.kit import create
from tests.support import people
from tests.support.people import NOW, at

HOUR = timedelta(hours=1)


def changed(database: Database, pod_id: str, when: int, changes: Changes) -> None:
    with database.write() as tx:
        pods.change(tx, pod_id, changes, people.terms(NOW + when * HOUR))


def happened(entries: list[TimelineEntry]) -> list[str]:
    return [entry.step.what for entry in entries if entry.step is not None]


def test_a_seat_is_not_told_what_its_pod_did_before(database: Database) -> None:
    people.ready(database)
    pod = create(database, start=at(9, 10)).pod
    changed(database, pod.id, 1, Changes(start=at(9, 12)))
    with database.write() as tx:
        terms = people.terms(NOW + 2 * HOUR)
        seat = pod_seats.take_seat(tx, pod.id, people.GRACE, people.PROGRAMME, terms).booking
    changed(database, pod.id, 3, Changes(title="Grief"))
    with database.read() as tx:
        mine = timelines.of_booking(tx, seat.id)
        whole = timelines.of_session(tx, pod.id)
    assert happened(mine) == ["booked", "changed"]
    assert {"made", "moved"} < set(happened(whole))
    # Nor which writes of the coach's calendar it took
    writes = [entry.message for entry in mine if entry.message is not None]
    assert min(message.created_at for message in writes) >= NOW + 2 * HOUR


def test_whoever_is_assigned_with_it_is_told_that_it_was_made(database: Database) -> None:
    people.ready(database)
    pod = create(database, people.GRACE, start=at(9, 10))
    (seat,) = pod.seats
    with database.read() as tx:
        assert happened(timelines.of_booking(tx, seat.id)) == ["made", "booked"]


def test_in_a_pod_each_seat_shows_its_own_participant_s_clock_alone(database: Database) -> None:
    people.ready(database)
    pod = create(database, people.GRACE, people.HEDY, start=at(9, 10))
    theirs = {each.participant.id: each.id for each in pod.seats}
    with database.write() as tx:
        # Both clocks moved, and the coach's too
        for table in (tables.bookings, tables.sessions):
            tx.execute(table.update().values(wall="2026-06-09T05:00 Asia/Tokyo"))
        tx.execute(tables.slot_sets.update().values(tzdata="2019c"))
        coach = coaches.lock(tx, "ada")
        assert coach is not None
        moved_clocks.roll(tx, coach, people.terms())
        callbacks.announce(tx, now=NOW, stale_after=people.terms().stale_after)
    for mine in theirs.values():
        with database.read() as tx:
            seen = timelines.of_booking(tx, mine)
        assert clocks(seen) == {f"wall:{mine}", f"wall:{pod.pod.id}"}
    with database.read() as tx:
        assert len(clocks(timelines.of_session(tx, pod.pod.id))) == 3


def clocks(entries: list[TimelineEntry]) -> set[str | None]:
    """The subjects of the callbacks about clocks."""
    messages = [entry.message for entry in entries if entry.message is not None]
    return {each.booking_id for each in messages if "clock" in each.topic}
