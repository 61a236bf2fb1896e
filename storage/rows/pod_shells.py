"""Pods without a time as rows, with who is to have a seat in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from domain.places import Place
from domain.pod_shells import PodShell
from domain.sessions import Context, Participant, Unknown
from storage.schema import records
from storage.schema.leases import to_change
from storage.schema.tables import pod_shell_people, pod_shells

row, person = pod_shells.c, pod_shell_people.c


def add(tx: Connection, shell: PodShell) -> None:
    tx.execute(pod_shells.insert().values(_values(shell)))
    _put_people(tx, shell)


def put(tx: Connection, shell: PodShell) -> None:
    """The caller has locked it."""
    tx.execute(pod_shells.update().where(row.id == shell.id).values(_values(shell)))
    tx.execute(pod_shell_people.delete().where(person.shell_id == shell.id))
    _put_people(tx, shell)


def delete(tx: Connection, shell_id: str) -> bool:
    """Whether it was there. Who was to come goes with it."""
    return tx.execute(pod_shells.delete().where(row.id == shell_id)).rowcount > 0


def get(tx: Connection, shell_id: str, *, lock: bool = False) -> PodShell:
    """`lock`: until the transaction ends. Whoever locks coaches or groups too locks those first.
    Raises Unknown; also for one that has a time by now.
    """
    query = select(pod_shells).where(row.id == shell_id)
    if lock:
        query = to_change(query)
    found = _all(tx, query)
    if not found:
        raise Unknown("shell", shell_id)
    return found[0]


def lock_of(tx: Connection, participant_id: str) -> None:
    """Lock those to which this participant is to come."""
    theirs = select(person.shell_id).where(person.participant_id == participant_id)
    mine = select(row.id).where(row.id.in_(theirs))
    tx.execute(to_change(mine.order_by(row.id))).all()


def among(tx: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these are shells."""
    return set(tx.scalars(select(row.id).where(row.id.in_(ids))))


def of_ids(tx: Connection, ids: Sequence[str]) -> list[PodShell]:
    return _all(tx, select(pod_shells).where(row.id.in_(ids)))


def within(
    tx: Connection, where: Context, *, coach_id: str | None = None, limit: int
) -> list[PodShell]:
    """Those of this company, project and cohort, wherever it names one; the oldest first, those
    made together by title.
    """
    query = select(pod_shells)
    if coach_id is not None:
        query = query.where(row.coach_id == coach_id)
    for name in ("company", "project", "cohort"):
        if named := getattr(where, name):
            query = query.where(row.context[name].as_string() == named)
    return _all(tx, query.order_by(row.created_at, row.title, row.id).limit(limit))


def _put_people(tx: Connection, shell: PodShell) -> None:
    if not shell.participants:
        return
    rows = []
    for who in shell.participants:
        told = records.values_of(who)
        known = {"shell_id": shell.id, "participant_id": told.pop("id")}
        rows.append(known | {"participant": told})
    tx.execute(pod_shell_people.insert(), rows)


def _all(tx: Connection, query: Select[Any]) -> list[PodShell]:
    shells = tx.execute(query).all()
    ids = [shell.id for shell in shells]
    people: dict[str, list[Participant]] = {shell_id: [] for shell_id in ids}
    named = select(pod_shell_people).where(person.shell_id.in_(ids))
    for found in tx.execute(named.order_by(person.participant_id)):
        who = Participant(id=found.participant_id, **found.participant)
        people[found.shell_id].append(who)
    return [_shell(shell, people[shell.id]) for shell in shells]


def _shell(found: Row[Any], people: Sequence[Participant]) -> PodShell:
    values = dict(found._mapping)
    values |= {"context": Context.of_json(found.context), "participants": tuple(people)}
    values["place"] = Place.of_json(found.place)
    return PodShell(**values)


def _values(shell: PodShell) -> dict[str, Any]:
    place = shell.place and shell.place.as_json()
    values = records.values_of(shell) | {"context": shell.context.as_json(), "place": place}
    del values["participants"]
    return values
