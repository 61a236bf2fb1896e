"""Coaches: what they set (zone, hours, buffers, policy), whole rows in and out."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Executable, select

from domain.coaches import Coach, Policy
from domain.hours import Hours
from domain.places import Place, kinds_of
from storage.rows import absences
from storage.schema import records
from storage.schema.columns import one_of
from storage.schema.leases import to_change
from storage.schema.records import Values
from storage.schema.tables import coaches


class StaleVersion(Exception):
    """Somebody else changed the coach since `current - 1`; nothing was written."""

    def __init__(self, current: int) -> None:
        super().__init__(
            f"the coach is at version {current} now; read it again and repeat the change"
        )
        self.current = current


def lock(tx: Connection, coach_id: str) -> Coach | None:
    """The coach, locked until the transaction ends.

    Whoever changes a coach's slot set takes this lock first, before any row of a connection: two
    refreshes of one coach then compute one after the other, each seeing what the other stored, and
    nobody can deadlock.
    """
    # The lock is the row's on PostgreSQL. SQLite knows none, and needs none: BEGIN IMMEDIATE has
    # locked the file before anything was read.
    mine = select(coaches).where(coaches.c.id == coach_id)
    return _first(tx, to_change(mine))


def stands(tx: Connection, coach_id: str) -> bool:
    """Whether there is such a coach; nobody deletes them before the transaction ends. For whoever
    inserts a row that belongs to one, and needs no more of them.
    """
    mine = select(coaches.c.id).where(coaches.c.id == coach_id)
    return tx.scalar(mine.with_for_update(read=True, key_share=True)) is not None


def get(tx: Connection, coach_id: str) -> Coach | None:
    return _first(tx, select(coaches).where(coaches.c.id == coach_id))


def by_id(tx: Connection, coach_ids: Sequence[str]) -> dict[str, Coach]:
    """Those of them that there are."""
    theirs = select(coaches).where(one_of(tx, coaches.c.id, coach_ids))
    return {row["id"]: _coach(row) for row in records.dicts(tx, theirs)}


def put(tx: Connection, coach: Coach, *, expected: int | None = None) -> Coach:
    """Insert or replace; a change adds 1 to the version, an identical coach is left alone.

    Raises StaleVersion when `expected` is given and is not the stored version (0 for "not there
    yet").
    """
    before = lock(tx, coach.id)
    stored = before.version if before else 0
    if expected is not None and expected != stored:
        raise StaleVersion(stored)
    if before is None:
        tx.execute(coaches.insert().values(id=coach.id, version=1, **_row(coach)))
    elif _row(before) != _row(coach):
        tx.execute(
            coaches.update()
            .where(coaches.c.id == coach.id)
            .values(version=stored + 1, **_row(coach))
        )
    # Read back: what counts is what the next reader gets, in the shapes that JSON gave it.
    after = get(tx, coach.id)
    assert after is not None  # noqa: S101 (it was written two lines up, in this transaction)
    return after


def is_same(one: Coach, other: Coach) -> bool:
    """Whether both set the same, whatever their versions."""
    return _row(one) == _row(other)


def _row(coach: Coach) -> dict[str, Any]:
    return {
        "zone": coach.hours.zone,
        "weekly": coach.hours.weekly,
        "overrides": [[day.isoformat(), windows] for day, windows in coach.hours.overrides],
        "pre": coach.pre,
        "post": coach.post,
        "notice": coach.notice,
        "horizon_days": coach.horizon_days,
        "durations": coach.durations,
        "mode": coach.mode,
        "per_day": coach.per_day,
        "per_week": coach.per_week,
        "tentative_blocks": coach.tentative_blocks,
        "policy": coach.policy.kind,
        "last_known_hours": coach.policy.last_known_hours,
        "name": coach.name,
        "email": coach.email,
        "language": coach.language,
        "place": coach.place and coach.place.as_json(),
        "place_kinds": coach.place_kinds,
        "event_policy": coach.event_policy,
        **absences.columns(coach),
    }


def _first(tx: Connection, query: Executable) -> Coach | None:
    for row in records.dicts(tx, query):
        return _coach(row)
    return None


def _coach(values: Values) -> Coach:
    return Coach(
        id=values["id"],
        hours=Hours(
            zone=values["zone"],
            weekly=tuple(map(_windows, values["weekly"])),
            overrides=tuple(
                (date.fromisoformat(day), _windows(windows)) for day, windows in values["overrides"]
            ),
        ),
        pre=values["pre"],
        post=values["post"],
        notice=values["notice"],
        horizon_days=values["horizon_days"],
        durations=tuple(values["durations"]),
        mode=values["mode"],
        per_day=values["per_day"],
        per_week=values["per_week"],
        tentative_blocks=values["tentative_blocks"],
        policy=Policy(kind=values["policy"], last_known_hours=values["last_known_hours"]),
        version=values["version"],
        name=values["name"],
        email=values["email"],
        language=values["language"],
        place=Place.of_json(values["place"]),
        place_kinds=kinds_of(values["place_kinds"]),
        event_policy=values["event_policy"],
        **absences.of_row(values),
    )


def _windows(stored: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple([(start, end) for start, end in stored])
