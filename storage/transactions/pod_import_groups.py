"""Who would be in each group of pods once the rows of a roster so far were made."""

from collections.abc import Sequence

from sqlalchemy import Connection

from domain.pod_formats import check_seats
from domain.sessions import Participant
from storage.rows import pod_groups as group_rows
from storage.transactions import pod_groups
from storage.transactions.pod_import_entries import PodEntry


class RehearsedGroups:
    """Who would be in each group so far: all of them get a seat in each of its pods."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._addresses: dict[str, set[str]] = {}

    def check(self, entry: PodEntry) -> None:
        """Raises Refused for a new pod of a group that has no room for all in it."""
        if entry.group_id is None or entry.format != "hybrid_v2":
            return
        if entry.group_id not in self._addresses:
            group = group_rows.get(self._tx, entry.group_id)
            if group is not None:
                group.check_takes(entry.context)
            members = pod_groups.members(self._tx, entry.group_id)
            self._addresses[entry.group_id] = _addresses([who for who, _ in members])
        theirs = self._addresses[entry.group_id] | _addresses(entry.participants)
        check_seats(entry.min_seats, entry.capacity, len(theirs))
        self._addresses[entry.group_id] = theirs


def _addresses(people: Sequence[Participant]) -> set[str]:
    return {who.email.lower() for who in people}
