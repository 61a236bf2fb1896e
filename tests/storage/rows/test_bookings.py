"""Seats of pods: one by one, never too many, taken and left as the pod's format says."""

from collections import Counter
from dataclasses import replace

import pytest

from domain.sessions import NO_CONTEXT, Format, Refused, Unknown
from storage.rows import bookings as booking_rows
from storage.rows import sessions
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings as booking_transactions
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Made
from tests.storage.kit import TEN, TWO, as_stored, change, create, join, leave, listed, move, owed
from tests.support import people
from tests.support.people import at


def test_seats_are_taken_until_there_are_none(database: Database) -> None:
    people.ready(database)
    made = create(database)
    assert join(database, made, people.GRACE).session.taken == 1
    assert join(database, made, people.HEDY).session.taken == 2
    with pytest.raises(Refused, match="seats_full"):
        join(database, made, people.MARY)
    assert as_stored(database, made).taken == 2


def test_the_row_itself_never_takes_a_seat_too_many_and_never_gives_one_too_many(
    database: Database,
) -> None:
    people.ready(database)
    made = create(database, people.GRACE, people.HEDY)
    with database.write() as tx:
        assert not sessions.take_seat(tx, made.pod.id)
        assert sessions.give_seat(tx, made.pod.id)
        assert sessions.take_seat(tx, made.pod.id)
        assert not sessions.take_seat(tx, made.pod.id)


def test_a_full_pod_answers_with_other_pods_and_the_nearest_starts(database: Database) -> None:
    people.ready(database)
    full = create(database, people.GRACE, capacity=1)
    far, near = create(database, start=at(9, 10)), create(database, start=TWO)
    create(database, people.HEDY, capacity=1, start=at(9, 14))  # full too
    change(database, create(database, start=at(8, 8)), status="disabled")
    with pytest.raises(Refused) as refused:
        join(database, full, people.MARY)
    assert refused.value.more == {"pods": [near.pod.id, far.pod.id]}
    assert refused.value.reason == "full"
    assert refused.value.nearest == (
        at(8, 8, 15),
        at(8, 8, 30),
        at(8, 8, 45),
        at(8, 11, 15),
        at(8, 11, 30),
    )
    assert as_stored(database, full).taken == 1


def test_nobody_sits_twice_in_a_pod_but_may_come_back(database: Database) -> None:
    people.ready(database)
    made = create(database)
    done = join(database, made, people.GRACE)
    with pytest.raises(Refused, match="already_seated"):
        join(database, made, people.GRACE)
    assert leave(database, done).session.taken == 0
    assert join(database, made, people.GRACE).booking.id != done.booking.id


def test_who_leaves_a_pod_leaves_it_to_the_others(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE)
    done = join(database, made, people.HEDY)
    ended = leave(database, done)
    assert (ended.booking.status, ended.session.active, ended.session.taken) == (
        "cancelled",
        True,
        1,
    )
    assert TEN not in listed(database)
    assert owed(database, version=2) == Counter({("seat_left", "hedy"): 1, ("seat_left", "ada"): 1})


@pytest.mark.parametrize(
    ("form", "allowed"), [("open", True), ("closed", False), ("hybrid", False), ("hybrid_v2", True)]
)
def test_participants_choose_open_and_hybrid_v2_pods_and_are_assigned_to_all(
    database: Database, form: Format, *, allowed: bool
) -> None:
    people.ready(database)
    made = create(database, format=form)
    assert join(database, made, people.GRACE, assigned=True).session.taken == 1
    if allowed:
        assert join(database, made, people.HEDY).session.taken == 2
    else:
        with pytest.raises(Refused, match="format_forbids"):
            join(database, made, people.HEDY)
        assert as_stored(database, made).taken == 1


def test_whoever_chose_a_hybrid_v2_pod_is_locked_to_its_group(database: Database) -> None:
    people.ready(database)
    first, second = (
        create(database, format="hybrid_v2"),
        create(database, start=TWO, format="hybrid_v2"),
    )
    done = join(database, first, people.GRACE)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            join(database, second, people.GRACE)
        assert (refused.value.code, refused.value.more["pod_id"]) == (
            "format_forbids",
            first.pod.id,
        )
        with pytest.raises(Refused, match=r"format_forbids|booking_ended"):
            move(database, done, second)
        if as_stored(database, first).taken:
            leave(database, done)
    # Then only the programme can seat them elsewhere, and a session of another name is another
    # choice
    assert join(database, second, people.GRACE, assigned=True).session.taken == 1
    other = create(database, start=at(9, 10), format="hybrid_v2", title="Conflict")
    assert join(database, other, people.GRACE).session.taken == 1


def test_a_hybrid_v2_pod_that_was_called_off_binds_nobody(database: Database) -> None:
    people.ready(database)
    first, second = (
        create(database, format="hybrid_v2"),
        create(database, start=TWO, format="hybrid_v2"),
    )
    join(database, first, people.GRACE)
    change(database, first, status="disabled")
    assert join(database, second, people.GRACE).session.taken == 1


def test_a_seat_moves_in_one_step(database: Database) -> None:
    people.ready(database)
    first, second = create(database), create(database, start=TWO)
    done = join(database, first, people.GRACE, people.PROGRAMME)
    moved = move(database, done, second, expected=1)
    assert (moved.session.id, moved.booking.session_id) == (second.pod.id, second.pod.id)
    assert (moved.booking.version, moved.booking.sequence, moved.booking.uid) == (
        2,
        1,
        done.booking.uid,
    )
    assert (as_stored(database, first).taken, as_stored(database, second).taken) == (0, 1)
    assert owed(database, version=2) == Counter({("rebooked", "grace"): 1, ("rebooked", "ada"): 1})


def test_a_seat_that_cannot_move_stays(database: Database) -> None:
    people.ready(database)
    first, full = create(database), create(database, people.HEDY, start=TWO, capacity=1)
    done = join(database, first, people.GRACE)
    twice = create(database, people.GRACE, start=at(9, 10))
    for target, code in (
        (full, "seats_full"),
        (twice, "already_seated"),
        (first, "already_seated"),
    ):
        with pytest.raises(Refused, match=code):
            move(database, done, target)
    with pytest.raises(Refused, match="stale_version"):
        move(database, done, twice, expected=9)
    assert [as_stored(database, made).taken for made in (first, full, twice)] == [1, 1, 1]


def test_a_seat_and_a_session_do_not_become_one_another(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE)
    with database.write() as tx:
        single = booking_transactions.book(
            tx, Wanted("ada", TWO, 60), people.HEDY, NO_CONTEXT, people.terms()
        )
    with pytest.raises(Refused, match="not_a_pod"):
        move(database, single, made)
    with pytest.raises(Refused, match="seat_has_no_time"), database.write() as tx:
        booking_transactions.rebook(tx, made.seats[0].id, TWO, people.terms())
    with pytest.raises(Unknown):
        move(database, BookingChange(made.seats[0], made.pod, []), Made(single.session, [], []))


@pytest.mark.parametrize("form", ["closed", "hybrid_v2"])
def test_who_is_in_a_closed_pod_or_a_chosen_group_does_not_rebook(
    database: Database, form: Format
) -> None:
    people.ready(database)
    first, second = create(database, format=form), create(database, start=TWO)
    done = join(database, first, people.GRACE, assigned=True)
    with pytest.raises(Refused, match="format_forbids"):
        move(database, done, second)


def test_nobody_moves_into_a_pod_that_the_programme_fills(database: Database) -> None:
    people.ready(database)
    first = create(database)
    done = join(database, first, people.GRACE)
    for form in ("closed", "hybrid"):
        target = create(database, start=TWO, format=form)
        with pytest.raises(Refused, match="format_forbids"):
            move(database, done, target)
        change(database, target, status="disabled")
    # But who was assigned to a hybrid pod may choose another one
    hybrids = (
        create(database, people.HEDY, start=at(9, 10), format="hybrid"),
        create(database, start=TWO, format="hybrid"),
    )
    assigned = BookingChange(hybrids[0].seats[0], hybrids[0].pod, [])
    assert move(database, assigned, hybrids[1]).session.taken == 1


def test_both_coaches_hear_of_a_seat_that_goes_from_one_to_the_other(database: Database) -> None:
    people.ready(database)
    people.ready(database, replace(people.MAILED, id="bob", email="bob@example.test"))
    first, second = create(database), create(database, start=TWO, coach="bob")
    done = join(database, first, people.GRACE)
    moved = move(database, done, second)
    expected = {("rebooked", "grace"): 1, ("rebooked", "bob"): 1, ("seat_left", "ada"): 1}
    assert owed(database, version=2) == Counter(expected)
    assert [kind for _, kind in moved.wake] == ["mail"] * 3


def test_every_seat_that_was_ever_taken_is_remembered(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE)
    leave(database, join(database, made, people.HEDY))
    with database.read() as tx:
        assert [
            seat.status for seat in booking_rows.of_sessions(tx, [made.pod.id])[made.pod.id]
        ].count("cancelled") == 1
        with pytest.raises(Unknown):
            sessions.get(tx, "ses_none", what="pod")
