"""Many pods at once: each made in its turn by the rule that makes any pod, so that those of one file collide too."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection, func, or_, select

from domain.coaches import Coach
from domain.errors import Invalid
from domain.sessions import Context, Format, Participant, Refused, Session, Terms, Unknown
from domain.slots import Own
from storage import coaches as coach_rows
from storage import openings, pods, slots
from storage.database import insert
from storage.openings import Wanted
from storage.outbox import Wake
from storage.pods import Made, Plan
from storage.tables import coaches, imported_people


@dataclass(frozen=True, slots=True)
class Entry:
    """A pod as a roster asks for it. `coach`: an id, or the coach's mail address; `start` in epoch seconds;
    `duration` None: the only one that the coach offers. The id of each of `participants` is their mail address in small
    letters: it is all that a roster knows, and is never kept as an id."""

    coach: str
    start: int
    duration: int | None
    min_seats: int
    capacity: int
    format: Format
    title: str | None
    context: Context
    participants: tuple[Participant, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry: a pod, or why there is none."""

    made: Made | None
    refused: Refused | Invalid | None = None

    @property
    def wake(self) -> list[Wake]:
        return [] if self.made is None else self.made.wake


def make(tx: Connection, entries: Sequence[Entry], terms: Terms) -> list[Outcome]:
    """Make these pods in their order; one that cannot be had leaves nothing behind, and does not stop the others.

    Whoever wants all of them or none rolls the transaction back.
    """
    named = _ids(tx, {entry.coach for entry in entries})
    entries = _known_by_ids(tx, entries)
    locked = {  # in one order: two imports cannot deadlock
        coach_id: openings.lock(tx, coach_id, terms)
        for coach_id in sorted({each for ids in named.values() for each in ids})
    }
    return [_outcome(tx, entry, locked, named[entry.coach], terms) for entry in entries]


def rehearse(tx: Connection, entries: Sequence[Entry], terms: Terms) -> list[Outcome]:
    """What `make` would do. Nothing is written and nobody is locked: each coach is read once, and the pods of the
    entries before stand as if they had been made.
    """
    named = _ids(tx, {entry.coach for entry in entries})
    rehearsals: dict[str, _Rehearsal] = {}
    return [_rehearsed(tx, entry, named[entry.coach], rehearsals, terms) for entry in entries]


class _Rehearsal:
    """One coach's open times, and the pods that were put into them so far."""

    def __init__(self, tx: Connection, coach: Coach, terms: Terms) -> None:
        self.coach = coach
        listing = openings.listing_of(tx, coach.id, terms)
        self._terms = terms
        self._basis = slots.basis(tx, coach, now=terms.now, calendars=listing.effect != "hours_only")
        self._pods: list[Own] = []
        # Not the stored set: a hold in it may have ended, and be dropped by whoever locks the coach next.
        self._listing = replace(listing, slots=self._basis.build())

    def take(self, plan: Plan) -> Session:
        """The pod, if its time is open. Raises Refused and Invalid."""
        openings.refuse_closed(self._listing, plan.wanted, self._terms)
        pod = pods.planned(self.coach, plan, self._terms)
        self._pods.append(Own(pod.starts, pod.ends, pod.gap))
        self._listing = replace(self._listing, slots=self._basis.build(self._pods))
        return pod


def _rehearsed(
    tx: Connection, entry: Entry, found: Sequence[str], rehearsals: dict[str, _Rehearsal], terms: Terms
) -> Outcome:
    try:
        coach_id = _only(entry.coach, found)
        rehearsal = rehearsals.get(coach_id)
        if rehearsal is None:
            rehearsal = rehearsals[coach_id] = _Rehearsal(tx, _coach(tx, coach_id), terms)
        plan = _plan(entry, rehearsal.coach)
        pods.check_plan(plan, len(entry.participants))
        return Outcome(Made(rehearsal.take(plan), [], []))
    except (Refused, Invalid) as refused:
        return Outcome(None, refused)


def _coach(tx: Connection, coach_id: str) -> Coach:
    """Raises Unknown for one who was removed since the name was looked up."""
    coach = coach_rows.get(tx, coach_id)
    if coach is None:
        raise Unknown("coach", coach_id)
    return coach


def _ids(tx: Connection, names: set[str]) -> dict[str, list[str]]:
    """Who each name may mean, by id or by mail address; capital letters are small ones there."""
    row = coaches.c
    mail = func.lower(row.email)
    query = select(row.id, mail.label("mail")).where(or_(row.id.in_(names), mail.in_([name.lower() for name in names])))
    found = list(tx.execute(query.order_by(row.id)))
    return {name: [each.id for each in found if name == each.id or name.lower() == each.mail] for name in names}


def _known_by_ids(tx: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """The entries with ids that say nothing: the same for one address each time, whichever file it stands in."""
    addresses = {person.id for entry in entries for person in entry.participants}
    ids = {address: _id_of(tx, address) for address in sorted(addresses)}  # in one order: no deadlock
    found = []
    for entry in entries:
        people = tuple(replace(person, id=ids[person.id]) for person in entry.participants)
        found.append(replace(entry, participants=people))
    return found


def _id_of(tx: Connection, address: str) -> str:
    digest = sha256(address.encode()).digest()
    new = {"address_hash": digest, "participant_id": f"imp_{secrets.token_hex(12)}"}
    tx.execute(insert(tx, imported_people).values(new).on_conflict_do_nothing())
    mine = imported_people.c.address_hash == digest
    return str(tx.scalar(select(imported_people.c.participant_id).where(mine)))


def _outcome(tx: Connection, entry: Entry, locked: dict[str, Coach], found: Sequence[str], terms: Terms) -> Outcome:
    try:
        with tx.begin_nested():
            return Outcome(_made(tx, entry, locked, found, terms))
    except (Refused, Invalid) as refused:
        return Outcome(None, refused)


def _made(tx: Connection, entry: Entry, locked: dict[str, Coach], found: Sequence[str], terms: Terms) -> Made:
    coach = locked[_only(entry.coach, found)]
    return pods.create(tx, _plan(entry, coach), list(entry.participants), terms)


def _plan(entry: Entry, coach: Coach) -> Plan:
    return Plan(
        Wanted(coach.id, entry.start, entry.duration or _only_duration(coach)),
        entry.min_seats,
        entry.capacity,
        entry.format,
        title=entry.title,
        context=entry.context,
    )


def _only(name: str, found: Sequence[str]) -> str:
    if not found:
        detail = f"There is no coach with the id or mail address {name!r:.80}: correct it, or make the coach first."
        raise Invalid("coach", "unknown_coach", detail)
    if len(found) > 1:
        raise Invalid("coach", "ambiguous_coach", f"{name!r:.80} means {len(found)} coaches: write the coach's id.")
    return found[0]


def _only_duration(coach: Coach) -> int:
    if len(coach.durations) > 1:
        offered = ", ".join(map(str, coach.durations))
        raise Invalid("duration", "duration_required", f"Fill in duration: this coach offers {offered} minutes.")
    return coach.durations[0]
