"""Who is in a group of pods, and who is not any more."""

from datetime import timedelta
from typing import Any

from storage.reports.personal_data import Person
from storage.schema.database import Database
from storage.transactions import attendance, erasures, pod_groups
from tests.storage.kit import TWO, as_stored, change, create, join
from tests.support import people
from tests.support.people import at

GROUP: dict[str, Any] = {"format": "hybrid_v2", "group_id": "g1", "capacity": 3}


def members(database: Database) -> set[str]:
    with database.read() as tx:
        return {who.id for who, _ in pod_groups.members(tx, "g1")}


def test_whoever_was_erased_keeps_a_seat_that_is_nobodys_and_gets_no_other(
    database: Database,
) -> None:
    people.ready(database)
    first = create(database, people.GRACE, people.HEDY, **GROUP)
    with database.write() as tx:
        grace = Person("participant", "grace")
        erasures.ask(tx, grace, actor="ops", now=people.NOW)
        erasures.advance(tx, grace, now=people.NOW)
    assert members(database) == {"hedy"}
    later = create(database, start=TWO, **GROUP)
    assert [seat.participant.id for seat in later.seats] == ["hedy"]
    assert as_stored(database, first).taken == 2


def test_a_group_whose_pods_were_all_called_off_has_nobody_and_can_be_begun_anew(
    database: Database,
) -> None:
    people.ready(database)
    first = create(database, people.GRACE, **GROUP)
    change(database, first, status="disabled")
    assert members(database) == set()
    again = create(database, start=at(9, 10), **GROUP)
    assert again.seats == []
    other = create(database, start=at(10, 10), **GROUP | {"group_id": "g2"})
    assert join(database, other, people.GRACE).session.id == other.pod.id


def test_whoever_did_not_come_to_the_first_pod_gets_a_seat_in_one_that_is_added(
    database: Database,
) -> None:
    people.ready(database)
    first = create(database, people.GRACE, people.HEDY, **GROUP)
    begun = people.NOW + timedelta(days=7, hours=2, minutes=30)
    with database.write() as tx:
        attendance.report(tx, first.pod.id, "missed", people.terms(begun), participant_id="grace")
    with database.write() as tx:
        attendance.report(tx, first.pod.id, "completed", people.terms(begun), participant_id="hedy")
    added = create(database, start=at(9, 10), now=begun, force="she asked", **GROUP)
    assert {seat.participant.id for seat in added.seats} == {"grace", "hedy"}
