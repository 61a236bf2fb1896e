"""Pods: made at a time that is listed, changed, moved and called off with all their seats."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Invalid
from domain.sessions import Refused
from storage.schema.database import Database
from storage.transactions import bookings
from tests.storage.kit import TEN, TWO, as_stored, change, create, flagged, join, listed, owed
from tests.support import people
from tests.support.people import at


def test_a_pod_is_made_at_a_listed_time_and_closes_it_though_nobody_is_in_it(
    database: Database,
) -> None:
    people.ready(database)
    made = create(database)
    assert (made.pod.kind, made.pod.status, made.pod.taken, made.seats) == (
        "pod",
        "unbooked",
        0,
        [],
    )
    assert TEN not in listed(database)
    assert at(8, 11) not in listed(database)
    with pytest.raises(Refused) as refused:
        create(database, start=at(8, 11))
    assert (refused.value.reason, len(refused.value.nearest)) == ("buffer", 5)


def test_a_pod_starts_with_those_who_are_assigned(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, people.HEDY, format="closed", context=people.PROGRAMME)
    assert {booking.participant.id for booking in made.seats} == {"grace", "hedy"}
    assert (made.pod.taken, made.pod.status) == (2, "booked")
    assert owed(database) == Counter(
        {("booked", "grace"): 1, ("booked", "hedy"): 1, ("booked", "ada"): 2}
    )


def test_a_pod_that_cannot_seat_its_people_is_not_made_at_all(database: Database) -> None:
    people.ready(database)
    with pytest.raises(Refused, match="seats_taken"):
        create(database, people.GRACE, people.HEDY, people.MARY)
    with pytest.raises(Refused, match="already_seated"):
        create(database, people.GRACE, people.GRACE)
    with pytest.raises(Invalid) as refused:
        create(database, min_seats=3)
    assert (refused.value.field, refused.value.code) == ("min_seats", "min_over_max")
    assert TEN in listed(database)
    assert owed(database) == Counter()


def test_a_pod_moves_with_all_its_seats_and_its_coach_is_told_once(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, people.HEDY, people.MARY, capacity=3)
    with database.write() as tx:
        gone = bookings.cancel(tx, made.seats[0].id, people.terms())
    # An hour later overlaps where it was: it is not in its own way
    after = change(database, made, start=TEN + 3600, expected=1)
    assert (after.pod.starts, after.pod.ends, after.pod.version) == (TEN + 3600, TEN + 7200, 2)
    standing = {
        booking.participant.id: booking.sequence
        for booking in after.seats
        if booking.status == "booked"
    }
    stayed = {booking.participant.id for booking in made.seats} - {gone.booking.participant.id}
    assert standing == dict.fromkeys(stayed, 1)
    told = {key: count for key, count in owed(database, version=2).items() if key[0] == "rebooked"}
    assert told == {("rebooked", "ada"): 1} | {("rebooked", who): 1 for who in stayed}
    assert TEN - 900 in listed(database)


def test_a_pod_that_cannot_move_stays_with_everyone_in_it(database: Database) -> None:
    people.ready(database, people.MAILED, (TWO, TWO + 3600))
    made = create(database, people.GRACE)
    before, open_before = as_stored(database, made), listed(database)
    with pytest.raises(Refused) as refused:
        change(database, made, start=TWO)
    assert (refused.value.code, refused.value.reason) == ("slot_not_open", "busy")
    with pytest.raises(Invalid, match="not_on_the_grid"):
        change(database, made, start=TEN + 60)
    assert (as_stored(database, made), listed(database)) == (before, open_before)
    assert owed(database, version=2) == Counter()


def test_a_forced_pod_that_moves_without_force_is_checked_again(database: Database) -> None:
    people.ready(database, people.MAILED, (TEN, TEN + 3600), (TWO, TWO + 3600))
    made = create(database, people.GRACE, force="the board asked")
    with pytest.raises(Refused, match="slot_not_open"):
        change(database, made, start=TWO)
    renamed = change(database, made, title="Grief")
    assert renamed.pod.force_reason == "the board asked"
    assert change(database, made, start=TWO, force="again").pod.force_reason == "again"
    assert change(database, made, start=at(9, 10)).pod.force_reason is None


def test_another_length_is_another_time(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE)
    shorter = change(database, made, duration=30)
    assert (shorter.pod.starts, shorter.pod.ends) == (TEN, TEN + 1800)
    assert owed(database, version=2) == Counter({("rebooked", "grace"): 1, ("rebooked", "ada"): 1})
    with pytest.raises(Invalid, match="duration_not_offered"):
        change(database, made, duration=45)


def test_what_does_not_move_a_pod_is_told_to_nobody(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE)
    after = change(
        database, made, title="Grief", capacity=5, min_seats=2, format="closed", start=TEN
    )
    assert (after.pod.title, after.pod.capacity, after.pod.min_seats, after.pod.format) == (
        "Grief",
        5,
        2,
        "closed",
    )
    assert (after.pod.version, after.seats) == (2, made.seats)
    assert owed(database, version=2) == Counter()


def test_a_pod_does_not_shrink_below_its_people_nor_below_its_minimum(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, people.HEDY, capacity=3)
    with pytest.raises(Refused, match="seats_taken"):
        change(database, made, capacity=1)
    with pytest.raises(Invalid, match="min_over_max"):
        change(database, made, min_seats=4)
    assert change(database, made, capacity=2, min_seats=2).pod.capacity == 2
    with pytest.raises(Refused, match="seats_full"):
        join(database, made, people.MARY)


def test_a_pod_that_is_called_off_frees_its_time_and_tells_everyone_once(
    database: Database,
) -> None:
    people.ready(database)
    before = listed(database)
    made = create(database, people.GRACE, people.HEDY)
    after = change(database, made, status="disabled", expected=1)
    assert (after.pod.active, after.pod.status, after.pod.taken) == (False, "disabled", 0)
    assert {booking.status for booking in after.seats} == {"cancelled"}
    assert owed(database, version=2) == Counter(
        {("cancelled", "grace"): 1, ("cancelled", "hedy"): 1, ("cancelled", "ada"): 1}
    )
    assert listed(database) == before
    for again in (
        lambda: change(database, made, title="x"),
        lambda: change(database, made, status="disabled"),
        lambda: join(database, made, people.MARY),
    ):
        with pytest.raises(Refused, match="pod_ended"):
            again()


def test_a_pod_is_changed_by_who_saw_it_as_it_is(database: Database) -> None:
    people.ready(database)
    made = create(database)
    change(database, made, title="Grief", expected=1)
    with pytest.raises(Refused) as refused:
        change(database, made, title="Joy", expected=1)
    assert (refused.value.code, refused.value.more) == ("stale_version", {"current": 2})
    # Taking a seat is no change of the pod's own
    join(database, made, people.GRACE)
    assert change(database, made, title="Joy", expected=2).pod.title == "Joy"


def test_what_has_begun_is_neither_changed_nor_joined_nor_left(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, start=at(2, 10))
    begun = people.NOW + timedelta(days=1, hours=2)
    for late in (
        lambda: change(database, made, title="x", now=begun),
        lambda: change(database, made, status="disabled", now=begun),
        lambda: join(database, made, people.MARY, now=begun),
    ):
        with pytest.raises(Refused, match="already_begun"):
            late()


def test_a_pod_short_of_seats_at_its_deadline_is_flagged_once(database: Database) -> None:
    people.ready(database)
    deadline = people.NOW + timedelta(days=2)
    short = create(database, people.GRACE, min_seats=2, deadline=deadline)
    create(database, people.GRACE, people.HEDY, min_seats=2, deadline=deadline, start=TWO)
    ended = create(database, min_seats=2, deadline=deadline, start=at(9, 10))
    create(database, min_seats=2, start=at(9, 14))
    change(database, ended, status="disabled")
    assert flagged(database, deadline - timedelta(seconds=1)) == []
    assert flagged(database, deadline) == [short.pod.id]
    assert flagged(database, deadline + timedelta(hours=1)) == []
    # Given another deadline, it is asked again
    change(database, short, deadline=deadline + timedelta(days=1), now=deadline)
    assert flagged(database, deadline + timedelta(hours=2)) == []
    assert flagged(database, deadline + timedelta(days=1)) == [short.pod.id]


def test_a_deadline_is_over_before_the_pod_begins(database: Database) -> None:
    people.ready(database)
    with pytest.raises(Invalid, match="begins"):
        create(database, deadline=datetime.fromtimestamp(TEN + 1, UTC))
    made = create(database, deadline=datetime.fromtimestamp(TEN, UTC))
    with pytest.raises(Invalid, match="begins"):
        change(database, made, start=TEN - 1800)
