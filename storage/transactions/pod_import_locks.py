"""What is locked for a part of a roster before it is made: groups, then coaches, then shells, then
people, each kind in the order of its ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from domain.pod_groups import PodGroup
from domain.pod_shells import PodShell
from domain.sessions import Format, Session, Terms
from storage.rows import participant_times, sessions
from storage.rows import pod_groups as group_rows
from storage.rows import pod_shells as shell_rows
from storage.transactions import pod_groups, pod_import_shells
from storage.transactions.pod_import_entries import PodEntry

There = dict[str, Session | PodShell]
"""The pods that rows name, by id: with a time or without."""


@dataclass(frozen=True, slots=True)
class LockedPart:
    """`regrouped`: the pods that were put into another group before theirs was locked."""

    coaches: pod_groups.Coaches
    regrouped: frozenset[str]


def lock(tx: Connection, coach_id: str, entries: Sequence[PodEntry], terms: Terms) -> LockedPart:
    """The coach, if there is one, and whoever has pods in the groups of the pods that are to have
    a time; and the shells. Raises Unknown.
    """
    timed = [entry for entry in entries if entry.start is not None]
    before = _there(tx, timed)
    named: dict[str, PodGroup] = {}
    for entry in timed:
        group, format_ = _grouping(entry, before)
        # Of several new pods the first begins the group.
        if group is not None and format_ == "hybrid_v2":
            named.setdefault(group.id, group)
    # In one order: of two rosters that begin the same groups, one waits for the other.
    for group_id in sorted(named):
        group_rows.begin(tx, named[group_id], now=terms.now)
    theirs = {pod.group_id for pod in before.values()}
    locked = pod_groups.lock(tx, {*named, *theirs}, filter(None, [coach_id]), terms)
    pod_import_shells.lock(tx, pod_import_shells.named(tx, entries))
    return LockedPart(locked, _regrouped(before, _there(tx, timed)))


def lock_people(tx: Connection, entries: Sequence[PodEntry]) -> None:
    """Whoever may get a seat or give one up. The caller has locked all else."""
    # All at once: row by row, two rosters of the same people would wait for each other.
    there = _there(tx, entries)
    groups, people = set(), set()
    for entry in entries:
        group, _ = _grouping(entry, there)
        if group is not None:
            groups.add(group.id)
        people.update(entry.participant_ids)
    for pod in there.values():
        if isinstance(pod, PodShell):
            people.update(who.id for who in pod.participants)
    participant_times.lock_seated(tx, there, groups, people)


def _there(tx: Connection, entries: Sequence[PodEntry]) -> There:
    ids = [entry.pod_id for entry in entries if entry.pod_id is not None]
    there: There = dict(sessions.by_id(tx, ids))
    for shell in shell_rows.of_ids(tx, ids):
        there[shell.id] = shell
    return there


def _grouping(entry: PodEntry, there: There) -> tuple[PodGroup | None, Format | None]:
    """The group, as the pod would begin it, and the pod's format: after the row."""
    group_id, title, context = entry.group_id, entry.title, entry.context
    format_: Format | None = entry.format
    pod = there.get(entry.pod_id or "")
    if pod is not None:
        # An empty cell says nothing of them.
        group_id, title = group_id or pod.group_id, title or pod.title
        context = entry.context_over(pod.context)
        if "format" in entry.left_out:
            format_ = pod.format
    if group_id is None:
        return None, format_
    return PodGroup(group_id, title, context), format_


def _regrouped(before: There, now: There) -> frozenset[str]:
    # The race: somebody puts a pod into another group while its own is waited for. Then the coaches
    # of the other one are not locked.
    found = set()
    for pod_id, pod in now.items():
        if pod_id not in before or before[pod_id].group_id != pod.group_id:
            found.add(pod_id)
    return frozenset(found)
