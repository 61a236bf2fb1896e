"""Who would be in each group of pods once the rows of a roster so far were made."""

from collections.abc import Sequence

from sqlalchemy import Connection

from domain.pod_formats import check_seats
from domain.pod_groups import PodGroup
from domain.sessions import Participant
from storage.rows import pod_groups as group_rows
from storage.transactions import pod_groups
from storage.transactions.pods import Plan


class RehearsedGroups:
    """Who would be in each group so far: all of them get a seat in each of its pods."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._groups: dict[str, PodGroup] = {}
        self._addresses: dict[str, set[str]] = {}

    def check(self, plan: Plan, participants: Sequence[Participant]) -> None:
        """Raises Refused for a new pod of a group that is of other people, or has no room for all
        in it.
        """
        if plan.group_id is None or plan.format != "hybrid_v2":
            return
        if plan.group_id not in self._groups:
            begun = PodGroup(plan.group_id, plan.title, plan.context)
            self._groups[plan.group_id] = group_rows.get(self._tx, plan.group_id) or begun
            members = pod_groups.members(self._tx, plan.group_id)
            self._addresses[plan.group_id] = _addresses([who for who, _ in members])
        self._groups[plan.group_id].check_takes(plan.context)
        theirs = self._addresses[plan.group_id] | _addresses(participants)
        check_seats(plan.min_seats, plan.capacity, len(theirs))
        self._addresses[plan.group_id] = theirs


def _addresses(people: Sequence[Participant]) -> set[str]:
    return {who.email.lower() for who in people}
