"""Who would be in two sessions at once, were the rows of a roster made one after the other.

What a group adds to a row, the seats of its members and in its later pods, is known when its seats
are given.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from domain.intervals import Interval, meets
from domain.sessions import Participant, Terms
from storage.rows import participant_times
from storage.slots import bookable
from storage.transactions import pod_import_people
from storage.transactions.pod_import_entries import EntryOutcome, PodEntry

Busy = dict[str, dict[str, Interval]]
"""By participant and then by pod; what is no pod of the roster has a name of its own."""


def refuse(
    tx: Connection, entries: Sequence[PodEntry], outcomes: Sequence[EntryOutcome], terms: Terms
) -> list[EntryOutcome]:
    """The outcomes, those refused that would put somebody into two sessions at once. In the order
    in which the rows are made (`pod_imports.parts`).
    """
    known = pod_import_people.known(tx, entries)
    busy = _busy(tx, known, terms)
    found = list(outcomes)
    for place in sorted(range(len(entries)), key=lambda place: (outcomes[place].coach_id, place)):
        entry, outcome = known[place], outcomes[place]
        if outcome.pod is None or outcome.comes == "unchanged":
            continue
        time = outcome.pod.starts, outcome.pod.ends
        elsewhere = _first_elsewhere(entry, busy, time)
        if elsewhere is None:
            for who in entry.participants:
                busy[who.id][entry.pod_id or outcome.pod.id] = time
            continue
        # By the name that the row has for them.
        named = entries[place].participants[entry.participants.index(elsewhere)].email
        refused = bookable.is_elsewhere((), who=named)
        found[place] = replace(outcome, pod=None, refused=refused)
    return found


def _busy(tx: Connection, entries: Sequence[PodEntry], terms: Terms) -> Busy:
    ids: set[str] = set()
    for entry in entries:
        ids.update(entry.participant_ids)
    busy: Busy = defaultdict(dict)
    for seat in participant_times.seats(tx, ids, since=terms.seconds):
        busy[seat.participant_id][seat.session_id] = seat.starts, seat.ends
    return busy


def _first_elsewhere(entry: PodEntry, busy: Busy, time: Interval) -> Participant | None:
    for who in entry.participants:
        others = dict(busy[who.id])
        others.pop(entry.pod_id or "", None)
        if meets(others.values(), *time):
            return who
    return None
