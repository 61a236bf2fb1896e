"""Many at once in groups of pods of the same coaches: no deadlock, no seat too many, and whoever is
in a group has a seat in each of its pods.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import Connection, select

from domain.sessions import NO_CONTEXT, Participant
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, pod_seats, pods
from storage.transactions.pods import Made, Plan
from tests.storage.kit import as_stored, create
from tests.storage.racing import MANY, Act, everyone, race, until_somebody_waits
from tests.support import people
from tests.support.people import at

ROUNDS = 4
BOB = replace(people.MAILED, id="bob", email="bob@example.test")


def two_groups(database: Database, capacity: int = 4) -> list[list[Made]]:
    """Of the same two coaches, whose pods come in opposite orders."""
    people.ready(database)
    people.ready(database, BOB)
    found = []
    for name, order in (("g1", ("ada", "bob")), ("g2", ("bob", "ada"))):
        group = []
        for day, coach in enumerate(order, 8):
            start = at(day, 10)
            made = create(
                database,
                start=start,
                coach=coach,
                capacity=capacity,
                format="hybrid_v2",
                group_id=name,
                title=name,
            )
            group.append(made)
        found.append(group)
    return found


def seat(made: Made, who: Participant) -> Act:
    return lambda tx: pod_seats.take_seat(tx, made.pod.id, who, NO_CONTEXT, people.terms())


def seated(database: Database) -> dict[str, set[str]]:
    """By pod, who has a seat."""
    row = tables.bookings.c
    found: dict[str, set[str]] = {}
    with database.read() as tx:
        for it in tx.execute(
            select(row.session_id, row.participant_id).where(row.status == "booked")
        ):
            assert it.participant_id not in found.setdefault(it.session_id, set())
            found[it.session_id].add(it.participant_id)
    return found


def check(database: Database, groups: list[list[Made]]) -> None:
    who = seated(database)
    for group in groups:
        for made in group:
            mine = who.get(made.pod.id, set())
            assert mine == who.get(group[0].pod.id, set()), "the same people in each pod"
            assert as_stored(database, made).taken == len(mine) <= made.pod.capacity


def test_two_groups_of_the_same_coaches_fill_at_once(database: Database) -> None:
    groups = two_groups(database)
    acts = [seat(groups[number % 2][0], who) for number, who in enumerate(everyone())]
    outcomes = Counter(race(database, acts))
    assert outcomes == {"done": 8, "seats_full:full": MANY - 8}
    check(database, groups)


def test_nobody_is_left_out_of_a_pod_that_is_added_while_seats_are_taken_and_left(
    database: Database,
) -> None:
    groups = two_groups(database, capacity=MANY)
    crowd = everyone(8)
    for nth in range(ROUNDS):
        row = tables.bookings.c
        with database.read() as tx:
            mine = tx.scalars(
                select(row.id).where(row.status == "booked", row.session_id == groups[0][0].pod.id)
            ).all()
        acts: list[Act] = [cancelling(booking_id) for booking_id in mine[:2]]
        acts += [seat(groups[0][0], who) for who in crowd[2 * nth : 2 * nth + 2]]
        acts.append(adding("ada", at(9 + nth, 13)))
        acts.append(adding("bob", at(9 + nth, 15)))
        assert set(race(database, acts)) == {"done"}
        with database.read() as tx:
            pods_now = tx.execute(
                select(tables.sessions.c.id).where(tables.sessions.c.group_id == "g1")
            ).all()
        who = seated(database)
        crowds = {frozenset(who.get(pod.id, set())) for pod in pods_now}
        assert len(crowds) == 1, "each pod has the same people"


def cancelling(booking_id: str) -> Act:
    return lambda tx: bookings.cancel(tx, booking_id, people.terms())


def adding(coach: str, start: int, group: str = "g1") -> Act:
    plan = Plan(Wanted(coach, start, 60), 1, MANY, "hybrid_v2", title="more", group_id=group)

    def act(tx: Connection) -> object:
        return pods.create(tx, plan, [], people.terms())

    return act


def test_whoever_takes_a_seat_while_another_coachs_pod_is_added_has_one_in_it(
    database: Database,
) -> None:
    [group, _] = two_groups(database)
    people.ready(database, replace(people.MAILED, id="carl", email="carl@example.test"))
    with ThreadPoolExecutor(1) as threads:
        with database.write() as tx:
            adding("carl", at(10, 10))(tx)
            taking = threads.submit(race, database, [seat(group[0], people.GRACE)])
            until_somebody_waits(database)  # having looked which coaches the group has
        assert taking.result() == ["done"]
    assert sorted(seated(database).values()) == [{"grace"}] * 3


def test_two_that_begin_one_group_at_once_have_the_same_people(database: Database) -> None:
    people.ready(database)
    people.ready(database, BOB)
    for nth in range(ROUNDS):
        group, acts = f"new{nth}", []
        for coach, who in (("ada", people.GRACE), ("bob", people.HEDY)):
            plan = Plan(
                Wanted(coach, at(8 + nth, 10 if coach == "ada" else 13), 60),
                1,
                4,
                "hybrid_v2",
                title=group,
                group_id=group,
            )
            acts.append(lambda tx, plan=plan, who=who: pods.create(tx, plan, [who], people.terms()))
        assert race(database, acts) == ["done", "done"]
        with database.read() as tx:
            mine = tx.scalars(
                select(tables.sessions.c.id)
                .where(tables.sessions.c.group_id == group)
                .order_by(tables.sessions.c.starts)
            ).all()
        who_sits = seated(database)
        # Grace is in the first: she is in the second, whichever was made before the other
        assert "grace" in who_sits[mine[0]]
        assert who_sits[mine[1]] == {"grace", "hedy"}
