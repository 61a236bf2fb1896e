"""Pods without a time: they take nobody's, are set many at once, and get one like any pod."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from domain.errors import Invalid
from domain.places import Place
from domain.pod_shells import CommonChanges, PodShell
from domain.sessions import NO_CONTEXT, Refused, Unknown
from storage.reports.personal_data import Person, export_participant
from storage.rows import pod_shells as rows
from storage.schema import tables
from storage.schema.database import Database
from storage.transactions import erasures, pod_shells, retention
from storage.transactions.pod_shells import ChangedTogether, ShellTime
from storage.transactions.pods import Made
from tests.storage.kit import TEN, TWO, as_stored, create, join, listed, owed
from tests.storage.racing import race, until_somebody_waits
from tests.support import people
from tests.support.people import at


def plan(database: Database, **options: Any) -> PodShell:
    usual: dict[str, Any] = {"coach_id": "ada", "duration": 60, "participants": (people.GRACE,)}
    usual |= {"min_seats": 1, "capacity": 3, "format": "closed", "created_at": people.NOW}
    shell = PodShell("", **usual | options)
    with database.write() as tx:
        [made] = pod_shells.make(tx, [shell])
    return made


def give_time(database: Database, shell: PodShell, start: int = TEN, **options: Any) -> Made:
    with database.write() as tx:
        return pod_shells.give_time(
            tx, shell.id, ShellTime(start, options.pop("duration", None)), people.terms(), **options
        )


def together(database: Database, *ids: str, **common: Any) -> ChangedTogether:
    with database.write() as tx:
        return pod_shells.change_together(tx, ids, CommonChanges(**common), people.terms())


def test_a_pod_without_a_time_occupies_nobody_and_tells_nobody(database: Database) -> None:
    people.ready(database)
    before = listed(database)
    made = plan(database, title="Feedback", context=people.PROGRAMME)
    assert listed(database) == before
    assert owed(database) == Counter()
    with database.read() as tx:
        assert rows.within(tx, people.PROGRAMME, limit=9) == [made]
        other = replace(people.PROGRAMME, cohort="autumn")
        assert rows.within(tx, other, limit=9) == []


def test_with_its_time_it_is_a_pod_of_the_same_id_with_everyone_in_it(database: Database) -> None:
    people.ready(database)
    shell = plan(database, title="Feedback")
    made = give_time(database, shell)
    assert (made.pod.id, made.pod.starts, made.pod.title) == (shell.id, TEN, "Feedback")
    assert [seat.participant.id for seat in made.seats] == ["grace"]
    assert owed(database) == Counter({("booked", "grace"): 1, ("booked", "ada"): 1})
    assert TEN not in listed(database)
    with pytest.raises(Unknown, match="shell"):
        give_time(database, shell, TWO)
    with database.read() as tx:
        assert tx.execute(select(tables.pod_shell_people)).all() == []


def test_a_closed_time_is_refused_and_it_is_a_shell_as_before(database: Database) -> None:
    people.ready(database, people.MAILED, (TEN, TEN + 3600))
    shell = plan(database)
    with pytest.raises(Refused, match="slot_not_open") as refused:
        give_time(database, shell)
    assert (refused.value.reason, len(refused.value.nearest)) == ("busy", 5)
    with database.read() as tx:
        assert rows.get(tx, shell.id) == shell
    with pytest.raises(Refused, match="stale_version"):
        give_time(database, shell, TWO, expected=9)
    assert give_time(database, shell, TWO, expected=1).pod.starts == TWO


@pytest.mark.parametrize("left_out", ["coach_id", "duration"])
def test_a_time_needs_a_coach_and_a_length(database: Database, left_out: str) -> None:
    people.ready(database)
    shell = plan(database, **{left_out: None})
    with pytest.raises(Invalid) as refused:
        give_time(database, shell)
    assert (refused.value.field, refused.value.code) == (left_out, "missing")
    if left_out == "duration":
        assert give_time(database, shell, duration=30).pod.minutes == 30


def test_what_could_be_a_pod_at_no_time_is_not_planned(database: Database) -> None:
    people.ready(database)
    three = (people.GRACE, people.HEDY, people.MARY)
    for options, error in (
        ({"min_seats": 4}, Invalid),
        ({"capacity": 2, "participants": three}, Refused),
        ({"duration": 45}, Invalid),
        ({"coach_id": "nobody"}, Unknown),
        ({"group_id": "g1"}, Refused),
    ):
        usual = PodShell("", 1, 3, "closed", people.NOW, coach_id="ada")
        with pytest.raises(error), database.write() as tx:
            pod_shells.make(tx, [usual, replace(usual, **options)])
    with database.read() as tx:
        assert rows.within(tx, NO_CONTEXT, limit=9) == [], "none of them, where one is not"


def test_many_are_set_at_once_with_a_time_or_without(database: Database) -> None:
    people.ready(database)
    people.ready(database, replace(people.MAILED, id="bob", email="bob@example.test"))
    shells = [plan(database, coach_id=None) for _ in range(2)]
    pod = create(database, people.GRACE, capacity=3)
    done = together(
        database,
        pod.pod.id,
        *(it.id for it in shells),
        title="Grief",
        assigned=(people.GRACE, people.HEDY),
    )
    assert {shell.version for shell in done.shells} == {2}
    for shell in done.shells:
        assert [who.id for who in shell.participants] == ["grace", "hedy"]
        assert shell.title == "Grief"
    [changed] = done.pods
    assert {seat.participant.id for seat in changed.seats} == {"grace", "hedy"}
    assert (changed.pod.title, changed.pod.taken) == ("Grief", 2)
    # Mailed is who has a new seat, in a pod that has a time
    assert owed(database)["booked", "hedy"] == 1
    done = together(database, *(it.id for it in shells), coach_id="bob")
    assert [shell.coach_id for shell in done.shells] == ["bob", "bob"]
    assert give_time(database, done.shells[0], TWO).pod.coach_id == "bob"


def test_many_are_held_in_one_place_and_who_has_a_seat_is_mailed(database: Database) -> None:
    people.ready(database)
    room = Place("address", "Room 4")
    shell, pod = plan(database), create(database, people.GRACE)
    done = together(database, shell.id, pod.pod.id, place=room)
    assert (done.shells[0].place, done.pods[0].pod.place) == (room, room)
    assert owed(database)["place_changed", "grace"] == 1
    assert give_time(database, done.shells[0], TWO).pod.place == room


def test_of_many_none_is_changed_where_one_cannot_be(database: Database) -> None:
    people.ready(database)
    people.ready(database, replace(people.MAILED, id="bob", email="bob@example.test"))
    shell, pod = plan(database), create(database, people.GRACE, people.HEDY)
    for common, code in (
        ({"assigned": (people.MARY,)}, "seats_full"),
        ({"coach_id": "bob"}, "pod_keeps_coach"),
        ({"capacity": 1}, "seats_taken"),
    ):
        with pytest.raises(Refused, match=code) as refused:
            together(database, shell.id, pod.pod.id, **common)
        assert refused.value.more["pod_id"] == pod.pod.id
    with pytest.raises(Unknown):
        together(database, shell.id, "ses_none", title="x")
    with database.read() as tx:
        assert rows.get(tx, shell.id) == shell
    assert as_stored(database, pod).version == 1


def test_a_shell_of_a_group_gets_the_people_of_the_group_with_its_time(database: Database) -> None:
    people.ready(database)
    first = create(database, format="hybrid_v2", group_id="g1", capacity=3)
    join(database, first, people.HEDY)
    shell = plan(database, format="hybrid_v2", group_id="g1")
    made = give_time(database, shell, TWO)
    assert {seat.participant.id for seat in made.seats} == {"grace", "hedy"}


def test_two_who_give_it_a_time_at_once_make_one_pod(database: Database) -> None:
    people.ready(database)
    shell = plan(database, participants=())

    def at_time(start: int) -> Any:
        def act(tx: Connection) -> object:
            try:
                return pod_shells.give_time(tx, shell.id, ShellTime(start), people.terms())
            except Unknown:
                raise Refused("gone", "It has a time by now.") from None

        return act

    outcomes = race(database, [at_time(at(day, 10)) for day in (8, 9, 10, 11)])
    assert Counter(outcomes) == {"done": 1, "gone:None": 3}
    with database.read() as tx:
        assert len(tx.execute(select(tables.sessions.c.id)).all()) == 1


def test_a_time_is_given_to_the_shell_that_was_looked_at(database: Database) -> None:
    people.ready(database)
    shell = plan(database)

    def act(tx: Connection) -> object:
        return pod_shells.give_time(tx, shell.id, ShellTime(TEN), people.terms())

    with ThreadPoolExecutor(1) as threads:
        with database.write() as tx:
            changes = CommonChanges(title="Grief")
            pod_shells.change_together(tx, [shell.id], changes, people.terms())
            giving = threads.submit(race, database, [act])
            until_somebody_waits(database)  # having looked at the shell
        outcome = giving.result()
    # SQLite has one lock for all: there it looked after the change, and has all of it
    expected = {"sqlite": ["done"], "postgresql": ["stale_version:None"]}
    assert outcome == expected[database.engine.dialect.name]


def test_who_was_to_come_is_exported_erased_and_forgotten(database: Database) -> None:
    people.ready(database)
    plan(database, participants=(people.GRACE, people.HEDY))
    with database.read() as tx:
        exported = export_participant(tx, "grace")
    assert exported is not None
    assert exported["pod_shell_people"][0]["participant"]["email"] == people.GRACE.email
    with database.write() as tx:
        grace = Person("participant", "grace")
        assert erasures.ask(tx, grace, actor="ops", now=people.NOW) == []
        erasures.advance(tx, grace, now=people.NOW)
    assert left(database) == ["hedy"]
    year = timedelta(days=365)
    with database.write() as tx:
        retention.forget_people(tx, now=people.NOW + year, after=year)
        assert left(database, tx) == ["hedy"]
        retention.forget_people(tx, now=people.NOW + year + timedelta(hours=1), after=year)
    assert left(database) == []


def left(database: Database, tx: Connection | None = None) -> list[str]:
    query = select(tables.pod_shell_people.c.participant_id)
    if tx is not None:
        return list(tx.scalars(query))
    with database.read() as reading:
        return list(reading.scalars(query))


def test_a_coachs_shells_go_with_the_coach(database: Database) -> None:
    people.introduce(database, people.MAILED)
    plan(database)
    with database.write() as tx:
        ada = Person("coach", "ada")
        erasures.ask(tx, ada, actor="ops", now=people.NOW)
        erasures.advance(tx, ada, now=people.NOW)
        assert tx.execute(select(tables.pod_shells)).all() == []
        assert tx.execute(select(tables.pod_shell_people)).all() == []
