"""Where the rows of a roster are tried, one after the other, before anything is written."""

from collections.abc import Collection

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.errors import Invalid
from domain.sessions import Refused, Terms, Unknown
from storage.slots.bookable import Wanted
from storage.transactions import pod_import_changes, pod_import_shells, pods
from storage.transactions.pod_import_entries import EntryOutcome, Placed, PodEntry
from storage.transactions.pod_import_groups import RehearsedGroups
from storage.transactions.pod_import_rehearsals import Rehearsal
from storage.transactions.pod_import_shells import only_duration
from storage.transactions.pods import Plan


class Rehearsals:
    """Where entries are tried one after the other. `shells`: those that they name; `regrouped`:
    the pods that were put into another group a moment ago.
    """

    def __init__(
        self, tx: Connection, terms: Terms, shells: set[str], regrouped: Collection[str] = ()
    ) -> None:
        self._tx = tx
        self._terms = terms
        self._shells = shells
        self._regrouped = regrouped
        self._groups = RehearsedGroups(tx)
        self._rehearsals: dict[str, Rehearsal] = {}

    def outcome(self, entry: PodEntry, coach: Coach | None) -> EntryOutcome:
        """What comes of the entry. `coach`: whom it names, if it does."""
        coach_id = pod_import_shells.id_of(coach)
        groups = self._groups
        try:
            rehearsal = self._rehearsal(entry, coach)
            if entry.pod_id in self._regrouped:
                raise _regrouped()
            if pod_import_shells.is_about_one(entry, self._shells):
                return pod_import_shells.rehearse(
                    self._tx, entry, coach, rehearsal, groups, self._terms
                )
            if rehearsal is None:
                pod_import_changes.check_is_there(self._tx, entry)
                raise pod_import_shells.no_coach()
            if entry.pod_id is not None:
                return rehearsal.change(entry)
            plan = planned(entry, rehearsal.coach)
            pods.check_plan(plan, len(entry.participants))
            groups.check(plan, entry.participants)
            pod = rehearsal.take(plan)
        except (Refused, Invalid) as refused:
            return EntryOutcome(refused=refused, coach_id=coach_id)
        except Unknown:
            # The race: a trial locks nobody, and the coach goes a moment after they were read.
            return EntryOutcome(refused=pod_import_shells.coach_gone(), coach_id=coach_id)
        return EntryOutcome(Placed(pod.id, pod.starts, pod.ends), coach_id=coach_id)

    def _rehearsal(self, entry: PodEntry, coach: Coach | None) -> Rehearsal | None:
        """Each coach is read once, and where a pod is to have a time."""
        if coach is None or (entry.start is None and entry.pod_id is None):
            return None
        if coach.id not in self._rehearsals:
            self._rehearsals[coach.id] = Rehearsal(self._tx, coach, self._terms)
        return self._rehearsals[coach.id]


def _regrouped() -> Refused:
    detail = "The pod was just put into another group: export it again, and repeat your change."
    return Refused("stale_version", detail)


def planned(entry: PodEntry, coach: Coach) -> Plan:
    return Plan(
        Wanted(coach.id, entry.timed_start, entry.duration or only_duration(coach)),
        entry.min_seats,
        entry.capacity,
        entry.format,
        title=entry.title,
        context=entry.context,
        group_id=entry.group_id,
    )
