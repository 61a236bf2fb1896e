"""Rows of a roster about pods without a time: a row without one makes a shell; one that names a
shell changes it, and gives it a time where it has one.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.errors import Invalid
from domain.pod_shells import PodShell
from domain.sessions import Participant, Refused, Terms, Unknown
from storage.rows import pod_shells as rows
from storage.rows import sessions
from storage.rows.outbox_claims import Wake
from storage.slots.bookable import Wanted
from storage.transactions import pod_shells, pods
from storage.transactions.pod_groups import Coaches
from storage.transactions.pod_import_changes import (
    NOBODY,
    check_is_there,
    clock,
    is_among,
    of_context,
    shown,
)
from storage.transactions.pod_import_entries import EntryOutcome, Placed, PodEntry, RowDifference
from storage.transactions.pod_import_groups import RehearsedGroups
from storage.transactions.pod_import_rehearsals import Rehearsal
from storage.transactions.pods import Plan


@dataclass(frozen=True, slots=True)
class _Compared:
    """The shell as the row has it; its time is another matter."""

    before: PodShell
    after: PodShell
    differs: tuple[RowDifference, ...]


def named(tx: Connection, entries: Collection[PodEntry]) -> set[str]:
    """The shells that these rows name."""
    return rows.among(tx, [entry.pod_id for entry in entries if entry.pod_id is not None])


def is_about_one(entry: PodEntry, shells: Collection[str]) -> bool:
    """Whether the row is about a pod without a time. `shells`: those that are named."""
    if entry.pod_id is None:
        return entry.start is None
    return entry.pod_id in shells


def lock(tx: Connection, shells: Collection[str]) -> None:
    """Until the transaction ends. The caller has locked groups and coaches."""
    for shell_id in sorted(shells):
        # The race: somebody gives it its time, or takes it away, a moment before. Then it is none
        # of those that are `named` from now on.
        with suppress(Unknown):
            rows.get(tx, shell_id, lock=True)


def rehearse(
    tx: Connection,
    entry: PodEntry,
    coach: Coach | None,
    rehearsal: Rehearsal | None,
    groups: RehearsedGroups,
    terms: Terms,
) -> EntryOutcome:
    """What comes of the row. `rehearsal`: of that coach's. Raises Refused and Invalid."""
    coach_id = id_of(coach)
    if entry.pod_id is None:
        shell = _new(entry, coach, terms)
        pod_shells.check(tx, shell)
        return EntryOutcome(shell_id=shell.id, coach_id=coach_id)
    found = _compare(tx, entry, coach)
    if entry.start is None:
        if not found.differs:
            return EntryOutcome(shell_id=entry.pod_id, coach_id=coach_id, comes="unchanged")
        pod_shells.check(tx, found.after)
        return EntryOutcome(
            shell_id=entry.pod_id, coach_id=coach_id, comes="changed", differs=found.differs
        )
    if rehearsal is None:
        raise no_coach()
    plan = _plan(found.after, entry.start, rehearsal.coach)
    pods.check_plan(plan, len(found.after.participants))
    groups.check(plan, found.after.participants)
    pod = rehearsal.take(plan)
    placed = Placed(entry.pod_id, pod.starts, pod.ends)
    given = RowDifference("time", NOBODY, f"{clock(entry.start, entry.zone):%Y-%m-%d %H:%M}")
    return EntryOutcome(placed, coach_id=coach_id, comes="changed", differs=(*found.differs, given))


def apply(
    tx: Connection, coaches: Coaches, entry: PodEntry, outcome: EntryOutcome, terms: Terms
) -> list[Wake]:
    """Make it so. The caller holds the locks of `pod_groups.lock` and `lock`. Raises Refused and
    Invalid.
    """
    coach = coaches.get(outcome.coach_id)
    if entry.pod_id is None:
        rows.add(tx, replace(_new(entry, coach, terms), id=outcome.shell_id or sessions.new_id()))
        return []
    found = _compare(tx, entry, coach)
    if entry.start is None:
        rows.put(tx, replace(found.after, version=found.before.version + 1))
        return []
    if coach is None:
        raise no_coach()
    plan = pods.in_group(tx, _plan(found.after, entry.start, coach), terms)
    rows.delete(tx, entry.pod_id)
    pod = replace(pods.planned(coach, plan, terms), id=entry.pod_id)
    return pods.place(tx, coaches, pod, found.after.participants, terms).wake


def id_of(coach: Coach | None) -> str:
    """As outcomes name whose a pod is; empty: nobody's yet."""
    if coach is None:
        return ""
    return coach.id


def no_coach() -> Invalid:
    return Invalid("coach", "missing", "Fill in coach: a pod with a time has one.")


def coach_gone() -> Invalid:
    """Of one who was removed since the name was looked up."""
    detail = "This coach was removed meanwhile: make the coach, or name another."
    return Invalid("coach", "unknown_coach", detail)


def _new(entry: PodEntry, coach: Coach | None, terms: Terms) -> PodShell:
    _check_zone(entry, entry.participants)
    return PodShell(
        id=sessions.new_id(),
        min_seats=entry.min_seats,
        capacity=entry.capacity,
        format=entry.format,
        created_at=terms.now,
        coach_id=id_of(coach) or None,
        duration=entry.duration,
        title=entry.title,
        context=entry.context,
        group_id=entry.group_id,
        participants=entry.participants,
    )


def _compare(tx: Connection, entry: PodEntry, coach: Coach | None) -> _Compared:
    """Raises Refused for one that was changed since it was exported, Invalid for one that is
    there no more.
    """
    before = _there(tx, entry)
    wanted: dict[str, Any] = {}
    differs: list[RowDifference] = []
    pairs = (
        ("min_seats", "min", entry.min_seats, before.min_seats),
        ("capacity", "max", entry.capacity, before.capacity),
        ("format", "format", entry.format, before.format),
        ("title", "title", entry.title, before.title),
        ("group_id", "group", entry.group_id, before.group_id),
        ("duration", "duration", entry.duration, before.duration),
        ("coach_id", "coach", coach and coach.id, before.coach_id),
    )
    for name, column, mine, theirs in pairs:
        if mine is not None and mine != theirs and column not in entry.left_out:
            wanted[name] = mine
            differs.append(RowDifference(column, shown(theirs), shown(mine)))
    context = entry.context_over(before.context)
    if context != before.context:
        wanted["context"] = context
        differs += of_context(before.context.as_json(), context.as_json())
    people = _people(entry, before)
    if people != before.participants:
        wanted["participants"] = people
        differs.append(_of_people(before.participants, people))
    if (differs or entry.start is not None) and entry.version not in (None, before.version):
        detail = (
            f"The pod was changed since it was exported (version {before.version} now): export it"
            " again, and repeat your change there."
        )
        raise Refused("stale_version", detail, current=before.version)
    return _Compared(before, replace(before, **wanted), tuple(differs))


def _there(tx: Connection, entry: PodEntry) -> PodShell:
    try:
        return rows.get(tx, entry.pod_id or "")
    except Unknown:
        # The race: a trial locks nobody, and it goes a moment after it was looked up.
        check_is_there(tx, entry)
        detail = "The pod was just given a time: export it again, and repeat your change there."
        raise Refused("stale_version", detail) from None


def _check_zone(entry: PodEntry, new: Sequence[Participant]) -> None:
    """Raises Invalid for a row without a zone, where it names people of whom nothing else is
    known. They keep it: whoever is known already stays as they are.
    """
    if entry.zone:
        return
    for who in new:
        if who.id not in entry.known:
            detail = f"Fill in zone: mails tell {who.email} times in it."
            raise Invalid("zone", "missing", detail)


def _people(entry: PodEntry, before: PodShell) -> tuple[Participant, ...]:
    """Who is to come: whoever is known already stays as they are."""
    if "participants" in entry.left_out:
        return before.participants
    stay = [who for who in before.participants if is_among(who, entry.participants)]
    join = [who for who in entry.participants if not is_among(who, before.participants)]
    _check_zone(entry, join)
    return (*stay, *join)


def _of_people(before: tuple[Participant, ...], after: tuple[Participant, ...]) -> RowDifference:
    gone = ", ".join(who.email for who in before if not is_among(who, after))
    new = ", ".join(who.email for who in after if not is_among(who, before))
    return RowDifference("participants", gone or NOBODY, new or NOBODY)


def _plan(shell: PodShell, start: int, coach: Coach) -> Plan:
    return Plan(
        Wanted(coach.id, start, shell.duration or only_duration(coach)),
        shell.min_seats,
        shell.capacity,
        shell.format,
        title=shell.title,
        context=shell.context,
        group_id=shell.group_id,
        place=shell.place,
    )


def only_duration(coach: Coach) -> int:
    if len(coach.durations) > 1:
        offered = ", ".join(map(str, coach.durations))
        raise Invalid(
            "duration",
            "duration_required",
            f"Fill in duration: this coach offers {offered} minutes.",
        )
    return coach.durations[0]
