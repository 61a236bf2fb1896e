"""What the rows of a roster would come to, one after the other, with nothing written."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.errors import Invalid
from domain.sessions import Refused, Session, Terms
from domain.slots import Own
from storage.slots import bookable, slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import pod_import_changes, pods
from storage.transactions.pod_import_entries import EntryOutcome, Placed, PodEntry
from storage.transactions.pods import Plan


class Rehearsal:
    """One coach's open times, and the pods that were put into them so far."""

    def __init__(self, tx: Connection, coach: Coach, terms: Terms) -> None:
        self.coach = coach
        listing = bookable.listing_of(tx, coach.id, terms)
        self._tx = tx
        self._terms = terms
        self._calendars = listing.effect != "hours_only"
        self._basis = self._read()
        self._pods: list[Own] = []
        self._moved: list[str] = []
        # Not the stored set: a hold in it may have ended,
        # and be dropped by whoever locks the coach next.
        self._listing = replace(listing, slots=self._basis.build())

    def take(self, plan: Plan) -> Session:
        """The pod, if its time is open. Raises Refused and Invalid."""
        # The set is made anew with each pod, which takes milliseconds: so the next entry of this
        # coach meets it, buffers and limits included.
        bookable.refuse_closed(self._listing, plan.wanted, self._terms)
        pod = pods.planned(self.coach, plan, self._terms)
        self._occupy(Own(pod.starts, pod.ends, pod.gap))
        return pod

    def change(self, entry: PodEntry) -> EntryOutcome:
        """What a row that names a pod would change. Raises Refused and Invalid."""
        found = pod_import_changes.compare(self._tx, entry, self.coach, self._terms)
        end = found.start + 60 * found.minutes
        placed = Placed(found.pod.id, found.start, end)
        if not found.differs:
            return EntryOutcome(placed, coach_id=self.coach.id, comes="unchanged")
        if found.moves:
            self._move(found.pod, Wanted(self.coach.id, found.start, found.minutes))
        late = found.leaves_late(self._tx, self._terms)
        return EntryOutcome(
            placed,
            coach_id=self.coach.id,
            comes="changed",
            differs=found.differs,
            leaves_late=late,
        )

    def _move(self, pod: Session, wanted: Wanted) -> None:
        # Without itself: it may move by a quarter of an hour, over the time that it has now.
        self._basis = self._read([*self._moved, pod.id])
        slots = self._basis.build(self._pods)
        try:
            bookable.refuse_closed(replace(self._listing, slots=slots), wanted, self._terms)
        except (Refused, Invalid):
            self._basis = self._read(self._moved)
            raise
        self._moved.append(pod.id)
        self._occupy(Own(wanted.start, wanted.end, self.coach.gap))

    def _occupy(self, time: Own) -> None:
        self._pods.append(time)
        self._listing = replace(self._listing, slots=self._basis.build(self._pods))

    def _read(self, without: Sequence[str] = ()) -> slot_sets.Basis:
        return slot_sets.basis(
            self._tx,
            self.coach,
            now=self._terms.now,
            without=without,
            calendars=self._calendars,
        )
