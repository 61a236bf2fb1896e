"""Many at once who book one participant with several coaches: one session at a time, and nobody
waits in a circle.
"""

from collections import Counter
from dataclasses import replace
from itertools import combinations

from sqlalchemy import Connection, select

from domain.sessions import NO_CONTEXT, Participant
from storage.rows import participant_times
from storage.schema import tables
from storage.schema.database import Database, create
from storage.slots.bookable import Wanted
from storage.transactions import bookings, pod_seats, pods
from storage.transactions.pods import Changes, Plan
from tests.storage import kit
from tests.storage.racing import Act, everyone, race
from tests.support import people
from tests.support.people import GRACE, at

CLIENTS = 32
TEN = at(8, 10)
BOB = replace(people.MAILED, id="bob", email="bob@example.test")


def ready(database: Database) -> None:
    people.ready(database)
    people.ready(database, BOB)


def books(coach: str, start: int, who: Participant = GRACE) -> Act:
    return lambda tx: bookings.book(tx, Wanted(coach, start, 60), who, NO_CONTEXT, people.terms())


def nobody_is_in_two_places(database: Database) -> None:
    with database.read() as tx:
        ids = {each.id for each in [GRACE, *everyone()]}
        taken = participant_times.taken(tx, ids, since=0)
    for times in taken.values():
        for (starts, ends), (other_starts, other_ends) in combinations(times, 2):
            assert ends <= other_starts or other_ends <= starts


def test_of_many_who_book_one_person_with_two_coaches_one_gets_the_time(
    database: Database,
) -> None:
    ready(database)
    # Starts that overlap one another, with either coach
    acts = [books(("ada", "bob")[n % 2], TEN + 900 * (n % 3)) for n in range(CLIENTS)]
    # Each is a process of its own, as far as the database knows
    crowd = create(database.engine.url.render_as_string(hide_password=False), pool_size=CLIENTS)
    outcomes = Counter(race(crowd, acts))
    crowd.close()
    assert outcomes["done"] == 1
    assert {outcome.partition(":")[0] for outcome in outcomes} <= {
        "done",
        "participant_elsewhere",
        "slot_not_open",
    }
    nobody_is_in_two_places(database)


def test_pods_of_the_same_people_move_in_opposite_orders(database: Database) -> None:
    ready(database)
    many = everyone(4)
    one = kit.create(database, *many, start=at(9, 10), capacity=4)
    two = kit.create(database, *reversed(many), start=at(9, 14), coach="bob", capacity=4)

    def moves(pod_id: str, start: int) -> Act:
        return lambda tx: pods.change(tx, pod_id, Changes(start=start), people.terms())

    def makes(coach: str, start: int, who: list[Participant]) -> Act:
        plan = Plan(Wanted(coach, start, 60), 1, 4, "closed")
        return lambda tx: pods.create(tx, plan, who, people.terms())

    acts = [moves(one.pod.id, at(10, 10)), moves(two.pod.id, at(10, 10))]
    acts += [makes("ada", at(10, 10), many), makes("bob", at(10, 10), many[::-1])]
    acts += [books("ada", at(10, 10), who) for who in many]
    acts += [books("bob", at(10, 10), who) for who in many]
    race(database, acts)
    nobody_is_in_two_places(database)


def test_seats_of_one_person_in_two_pods_at_one_time_are_one(database: Database) -> None:
    ready(database)
    one = kit.create(database, start=TEN, capacity=9)
    two = kit.create(database, start=TEN, coach="bob", capacity=9)

    def sits(pod_id: str) -> Act:
        def act(tx: Connection) -> None:
            pod_seats.take_seat(tx, pod_id, GRACE, NO_CONTEXT, people.terms())

        return act

    outcomes = Counter(race(database, [sits(one.pod.id), sits(two.pod.id)] * 8))
    assert outcomes["done"] == 1
    with database.read() as tx:
        assert len(tx.execute(select(tables.bookings.c.id)).all()) == 1
    nobody_is_in_two_places(database)
