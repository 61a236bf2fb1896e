"""Many pods at once: each made in its turn by the rule that makes any pod, so that those of one file collide too."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from domain.coaches import Coach
from domain.errors import Invalid
from domain.sessions import Context, Format, Participant, Refused, Terms
from storage import openings, pods
from storage.openings import Wanted
from storage.outbox import Wake
from storage.pods import Made, Plan
from storage.tables import coaches


@dataclass(frozen=True, slots=True)
class Entry:
    """A pod as a roster asks for it. `coach`: an id, or the coach's mail address; `start` in epoch seconds;
    `duration` None: the only one that the coach offers."""

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
    locked = {  # in one order: two imports cannot deadlock
        coach_id: openings.lock(tx, coach_id, terms)
        for coach_id in sorted({each for ids in named.values() for each in ids})
    }
    return [_outcome(tx, entry, [locked[coach_id] for coach_id in named[entry.coach]], terms) for entry in entries]


def rehearse(tx: Connection, entries: Sequence[Entry], terms: Terms) -> list[Outcome]:
    """What `make` would do. Nothing stays of it, though for the moment it is done for real."""
    trial = tx.begin_nested()
    outcomes = make(tx, entries, terms)
    trial.rollback()
    return outcomes


def _ids(tx: Connection, names: set[str]) -> dict[str, list[str]]:
    """Who each name may mean, by id or by mail address; capital letters are small ones there."""
    row = coaches.c
    mail = func.lower(row.email)
    query = select(row.id, mail.label("mail")).where(or_(row.id.in_(names), mail.in_([name.lower() for name in names])))
    found = list(tx.execute(query.order_by(row.id)))
    return {name: [each.id for each in found if name == each.id or name.lower() == each.mail] for name in names}


def _outcome(tx: Connection, entry: Entry, found: Sequence[Coach], terms: Terms) -> Outcome:
    try:
        with tx.begin_nested():
            return Outcome(_made(tx, entry, found, terms))
    except (Refused, Invalid) as refused:
        return Outcome(None, refused)


def _made(tx: Connection, entry: Entry, found: Sequence[Coach], terms: Terms) -> Made:
    coach = _only(entry.coach, found)
    plan = Plan(
        Wanted(coach.id, entry.start, entry.duration or _only_duration(coach)),
        entry.min_seats,
        entry.capacity,
        entry.format,
        title=entry.title,
        context=entry.context,
    )
    return pods.create(tx, plan, list(entry.participants), terms)


def _only(name: str, found: Sequence[Coach]) -> Coach:
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
