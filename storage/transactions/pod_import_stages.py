"""Where the rows of a roster are tried, one after the other, before anything is written."""

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.errors import Invalid
from domain.sessions import Refused, Terms
from storage.slots.bookable import Wanted
from storage.transactions import pod_import_shells, pods
from storage.transactions.pod_import_entries import EntryOutcome, Placed, PodEntry
from storage.transactions.pod_import_groups import RehearsedGroups
from storage.transactions.pod_import_rehearsals import Rehearsal
from storage.transactions.pod_import_shells import only_duration
from storage.transactions.pods import Plan


class Rehearsals:
    """Where entries are tried one after the other. `shells`: those that they name."""

    def __init__(self, tx: Connection, terms: Terms, shells: set[str]) -> None:
        self._tx = tx
        self._terms = terms
        self._shells = shells
        self._groups = RehearsedGroups(tx)
        self._rehearsals: dict[str, Rehearsal] = {}

    def outcome(self, entry: PodEntry, coach: Coach | None) -> EntryOutcome:
        """What comes of the entry. `coach`: whom it names, if it does."""
        coach_id = pod_import_shells.id_of(coach)
        rehearsal, groups = self._rehearsal(entry, coach), self._groups
        try:
            if pod_import_shells.is_about_one(entry, self._shells):
                return pod_import_shells.rehearse(
                    self._tx, entry, coach, rehearsal, groups, self._terms
                )
            if rehearsal is None:
                raise pod_import_shells.no_coach()
            if entry.pod_id is not None:
                return rehearsal.change(entry)
            plan = planned(entry, rehearsal.coach)
            pods.check_plan(plan, len(entry.participants))
            groups.check(entry)
            pod = rehearsal.take(plan)
        except (Refused, Invalid) as refused:
            return EntryOutcome(refused=refused, coach_id=coach_id)
        return EntryOutcome(Placed(pod.id, pod.starts, pod.ends), coach_id=coach_id)

    def _rehearsal(self, entry: PodEntry, coach: Coach | None) -> Rehearsal | None:
        """Each coach is read once, and where a pod is to have a time."""
        if coach is None or (entry.start is None and entry.pod_id is None):
            return None
        if coach.id not in self._rehearsals:
            self._rehearsals[coach.id] = Rehearsal(self._tx, coach, self._terms)
        return self._rehearsals[coach.id]


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
