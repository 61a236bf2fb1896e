"""Many pods at once: each taken in its turn by the rule that makes any pod, so that those of one
file collide too. A row without a time is about a shell.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, or_, select

from domain.coaches import Coach
from domain.errors import Invalid
from domain.mail.safety import mail_address
from domain.sessions import Refused, Terms, Unknown
from storage.rows import coaches as coach_rows
from storage.rows import sessions
from storage.rows.outbox_claims import Wake
from storage.schema import history
from storage.schema.tables import coaches
from storage.slots import slot_sets
from storage.transactions import (
    pod_groups,
    pod_import_changes,
    pod_import_locks,
    pod_import_overlaps,
    pod_import_people,
    pod_import_shells,
    pods,
)
from storage.transactions.pod_import_entries import EntryOutcome, PodEntry
from storage.transactions.pod_import_stages import Rehearsals, planned

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
    with history.savepoint(tx) as whole:
        try:
            locked = pod_import_locks.lock(tx, coach_id, entries, terms)
        except Unknown:
            gone = EntryOutcome(refused=pod_import_shells.coach_gone(), coach_id=coach_id)
            return [gone] * len(entries), []
        coach = locked.coaches.get(coach_id)
        # All are tried before one is written: whether this is to be had at all is known by then.
        stage = Rehearsals(tx, terms, pod_import_shells.named(tx, entries), locked.regrouped)
        outcomes = [stage.outcome(entry, coach) for entry in entries]
        wake: list[Wake] = []
        if not (all_or_none and _refused(outcomes)):
            outcomes, wake = _made(tx, locked.coaches, coach, entries, outcomes, terms)
        if (all_or_none and _refused(outcomes)) or _refused(outcomes) == len(outcomes):
            whole.rollback()
            return [replace(outcome, pod=None, shell_id=None) for outcome in outcomes], []
    return outcomes, wake


def _refused(outcomes: Sequence[EntryOutcome]) -> int:
    return sum(outcome.refused is not None for outcome in outcomes)


def _made(
    tx: Connection,
    coaches: pod_groups.Coaches,
    coach: Coach | None,
    entries: Sequence[PodEntry],
    rehearsed: Sequence[EntryOutcome],
    terms: Terms,
) -> tuple[list[EntryOutcome], list[Wake]]:
    """What came of each that was not refused beforehand."""
    outcomes, wake = list(rehearsed), list[Wake]()
    known = pod_import_people.know(tx, entries)
    pod_import_locks.lock_people(tx, known)
    shells = pod_import_shells.named(tx, entries)
    for place, entry in enumerate(known):
        outcome = rehearsed[place]
        if outcome.refused is not None or outcome.comes == "unchanged":
            continue
        try:
            # What only its group refuses is known when its seats are given: they are taken back.
            with history.savepoint(tx):
                if pod_import_shells.is_about_one(entry, shells):
                    wake += pod_import_shells.apply(tx, coaches, entry, outcome, terms)
                else:
                    wake += _one(tx, coaches, entry, outcome, terms)
        except (Refused, Invalid) as refused:
            outcomes[place] = replace(outcome, refused=refused, pod=None, shell_id=None)
    if coach is not None:
        slot_sets.recompute(tx, coach, now=terms.now)
    return outcomes, wake


def _one(
    tx: Connection,
    coaches: pod_groups.Coaches,
    entry: PodEntry,
    outcome: EntryOutcome,
    terms: Terms,
) -> list[Wake]:
    if entry.pod_id is not None:
        return pod_import_changes.apply(tx, coaches, entry, terms)
    coach = coaches[outcome.coach_id]
    plan = pods.in_group(tx, planned(entry, coach), terms)
    pod = pods.planned(coach, plan, terms)
    if outcome.pod is not None:
        pod = replace(pod, id=outcome.pod.id)
    return pods.place(tx, coaches, pod, entry.participants, terms).wake


def know_people(tx: Connection, entries: Sequence[PodEntry]) -> None:
    """Give everybody an id before any coach is locked:
    two rosters with the same people would wait for each other.
    """
    pod_import_people.know(tx, entries)


def rehearse(tx: Connection, entries: Sequence[PodEntry], terms: Terms) -> list[EntryOutcome]:
    """What `make` would do, all of it at once. Nothing is written and nobody is locked: each coach
    is read once, and the pods of the entries before stand as if they had been made.
    """
    named = _ids(tx, {entry.coach for entry in entries})
    stage = Rehearsals(tx, terms, pod_import_shells.named(tx, entries))
    coaches: dict[str, Coach | None] = {}
    outcomes = []
    for entry in entries:
        # Whoever plans a pod may not know yet whose it will be.
        if not entry.coach:
            outcomes.append(stage.outcome(entry, None))
            continue
        try:
            coach_id = _only(entry, named[entry.coach], tx)
        except Invalid as refused:
            outcomes.append(EntryOutcome(refused=refused))
            continue
        if coach_id not in coaches:
            coaches[coach_id] = coach_rows.get(tx, coach_id)
        coach = coaches[coach_id]
        if coach is None:
            outcomes.append(EntryOutcome(refused=pod_import_shells.coach_gone(), coach_id=coach_id))
            continue
        outcomes.append(stage.outcome(entry, coach))
    return pod_import_overlaps.refuse(tx, entries, outcomes, terms)


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


def _only(entry: PodEntry, found: Sequence[str], tx: Connection) -> str:
    if not found:
        detail = (
            f"There is no coach with the id or mail address {entry.coach!r:.80}: correct it, or"
            " make the coach first."
        )
        raise Invalid("coach", "unknown_coach", detail)
    if len(found) == 1:
        return found[0]
    # Of two with one address the pod itself says whose it is.
    if entry.pod_id is not None and (mine := sessions.coach_of(tx, entry.pod_id)) in found:
        return str(mine)
    raise Invalid(
        "coach",
        "ambiguous_coach",
        f"{entry.coach!r:.80} means {len(found)} coaches: write the coach's id.",
    )
