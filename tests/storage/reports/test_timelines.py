"""The timeline of a seat begins when the seat does: what its pod did before is the pod's own."""

from datetime import timedelta

from storage.reports import timelines
from storage.reports.timelines import TimelineEntry
from storage.schema.database import Database
from storage.transactions import pod_seats, pods
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
