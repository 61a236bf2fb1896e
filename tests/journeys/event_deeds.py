"""Coaches who drag, delete, decline and rename our events while everything else goes on, and what
has to be true of them.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.coaches import Coach
from domain.event_differences import POLICIES, EventPolicy, event_id
from domain.sessions import Refused, Session, Terms
from storage.rows import bookings as booking_rows
from storage.rows import coaches, sessions
from storage.rows import event_differences as differences
from storage.rows.event_differences import Difference
from storage.slots import availability, bookable, listings, slot_sets
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings, event_differences
from tests.journeys import storm
from tests.support import people
from tests.support.processes import Town
from workers.cronofy.sandbox.control import NotThere

HOUR = 3600
DAYS = 14
PEOPLE = (people.GRACE, people.HEDY, people.MARY)


@dataclass
class Actor:
    """A coach of one policy, and the calendar that their sessions are written into."""

    running: Town
    coach_id: str
    policy: EventPolicy
    calendar: str
    dice: random.Random
    did: set[tuple[str, str, int | None]] = field(default_factory=set)
    """To which event they did what: its key, a kind, and where they dragged it."""

    def coming(self) -> list[Session]:
        now = int(self.terms().now.timestamp())
        with self.running.database.read() as tx:
            found = sessions.of_coach(tx, self.coach_id, now, slot_sets.FOREVER)
        return [each for each in found if each.active]

    def terms(self) -> Terms:
        return people.terms(datetime.now(UTC))

    def offered(self) -> list[int]:
        terms = self.terms()
        with self.running.database.read() as tx:
            listing = bookable.listing_of(tx, self.coach_id, terms)
            asked = Asked(60, terms.seconds, terms.seconds + DAYS * 24 * HOUR, terms.seconds)
            found: list[int] = availability.starts(listing, asked).tolist()
        return found


def cast(running: Town, seed: int) -> list[Actor]:
    """One coach of each policy, connected and read."""
    targets = storm.connect(running, len(POLICIES))
    dice = random.Random(seed)
    actors = []
    for target, policy in zip(targets, POLICIES, strict=True):
        with running.database.write() as tx:
            coach = coaches.get(tx, target.coach_id)
            assert coach is not None
            coaches.put(tx, replace(coach, event_policy=policy))
        actors.append(Actor(running, target.coach_id, policy, target.calendar, dice))
    return actors


def book(actor: Actor) -> None:
    starts = actor.offered()
    if starts and len(actor.coming()) < 6:
        wanted = Wanted(actor.coach_id, actor.dice.choice(starts), 60)
        who = actor.dice.choice(PEOPLE)
        with suppress(Refused), actor.running.database.write() as tx:
            bookings.book(tx, wanted, who, people.PROGRAMME, actor.terms())


def rebook(actor: Actor) -> None:
    starts = actor.offered()
    if starts and (booking := _seat(actor)):
        with suppress(Refused), actor.running.database.write() as tx:
            bookings.rebook(tx, booking, actor.dice.choice(starts), actor.terms())


def cancel(actor: Actor) -> None:
    if len(actor.coming()) > 3 and (booking := _seat(actor)):
        with suppress(Refused), actor.running.database.write() as tx:
            bookings.cancel(tx, booking, actor.terms(), excused=True)


def meet(actor: Actor) -> None:
    """Something of the coach's own."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start += timedelta(hours=actor.dice.randrange(1, DAYS * 24))
    actor.running.control.add_event(actor.calendar, start, start + timedelta(hours=1))


def drag(actor: Actor) -> None:
    starts = actor.offered() + [each.starts for each in actor.coming()]
    if not starts:
        return
    begin = actor.dice.choice(starts)
    start = datetime.fromtimestamp(begin, UTC)
    end = start + timedelta(hours=1)
    _touch(actor, lambda uid: actor.running.control.move_event(uid, start, end), "moved", begin)


def take_out(actor: Actor) -> None:
    _touch(actor, actor.running.control.delete_event, "deleted")


def decline(actor: Actor) -> None:
    change = actor.running.control.change_event
    _touch(actor, lambda uid: change(uid, declined=True), "declined")


def rename(actor: Actor) -> None:
    change = actor.running.control.change_event
    _touch(actor, lambda uid: change(uid, summary="Tea"), None)


def _touch(
    actor: Actor, deed: Callable[[str], None], kind: str | None, where: int | None = None
) -> None:
    """Do it to one of those that stand in the calendar, if any does. Between the look and the deed
    the worker may take that event away: then nothing was done.
    """
    standing = [
        each for each in events(actor.running).values() if each["calendar"] == actor.calendar
    ]
    if not standing:
        return
    chosen = actor.dice.choice(standing)
    with suppress(NotThere):
        deed(str(chosen["event_uid"]))
        if kind is not None:
            actor.did.add((str(chosen["event_id"]), kind, where))


def settle(actor: Actor) -> None:
    """The coach answers, perhaps about what is another thing by now."""
    with actor.running.database.read() as tx:
        found = differences.of_coach(tx, actor.coach_id)
    if not found:
        return
    one, terms = actor.dice.choice(found), actor.terms()
    with suppress(Refused), actor.running.database.write() as tx:
        if actor.dice.random() < 0.5:
            event_differences.put_back(tx, one.session_id, one.token, terms.now)
        else:
            event_differences.move_there(tx, one.session_id, one.token, terms)


DEEDS: tuple[Callable[[Actor], None], ...] = (drag, drag, drag, take_out, decline, rename)
ORDINARY: tuple[Callable[[Actor], None], ...] = (book, rebook, rebook, cancel, meet, settle)


def _seat(actor: Actor) -> str | None:
    coming = actor.coming()
    if not coming:
        return None
    with actor.running.database.read() as tx:
        seats = booking_rows.of_session(tx, actor.dice.choice(coming).id)
    return seats[-1].id


def events(running: Town) -> dict[str, dict[str, Any]]:
    """Our events that stand in a calendar, by their key; there is one of each."""
    found: dict[str, dict[str, Any]] = {}
    for account in running.control.state()["accounts"]:
        for profile in account["profiles"]:
            for calendar in profile["calendars"]:
                for event in calendar["events"]:
                    if event["event_id"] and not event["deleted"]:
                        assert event["event_id"] not in found
                        found[event["event_id"]] = event | {"calendar": calendar["calendar_id"]}
    return found


def offered_twice(actor: Actor) -> list[int]:
    """Starts that are listed though a session or its event stands there. Under the coach's lock:
    whatever changes one of them changes the set in the same transaction.
    """
    terms = actor.terms()
    with actor.running.database.write() as tx:
        coaches.lock(tx, actor.coach_id)
        taken = [(each.starts, each.ends) for each in actor_sessions(tx, actor, terms)]
        for one in differences.of_coach(tx, actor.coach_id):
            if one.starts is not None and one.ends is not None:
                taken.append((one.starts, one.ends))
        found = listings.listings(
            tx, [actor.coach_id], now=terms.now, stale_after=terms.stale_after
        )[actor.coach_id]
    twice = []
    for start in found.slots.open_starts(60).tolist():
        if any(start < ends and starts < start + HOUR for starts, ends in taken):
            twice.append(start)
    return twice


def never_done(actor: Actor) -> list[Difference]:
    """Differences that the coach did not make."""
    with actor.running.database.read() as tx:
        found = differences.of_coach(tx, actor.coach_id)
    wrong = []
    for each in found:
        where = each.starts
        if each.kind != "moved":
            where = None
        if (event_id(each.session_id), each.kind, where) not in actor.did:
            wrong.append(each)
    return wrong


def actor_sessions(tx: Any, actor: Actor, terms: Terms) -> list[Session]:
    found = sessions.of_coach(tx, actor.coach_id, terms.seconds, slot_sets.FOREVER)
    return [each for each in found if each.active]


def disagreements(actor: Actor) -> list[str]:
    """What of calendar, sessions, differences and slots does not agree, in words."""
    stands, terms = events(actor.running), actor.terms()
    with actor.running.database.write() as tx:
        coach = coaches.lock(tx, actor.coach_id)
        assert coach is not None
        coming = actor_sessions(tx, actor, terms)
        known = {each.session_id: each for each in differences.of_coach(tx, actor.coach_id)}
        wrong = _wrong_slots(tx, coach, terms)
    keys = {event_id(each.id) for each in coming}
    for key, event in stands.items():
        if event["calendar"] == actor.calendar and key not in keys:
            wrong.append(f"{key} stands there for nobody")
    for session in coming:
        shown = _shown(session, stands.get(event_id(session.id)))
        noted = _noted(known.pop(session.id, None))
        if shown != noted:
            wrong.append(f"{session.id} is {shown}, and known as {noted}")
        elif noted is not None and actor.policy == "restore":
            wrong.append(f"{session.id} is not restored: {noted}")
    wrong.extend(f"{session_id} has nothing to settle" for session_id in known)
    return wrong


def _wrong_slots(tx: Any, coach: Coach, terms: Terms) -> list[str]:
    stored = listings.listings(tx, [coach.id], now=terms.now, stale_after=terms.stale_after)
    if stored[coach.id].slots.bits != slot_sets.compute(tx, coach, now=terms.now).bits:
        return ["the slots are not those of what is stored"]
    return []


Shown = tuple[str, int | None, int | None] | None


def _shown(session: Session, event: dict[str, Any] | None) -> Shown:
    if event is None:
        return "deleted", None, None
    times = tuple(int(datetime.fromisoformat(event[name]).timestamp()) for name in ("start", "end"))
    if event["participation_status"] == "declined":
        return "declined", times[0], times[1]
    if times != (session.starts, session.ends):
        return "moved", times[0], times[1]
    return None


def _noted(known: Difference | None) -> Shown:
    if known is None:
        return None
    return known.kind, known.starts, known.ends
