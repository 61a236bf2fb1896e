"""The world of one session and its event: a coach who drags, deletes and declines it, a participant
who moves the session, and two workers that read the calendar and write into it.

Whatever comes in whatever order: no time is offered where the session or its event stands, nobody
is said to have done what they did not, nobody is told twice; and once all is quiet calendar,
session and what is asked about agree.

The calendar is a value of this world; what people and workers do to the rows is in `event_acts`.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from domain.event_differences import EventPolicy, compare
from storage.rows import event_differences, sessions
from storage.slots import listings
from tests.storage.event_acts import Acts
from tests.storage.event_things import (
    ONE,
    TEN,
    TERMS,
    THREE,
    UNSEEN,
    Event,
    Events,
    Hand,
    Hands,
    Reader,
    Writer,
    standing,
)
from tests.storage.interleavings import Memory, with_
from tests.storage.whole_rows import GONE


class EventWorld:
    """`bounds`: what may happen, beyond the usual."""

    def __init__(self, memory: Memory, policy: EventPolicy, **bounds: Any) -> None:
        self.acts = Acts(memory, policy)
        self.store, self.faults = self.acts.store, cache(self._faults)
        taken = self.store.take(())
        self.start = Events(taken.number, (None, None), mailed=frozenset(taken.mails), **bounds)

    # -- what can happen next ------------------------------------------------------------------

    def steps(self, state: Events) -> Iterator[tuple[str, Events]]:
        for name, following in self._steps(state):
            yield name, replace(following, hands=_sorted(following.hands))

    def _steps(self, state: Events) -> Iterator[tuple[str, Events]]:
        yield from self._person(state)
        yield from self._told(state)
        yield from self._asked(state)
        if state.late:
            [where] = state.late
            yield "the late write lands", self._carried_out(replace(state, late=()), where)
        for place, hand in enumerate(state.hands):
            if isinstance(hand, Reader):
                yield from self._reader(state, place, hand)
            elif isinstance(hand, Writer):
                yield from self._writer(state, place, hand)
            elif place == state.hands.index(None):
                yield from self._claims(state, place)

    def _person(self, state: Events) -> Iterator[tuple[str, Events]]:
        """What the coach does in their calendar."""
        event = state.event
        if event is None or not state.deeds:
            return
        state = replace(state, deeds=state.deeds - 1, read=False)
        for name, start in (("drag", ONE), ("drag back", TEN)):
            if event.starts != start:
                did = state.did | {("moved", start)}
                moved = event._replace(starts=start)
                yield name, replace(state, event=moved, did=did)
        yield "delete", replace(state, event=None, did=state.did | {("deleted", None)})
        if not event.declined:
            declined = event._replace(declined=True)
            yield "decline", replace(state, event=declined, did=state.did | {("declined", None)})

    def _told(self, state: Events) -> Iterator[tuple[str, Events]]:
        """By Cronofy, and by us; and time that passes."""
        yield "push", self._done(state, "push")
        told = self._done(state, "tell")
        if told.rows != state.rows:
            if state.told == self.start.deeds - state.deeds:
                told = replace(told, twice="the coach is asked twice about one deed")
            yield "tell", replace(told, told=state.told + 1)
        if state.lapses and any(state.hands):
            after = self._done(state, "lapse")
            hands = tuple(_lapsed(hand) for hand in after.hands)
            yield "a lease passes", replace(after, hands=hands, lapses=state.lapses - 1)

    def _asked(self, state: Events) -> Iterator[tuple[str, Events]]:
        """What people ask of us."""
        if state.rebooks:
            after = self._done(state, "rebook", THREE)
            yield "rebook", replace(after, rebooks=state.rebooks - 1)
        if state.cancels:
            yield "cancel", replace(self._done(state, "cancel"), cancels=state.cancels - 1)
        if state.choices:
            for to in ("session", "calendar"):
                after = self._done(state, "settle", to)
                if after.rows != state.rows:
                    yield f"settle to the {to}", replace(after, choices=state.choices - 1)
        if state.policies:
            after = self._done(state, "choose", state.policies[0])
            yield f"choose {state.policies[0]}", replace(after, policies=state.policies[1:])
        if state.erasures:
            yield "erase", replace(self._done(state, "erase"), erasures=state.erasures - 1)

    def _claims(self, state: Events, place: int) -> Iterator[tuple[str, Events]]:
        after = self._done(state, "claim a read", place=place)
        if after.hands[place] is not None:
            yield "claim a read", after
        for row in self.store.values(state.rows, "outbox"):
            if row["state"] in ("pending", "sending"):
                after = self._done(state, "claim a write", row["id"], place=place)
                if after != state:
                    yield "claim a write", after

    def _reader(self, state: Events, place: int, hand: Reader) -> Iterator[tuple[str, Events]]:
        if hand.seen == UNSEEN and not hand.erases:
            hands = with_(state.hands, place, hand._replace(seen=state.event))
            yield "read", replace(state, hands=hands)
            return
        after = self._done(state, "store", place=place)
        # Whoever lost their lease meanwhile stores nothing.
        stored = hand.token != GONE and hand.seen == state.event
        yield "store", replace(after, read=state.read or stored)

    def _writer(self, state: Events, place: int, hand: Writer) -> Iterator[tuple[str, Events]]:
        if hand.phase == "look":
            yield "look", self._done(state, "look", state.event, bool(state.late), place=place)
        elif hand.phase == "begun" and hand.lapsed:
            yield "give up", self._done(state, "give up", place=place)
        elif hand.phase == "begun":
            written = hand._replace(phase="written")
            after = replace(state, hands=with_(state.hands, place, written))
            yield "write", self._carried_out(after, hand.starts)
            if state.lates and not state.late:
                after = self._done(state, "give up", place=place)
                late = (hand.starts,)
                yield "write late", replace(after, late=late, lates=state.lates - 1)
            if state.failures:
                after = self._done(state, "refused", place=place)
                yield "write fails", replace(after, failures=state.failures - 1)
        elif hand.phase == "written":
            yield "look after", self._looked_after(state, place, hand)
        else:
            yield "record", self._done(state, "record", place=place)

    def _looked_after(self, state: Events, place: int, hand: Writer) -> Events:
        event, doubtful = state.event, hand.doubtful
        if hand.starts is None:
            seen = event is None
        else:
            seen = event is not None and event.starts == hand.starts
            # What was declined is taken back, unless the coach is asked about it.
            if event is not None and event.declined and not hand.asked:
                event, doubtful = event._replace(declined=False), True
        looked = hand._replace(phase="looked", seen=seen, doubtful=doubtful)
        read = state.read and event == state.event
        return replace(state, event=event, read=read, hands=with_(state.hands, place, looked))

    def _carried_out(self, state: Events, where: int | None) -> Events:
        event = None
        if where is not None:
            declined = state.event is not None and state.event.declined
            event = Event(where, declined)
        return replace(state, event=event, read=state.read and event == state.event)

    def _done(self, state: Events, act: str, *how: Any, place: int | None = None) -> Events:
        others = list(state.hands)
        hand = None
        if place is not None:
            hand = others.pop(place)
        moments = tuple(sorted(each.claimed_ms for each in others if isinstance(each, Reader)))
        after, taken = self.acts.run(state.rows, moments, hand, act, *how)
        hands = [each and taken.renamed(each) for each in others]
        if place is not None:
            hands.insert(place, after)
        twice = state.twice
        for mail in taken.mails:
            # Of its events the coach is told by the deed.
            if mail in state.mailed and not mail.topic.startswith("event_"):
                twice = f"{mail.recipient} is told twice: {mail.topic} {mail.version}"
        mailed = state.mailed | frozenset(taken.mails)
        return replace(state, rows=taken.number, hands=tuple(hands), mailed=mailed, twice=twice)

    # -- what has to hold ----------------------------------------------------------------------

    def broken(self, state: Events) -> str | None:
        if state.twice:
            return state.twice
        fault, known = self.faults(state.rows)
        if fault:
            return fault
        if known is not None and known not in state.did:
            return f"the coach is said to have done this, and did not: {known}"
        if self.is_quiet(state):
            return self.disagreement(state.rows, state.event)
        return None

    def is_quiet(self, state: Events) -> bool:
        """Nothing is owed, nobody works, nothing is on its way, and what stands was read."""
        if any(state.hands) or state.late or not state.read:
            return False
        # The clock will have it looked at once more.
        if self.store.values(state.rows, "event_looks"):
            return False
        owed = [row["state"] for row in self.store.values(state.rows, "outbox")]
        read = all(row["req_gen"] == 0 for row in self.store.values(state.rows, "connections"))
        return read and not {"pending", "sending"} & set(owed)

    def disagreement(self, rows: int, event: Event | None) -> str | None:
        """How calendar and session differ beyond what is asked about."""
        [session] = self.store.values(rows, "sessions")
        # Nobody may write into an account any more that is erased.
        if not self.store.values(rows, "connections"):
            return None
        if not session["active"]:
            return event and f"{event} stands there for nobody"
        known = self._known(rows)
        shown = standing(self.acts.session, event)
        state = compare((session["starts"], session["ends"]), shown)
        if state == "as_written":
            return known and f"it is as written, and known as {known}"
        where = None
        if shown is not None and state == "moved":
            where = shown.starts
        if known != (state, where):
            return f"it is {state}, {where}, and known as {known}"
        return None

    def _known(self, rows: int) -> tuple[str, int | None] | None:
        for row in self.store.values(rows, "event_differences"):
            if row["kind"] != event_differences.SETTLED:
                where = None
                if row["kind"] == "moved":
                    where = row["starts"]
                return row["kind"], where
        return None

    def _faults(self, rows: int) -> tuple[str | None, tuple[str, int | None] | None]:
        """Whether a time is offered that is taken; and what the coach is said to have done."""
        self.store.put(rows, 1)
        with self.acts.database.read() as tx:
            found = listings.listings(tx, ["ada"], now=TERMS.now, stale_after=TERMS.stale_after)
            offered = set(found["ada"].slots.open_starts(60).tolist())
            session = sessions.get(tx, self.acts.session)
            difference = event_differences.of_session(tx, self.acts.session)
        taken = []
        if session.active:
            taken.append(session.starts)
        if difference is not None and difference.starts is not None and session.active:
            taken.append(difference.starts)
        if offered & set(taken):
            return "a time is offered where the session or its event stands", self._known(rows)
        return None, self._known(rows)


def _lapsed(hand: Hand) -> Hand:
    if isinstance(hand, Writer):
        return hand._replace(lapsed=True)
    return hand


def _sorted(hands: Hands) -> Hands:
    """Which worker is which makes no difference."""
    return tuple(sorted(hands, key=lambda hand: (hand is None, repr(hand))))
