"""Groups of hybrid_v2 pods: chosen by the first pod, all seats or none, and kept for good."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from domain.sessions import Context, Participant, Refused
from storage.rows import bookings as booking_rows
from storage.rows import sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import attendance, bookings, pod_groups
from storage.transactions.pods import Made
from tests.storage.kit import TEN, TWO, as_stored, change, create, join, leave, move, owed
from tests.support import people
from tests.support.people import at

THIRD = at(9, 10)
BOB = replace(people.MAILED, id="bob", name="Bob", email="bob@example.test")


@pytest.fixture
def group(database: Database) -> list[Made]:
    """Three pods of two coaches, in order; made in another one."""
    people.ready(database)
    people.ready(database, BOB)
    made = [
        grouped(database, start=start, coach=coach)
        for start, coach in ((TWO, "bob"), (TEN, "ada"), (THIRD, "ada"))
    ]
    return [made[1], made[0], made[2]]


def grouped(database: Database, *who: Participant, group: str = "g1", **options: Any) -> Made:
    return create(database, *who, format="hybrid_v2", group_id=group, **options)


def seated(database: Database, pods: list[Made], who: str = "grace") -> list[bool]:
    with database.read() as tx:
        return [booking_rows.is_seated(tx, made.pod.id, who) for made in pods]


def test_a_seat_in_the_first_pod_is_a_seat_in_each_with_its_mails(
    database: Database, group: list[Made]
) -> None:
    done = join(database, group[0], people.GRACE, people.PROGRAMME)
    assert done.session.id == group[0].pod.id
    assert seated(database, group) == [True, True, True]
    assert [as_stored(database, made).taken for made in group] == [1, 1, 1]
    assert owed(database) == Counter(
        {("booked", "grace"): 3, ("booked", "ada"): 2, ("booked", "bob"): 1}
    )
    with database.read() as tx:
        later = booking_rows.of_session(tx, group[2].pod.id)
    assert [booking.context for booking in later] == [people.PROGRAMME]


def test_a_later_pod_is_not_chosen_but_may_be_assigned_from_there_on(
    database: Database, group: list[Made]
) -> None:
    with pytest.raises(Refused) as refused:
        join(database, group[1], people.GRACE)
    assert (refused.value.code, refused.value.more["pod_id"]) == (
        "format_forbids",
        group[0].pod.id,
    )
    join(database, group[1], people.GRACE, assigned=True)
    assert seated(database, group) == [False, True, True]
    # And who has a later seat may still be given the earlier one
    join(database, group[0], people.GRACE, assigned=True)
    assert [as_stored(database, made).taken for made in group] == [1, 1, 1]


def test_a_later_pod_without_a_seat_refuses_the_whole_with_what_can_be_had(
    database: Database, group: list[Made]
) -> None:
    other = grouped(database, group="g2", start=at(10, 10))
    full = [grouped(database, group="g3", start=at(10, 14), capacity=1)]
    join(database, full[0], people.MARY)
    for who in (people.HEDY, people.MARY):
        join(database, group[1], who, assigned=True)
    with pytest.raises(Refused) as refused:
        join(database, group[0], people.GRACE)
    why = refused.value
    assert (why.code, why.reason, why.more["pod_id"]) == ("seats_full", "full", group[1].pod.id)
    assert why.more["pods"] == [other.pod.id], "a group that is a choice, with room in each pod"
    assert seated(database, group) == [False, False, False]
    assert as_stored(database, group[0]).taken == 0


def test_whoever_is_in_the_group_gets_a_seat_in_a_pod_that_is_made_afterwards(
    database: Database, group: list[Made]
) -> None:
    join(database, group[0], people.GRACE, people.PROGRAMME)
    fourth = grouped(database, people.HEDY, start=at(9, 14), coach="bob")
    assert {seat.participant.id for seat in fourth.seats} == {"grace", "hedy"}
    assert owed(database)["booked", "grace"] == 4
    assert owed(database)["booked", "bob"] == 3
    # Also in one that comes before all others; and it is the first from then on
    earliest = grouped(database, start=at(3, 10))
    assert {seat.participant.id for seat in earliest.seats} == {"grace", "hedy"}
    with pytest.raises(Refused, match="format_forbids"):
        join(database, group[0], people.MARY)


def test_a_pod_without_room_for_the_group_is_not_made(
    database: Database, group: list[Made]
) -> None:
    for who in (people.GRACE, people.HEDY):
        join(database, group[0], who)
    with pytest.raises(Refused, match="seats_taken"):
        grouped(database, start=at(9, 14), capacity=1)
    with pytest.raises(Refused, match="seats_taken"):
        grouped(database, people.MARY, start=at(9, 14), capacity=2)
    assert len(grouped(database, start=at(9, 14), capacity=2).seats) == 2


def test_who_leaves_the_first_pod_leaves_the_group_and_may_come_back_to_no_other(
    database: Database, group: list[Made]
) -> None:
    other = grouped(database, group="g2", start=at(10, 10))
    done = join(database, group[0], people.GRACE)
    ended = leave(database, done)
    assert ended.booking.id == done.booking.id
    assert seated(database, group) == [False, False, False]
    assert [as_stored(database, made).taken for made in group] == [0, 0, 0]
    assert owed(database, version=2) == Counter(
        {("seat_left", "grace"): 3, ("seat_left", "ada"): 2, ("seat_left", "bob"): 1}
    )
    with pytest.raises(Refused, match="format_forbids"):
        join(database, other, people.GRACE)
    join(database, group[0], people.GRACE)
    assert seated(database, group) == [True, True, True]


def test_a_later_seat_is_given_up_alone(database: Database, group: list[Made]) -> None:
    done = join(database, group[0], people.GRACE)
    give_up(database, group[1])
    assert seated(database, group) == [True, False, True]
    # The day is missed, the group kept: a pod that is made now has a seat for them
    assert len(grouped(database, start=at(9, 14)).seats) == 1
    # And they may take that seat again by themselves, which nobody else may
    with pytest.raises(Refused, match="format_forbids"):
        join(database, group[1], people.HEDY)
    join(database, group[1], people.GRACE)
    assert seated(database, group) == [True, True, True]
    leave(database, done)
    assert seated(database, group) == [False, False, False]


def test_what_is_given_up_late_is_missed_each_by_its_own_time(
    database: Database, group: list[Made]
) -> None:
    done = join(database, group[0], people.GRACE)
    soon = people.NOW + timedelta(days=7)
    with database.write() as tx:
        ended = bookings.cancel(tx, done.booking.id, people.terms(soon))
    assert ended.booking.status == "missed"
    with database.read() as tx:
        states = [booking_rows.of_session(tx, made.pod.id)[0].status for made in group]
    assert states == ["missed", "missed", "cancelled"], "each by the time that is left to it"
    with database.write() as tx:
        assert grouped_members(tx) == []


def grouped_members(tx: Connection) -> list[str]:
    return [who.id for who, _ in pod_groups.members(tx, "g1")]


def test_once_the_first_has_begun_a_seat_is_given_up_alone_and_nobody_chooses_the_group(
    database: Database, group: list[Made]
) -> None:
    join(database, group[0], people.GRACE)
    begun = people.NOW + timedelta(days=7, hours=2, minutes=30)
    with database.write() as tx:
        attendance.report(tx, group[0].pod.id, "missed", people.terms(begun))
    with pytest.raises(Refused, match="already_begun"):
        join(database, group[0], people.HEDY, now=begun)
    with pytest.raises(Refused, match="format_forbids"):
        join(database, group[1], people.HEDY, now=begun)
    # Whoever did not come is in the group all the same
    with database.write() as tx:
        assert grouped_members(tx) == ["grace"]
    give_up(database, group[2], now=begun)
    assert seated(database, group)[1:] == [True, False]


def give_up(database: Database, made: Made, who: str = "grace", **options: Any) -> None:
    with database.write() as tx:
        [mine] = [
            it
            for it in booking_rows.of_session(tx, made.pod.id)
            if (it.participant.id, it.status) == (who, "booked")
        ]
        bookings.cancel(tx, mine.id, people.terms(options.get("now", people.NOW)))


def test_a_pod_that_is_called_off_leaves_its_group_to_the_others(
    database: Database, group: list[Made]
) -> None:
    join(database, group[0], people.GRACE)
    change(database, group[0], status="disabled")
    assert seated(database, group) == [False, True, True]
    # The next one is the first now: who leaves it leaves the group, and it can be chosen
    join(database, group[1], people.HEDY)
    assert seated(database, group, "hedy") == [False, True, True]
    give_up(database, group[1])
    assert seated(database, group) == [False, False, False]


def test_nobody_is_moved_between_groups(database: Database, group: list[Made]) -> None:
    other = grouped(database, group="g2", start=at(10, 10))
    done = join(database, group[0], people.GRACE)
    with pytest.raises(Refused, match="format_forbids"):
        move(database, done, other)
    # Out of an open pod one may come, by the first pod, and has all seats then
    open_pod = create(database, start=at(10, 14))
    seat = join(database, open_pod, people.HEDY)
    with pytest.raises(Refused, match="format_forbids"):
        move(database, seat, group[1])
    move(database, seat, group[0])
    assert seated(database, group, "hedy") == [True, True, True]
    assert owed(database)["rebooked", "hedy"] == 1


def test_a_group_takes_pods_of_its_own_people_alone(database: Database, group: list[Made]) -> None:
    with pytest.raises(Refused, match="group_forbids"):
        grouped(database, start=at(10, 10), context=Context(company="evil"))
    with pytest.raises(Refused, match="group_forbids"):
        create(database, start=at(10, 10), format="open", group_id="g1")
    with database.read() as tx:
        assert len(sessions.of_group(tx, "g1")) == 3


def test_an_empty_pod_is_put_into_a_group_and_its_people_get_seats(
    database: Database, group: list[Made]
) -> None:
    join(database, group[0], people.GRACE)
    later = create(database, start=at(10, 10), format="hybrid_v2")
    put = change(database, later, group_id="g1")
    assert [seat.participant.id for seat in put.seats] == ["grace"]
    assert put.pod.group_id == "g1"
    # One with people in it would leave open which of their seats they keep
    lone = create(database, people.HEDY, start=at(10, 14), format="hybrid_v2")
    with pytest.raises(Refused, match="group_forbids"):
        change(database, lone, group_id="g1")
    # And a pod of another format is in none
    assert change(database, put, format="open").pod.group_id is None


@pytest.mark.parametrize(
    ("others", "bound"),
    [
        ({}, True),
        ({"title": "Conflict"}, False),
        ({"context": Context(cohort="autumn")}, False),
    ],
)
def test_groups_that_were_begun_under_one_title_in_one_programme_are_a_choice(
    database: Database, group: list[Made], others: dict[str, Any], *, bound: bool
) -> None:
    other = grouped(database, group="g2", start=at(10, 10), **others)
    join(database, group[0], people.GRACE)
    if bound:
        with pytest.raises(Refused, match="format_forbids"):
            join(database, other, people.GRACE)
    else:
        join(database, other, people.GRACE)
    assert seated(database, [other]) == [not bound]


def test_a_pod_that_the_release_before_made_becomes_a_group_with_its_first_seat(
    database: Database,
) -> None:
    people.ready(database)
    made = create(database, format="hybrid_v2")
    unnamed(database)
    assert as_stored(database, made).group_id is None
    join(database, made, people.GRACE)
    group_id = as_stored(database, made).group_id
    assert group_id is not None
    later = create(database, start=TWO, format="hybrid_v2", group_id=group_id)
    assert [seat.participant.id for seat in later.seats] == ["grace"]


def unnamed(database: Database) -> None:
    with database.write() as tx:
        tx.execute(tables.sessions.update().values(group_id=None))
        tx.execute(tables.pod_groups.delete())


def test_a_seat_in_a_group_moves_to_no_other_pod(database: Database, group: list[Made]) -> None:
    done, free = join(database, group[0], people.GRACE), create(database, start=at(10, 10))
    with pytest.raises(Refused, match="format_forbids"):
        move(database, done, free)
    assert seated(database, [*group, free]) == [True, True, True, False]
