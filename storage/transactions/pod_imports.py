"""Many pods at once: each taken in its turn by the rule that makes any pod,
so that those of one file collide too.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection, func, or_, select

from domain.coaches import Coach
from domain.errors import Invalid
from domain.mail.safety import mail_address
from domain.sessions import Refused, Session, Terms, Unknown
from domain.slots import Own
from storage.rows import coaches as coach_rows
from storage.rows.outbox_claims import Wake
from storage.schema.database import insert
from storage.schema.tables import coaches, imported_people
from storage.slots import bookable, slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import pods
from storage.transactions.pod_import_entries import EntryOutcome, Placed, PodEntry
from storage.transactions.pods import Plan

MOST_ENTRIES = 10
MOST_SEATED = 50
"""Of one part: its coach is locked for all of them, and a seat takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Part:
    """Entries of one coach, by their place in the roster: what is made in one transaction."""

    coach_id: str
    places: tuple[int, ...]


def parts(entries: Sequence[PodEntry], outcomes: Sequence[EntryOutcome]) -> list[Part]:
    """The roster, cut so that nobody who books one of its coaches waits for long. In one order: of
    two that want the same times, one comes first everywhere.
    """
    found: list[Part] = []
    places = sorted(range(len(entries)), key=lambda place: (outcomes[place].coach_id, place))
    people = 0
    for place in places:
        coach_id, more = outcomes[place].coach_id, len(entries[place].participants)
        people += more
        if found and _has_room(found[-1], coach_id, people):
            found[-1] = replace(found[-1], places=(*found[-1].places, place))
        else:
            found.append(Part(coach_id, (place,)))
            people = more
    return found


def _has_room(part: Part, coach_id: str, people: int) -> bool:
    is_small = len(part.places) < MOST_ENTRIES and people <= MOST_SEATED
    return part.coach_id == coach_id and is_small


def make(
    tx: Connection, coach_id: str, entries: Sequence[PodEntry], terms: Terms, *, all_or_none: bool
) -> tuple[list[EntryOutcome], list[Wake]]:
    """Make these pods of one coach's in their order, and what to wake senders for; one that cannot
    be had does not stop the others, unless `all_or_none`: then it stops all.

    The coach is locked for it: the basis of the slot set is read once, and the set is written once.
    """
    try:
        coach = bookable.lock(tx, coach_id, terms)
    except Unknown:
        gone = Invalid(
            "coach",
            "unknown_coach",
            "This coach was removed meanwhile: make the coach, or name another.",
        )
        return [EntryOutcome(refused=gone, coach_id=coach_id)] * len(entries), []
    # All are tried before one is written: whether this is to be had at all is known by then.
    rehearsal = _Rehearsal(tx, coach, terms)
    outcomes, planned = [], []
    for entry in entries:
        outcome, pod = _rehearsed(entry, rehearsal)
        outcomes.append(outcome)
        planned.append(pod)
    refused = planned.count(None)
    if all_or_none and refused:
        return [replace(outcome, pod=None) for outcome in outcomes], []
    if refused == len(outcomes):
        return outcomes, []
    wake: list[Wake] = []
    for entry, pod in zip(_known_by_ids(tx, entries), planned, strict=True):
        if pod is not None:
            wake += pods.place(tx, coach, pod, entry.participants, terms).wake
    slot_sets.recompute(tx, coach, now=terms.now)
    return outcomes, wake


def know_people(tx: Connection, entries: Sequence[PodEntry]) -> None:
    """Give everybody an id before any coach is locked:
    two rosters with the same people would wait for each other.
    """
    _known_by_ids(tx, entries)


def rehearse(tx: Connection, entries: Sequence[PodEntry], terms: Terms) -> list[EntryOutcome]:
    """What `make` would do, all of it at once. Nothing is written and nobody is locked: each coach
    is read once, and the pods of the entries before stand as if they had been made.
    """
    named = _ids(tx, {entry.coach for entry in entries})
    rehearsals: dict[str, _Rehearsal] = {}
    outcomes = []
    for entry in entries:
        outcome = _looked_up(tx, entry, named[entry.coach], rehearsals, terms)
        outcomes.append(outcome)
    return outcomes


class _Rehearsal:
    """One coach's open times, and the pods that were put into them so far."""

    def __init__(self, tx: Connection, coach: Coach, terms: Terms) -> None:
        self.coach = coach
        listing = bookable.listing_of(tx, coach.id, terms)
        self._terms = terms
        self._basis = slot_sets.basis(
            tx, coach, now=terms.now, calendars=listing.effect != "hours_only"
        )
        self._pods: list[Own] = []
        # Not the stored set: a hold in it may have ended,
        # and be dropped by whoever locks the coach next.
        self._listing = replace(listing, slots=self._basis.build())

    def take(self, plan: Plan) -> Session:
        """The pod, if its time is open. Raises Refused and Invalid."""
        # The set is made anew with each pod, which takes milliseconds: so the next entry of this
        # coach meets it, buffers and limits included.
        bookable.refuse_closed(self._listing, plan.wanted, self._terms)
        pod = pods.planned(self.coach, plan, self._terms)
        self._pods.append(Own(pod.starts, pod.ends, pod.gap))
        self._listing = replace(self._listing, slots=self._basis.build(self._pods))
        return pod


def _looked_up(
    tx: Connection,
    entry: PodEntry,
    found: Sequence[str],
    rehearsals: dict[str, _Rehearsal],
    terms: Terms,
) -> EntryOutcome:
    try:
        coach_id = _only(entry.coach, found)
    except Invalid as refused:
        return EntryOutcome(refused=refused)
    if coach_id not in rehearsals:
        rehearsals[coach_id] = _Rehearsal(tx, _coach(tx, coach_id), terms)
    return _rehearsed(entry, rehearsals[coach_id])[0]


def _rehearsed(entry: PodEntry, rehearsal: _Rehearsal) -> tuple[EntryOutcome, Session | None]:
    """What comes of the entry, and the pod as it would be written."""
    coach_id = rehearsal.coach.id
    try:
        plan = _plan(entry, rehearsal.coach)
        pods.check_plan(plan, len(entry.participants))
        pod = rehearsal.take(plan)
    except (Refused, Invalid) as refused:
        return EntryOutcome(refused=refused, coach_id=coach_id), None
    return EntryOutcome(Placed(pod.id, pod.starts, pod.ends), coach_id=coach_id), pod


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
    mails = {name: _as_kept(name) for name in names}
    query = select(row.id, mail.label("mail"))
    meant = query.where(or_(row.id.in_(names), mail.in_(mails.values())))
    means = defaultdict(list)
    for coach in tx.execute(meant.order_by(row.id)):
        for name in names:
            if name == coach.id or mails[name] == coach.mail:
                means[name].append(coach.id)
    return means


def _as_kept(name: str) -> str:
    # A name may be an id as well, which is no address.
    try:
        return mail_address("coach", name).lower()
    except Invalid:
        return name.lower()


def _known_by_ids(tx: Connection, entries: Sequence[PodEntry]) -> list[PodEntry]:
    """The entries with ids that say nothing:
    the same for one address each time, whichever file it stands in.
    """
    digests = {}
    for entry in entries:
        for person in entry.participants:
            digests[person.id] = sha256(person.id.encode()).digest()
    ids = _ids_of(tx, digests)
    found = []
    for entry in entries:
        people = tuple(replace(person, id=ids[person.id]) for person in entry.participants)
        found.append(replace(entry, participants=people))
    return found


def _ids_of(tx: Connection, digests: dict[str, bytes]) -> dict[str, str]:
    """By address; those that are new get one."""
    known = _known(tx, digests.values())
    # Two rosters with the same people write in one order: neither waits for the other in a circle.
    new = sorted(set(digests.values()) - known.keys())
    if new:
        rows = []
        for digest in new:
            name = f"imp_{secrets.token_hex(12)}"
            rows.append({"address_hash": digest, "participant_id": name})
        # Another roster may have given one an id since the look: read again, theirs is the one.
        tx.execute(insert(tx, imported_people).on_conflict_do_nothing(), rows)
        known |= _known(tx, new)
    return {address: known[digest] for address, digest in digests.items()}


def _known(tx: Connection, digests: Collection[bytes]) -> dict[bytes, str]:
    row = imported_people.c
    query = select(row.address_hash, row.participant_id).where(row.address_hash.in_(digests))
    return {bytes(found.address_hash): found.participant_id for found in tx.execute(query)}


def _plan(entry: PodEntry, coach: Coach) -> Plan:
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
        detail = (
            f"There is no coach with the id or mail address {name!r:.80}: correct it, or make"
            " the coach first."
        )
        raise Invalid("coach", "unknown_coach", detail)
    if len(found) > 1:
        raise Invalid(
            "coach",
            "ambiguous_coach",
            f"{name!r:.80} means {len(found)} coaches: write the coach's id.",
        )
    return found[0]


def _only_duration(coach: Coach) -> int:
    if len(coach.durations) > 1:
        offered = ", ".join(map(str, coach.durations))
        raise Invalid(
            "duration",
            "duration_required",
            f"Fill in duration: this coach offers {offered} minutes.",
        )
    return coach.durations[0]
