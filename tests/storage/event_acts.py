"""What workers, people and the clock do to one session and its event, each act by the product's own
functions, from rows that are put there first.

What a worker does between two acts is what `workers.jobs.freebusy`, `workers.delivery.write_back`
and `workers.delivery.calendar_writes` do.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.event_differences import EventPolicy
from domain.freebusy import Reading
from domain.sessions import Refused
from storage.rows import (
    calendars,
    outbox_claims,
    push_marks,
    refresh_jobs,
)
from storage.rows import outbox as outbox_rows
from storage.rows.outbox_claims import DeliveryClaim
from storage.rows.refresh_jobs import ReadClaim
from storage.slots import slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import (
    bookings,
    calendar_mails,
    coach_settings,
    event_settling,
    looks,
    own_writes,
    store_reading,
    write_back,
)
from storage.transactions.looks import Begun
from storage.transactions.store_reading import Observed
from tests.storage.event_things import (
    ADA,
    HOUR,
    ROUNDS,
    TEN,
    TERMS,
    Event,
    Hand,
    Reader,
    Writer,
    standing,
)
from tests.storage.interleavings import LEASE_MS, Memory
from tests.storage.whole_rows import Store, Taken
from tests.support import people


class Acts:
    """By name; `store` has the rows."""

    def __init__(self, memory: Memory, policy: EventPolicy) -> None:
        self.database = memory.database
        self.connection = people.ready(self.database, replace(ADA, event_policy=policy))
        with self.database.write() as tx:
            wanted = Wanted("ada", TEN, 60)
            done = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, TERMS)
        self.session, self.booking = done.session.id, done.booking.id
        self.store = Store(memory)
        self.run = cache(self._ran)

    def _ran(
        self, rows: int, moments: tuple[int, ...], hand: Hand, act: str, *how: Any
    ) -> tuple[Hand, Taken]:
        self.store.put(rows, len(moments) + 4)
        acts: dict[str, Callable[..., Hand]] = {
            "push": self._push,
            "tell": self._tell,
            "rebook": self._rebook,
            "cancel": self._cancel,
            "settle": self._settle,
            "choose": self._choose,
            "erase": self._erase,
            "lapse": self._lapse,
            "claim a read": self._claim_read,
            "store": self._store,
            "claim a write": self._claim_write,
            "look": self._look,
            "give up": self._give_up,
            "refused": self._refused,
            "record": self._record,
        }
        with self.database.write() as tx:
            hand = acts[act](tx, hand, *how)
        if isinstance(hand, Reader):
            moments = (*moments, hand.claimed_ms)
        taken = self.store.take(moments)
        return hand and taken.renamed(hand), taken

    def _push(self, tx: Connection, hand: Hand) -> Hand:
        query = "SELECT req_gen, lease_token IS NOT NULL AS taken FROM connections"
        # While it is owed, and nobody reads, a push writes nothing.
        if any(row.req_gen <= row.taken for row in tx.exec_driver_sql(query)):
            push_marks.mark_dirty(tx, self.connection, pushed=True)
        return hand

    def _tell(self, tx: Connection, hand: Hand) -> Hand:
        calendar_mails.owe(tx, now=TERMS.now)
        return hand

    def _rebook(self, tx: Connection, hand: Hand, start: int) -> Hand:
        with suppress(Refused):
            bookings.rebook(tx, self.booking, start, TERMS, excused=True)
        return hand

    def _cancel(self, tx: Connection, hand: Hand) -> Hand:
        with suppress(Refused):
            bookings.cancel(tx, self.booking, TERMS, excused=True)
        return hand

    def _settle(self, tx: Connection, hand: Hand, to: str) -> Hand:
        with suppress(Refused):
            event_settling.settle(tx, self.session, to, TERMS)
        return hand

    def _choose(self, tx: Connection, hand: Hand, policy: EventPolicy) -> Hand:
        def chosen(coach: Coach | None) -> Coach:
            assert coach is not None
            return replace(coach, event_policy=policy)

        coach_settings.put_coach(tx, "ada", chosen, expected=None, now=TERMS.now)
        return hand

    def _erase(self, tx: Connection, hand: Hand) -> Hand:
        push_marks.mark_dirty(tx, self.connection, erase=True)
        return hand

    def _lapse(self, tx: Connection, hand: Hand) -> Hand:
        for table in ("connections", "outbox"):
            tx.exec_driver_sql(f"UPDATE {table} SET lease_until_ms = 0")
        return hand

    def _claim_read(self, tx: Connection, hand: Hand) -> Hand:
        found = refresh_jobs.claim(tx, self.connection, lease_ms=10 * LEASE_MS, gap_ms=0)
        if found is None:
            return hand
        claim = found.lease_token, found.generation, found.claimed_at_ms, found.erase_due
        return Reader(*claim)

    def _store(self, tx: Connection, hand: Hand) -> Hand:
        assert isinstance(hand, Reader)
        held = ReadClaim(
            self.connection,
            "ada",
            hand.generation,
            hand.token,
            hand.claimed_ms,
            1,
            userinfo_due=False,
            erase_due=hand.erases,
        )
        if hand.erases:
            store_reading.erase(tx, held, now=TERMS.now)
        else:
            assert not isinstance(hand.seen, str)
            shown = standing(self.session, hand.seen)
            events = () if shown is None else (shown,)
            window_end = slot_sets.window(ADA, TERMS.now).known_until
            observed = Observed(Reading.of(()), window_end, None, events)
            store_reading.store(tx, held, observed, now=TERMS.now, terms=TERMS)
        return None

    def _claim_write(self, tx: Connection, hand: Hand, row_id: str) -> Hand:
        found = outbox_claims.claim(tx, row_id, lease_ms=10 * LEASE_MS, now=TERMS.now)
        if found is None:
            return hand
        hand = Writer(found.id, found.lease_token, found.topic, found.version, "look")
        if found.topic != looks.LOOK:
            return self._begun(tx, hand)
        return hand

    def _begun(self, tx: Connection, hand: Writer) -> Hand:
        """What is to be written is known, and a look is owed for it."""
        entry = write_back.entry(tx, self.session)
        places = calendars.targets(tx, "ada")
        if entry is None or not places:
            return self._ended(tx, hand, "superseded")
        if entry.session.active and entry.taken_out:
            return self._ended(tx, hand, "sent")
        target = next(each for each in places if each.calendar_id == people.WORK)
        brings = None
        if entry.session.active:
            brings = entry.times
        if entry.calendar_id is None:
            if brings is None:
                return self._ended(tx, hand, "superseded")
            write_back.put(tx, self.session, people.WORK, instead_of=None)
        deletes = brings is None
        begun = looks.begin(tx, self.session, target, deletes=deletes, now=TERMS.now, brings=brings)
        if begun is None:
            return self._ended(tx, hand, "later")
        return hand._replace(
            phase="begun",
            starts=brings and brings[0],
            look=begun.token,
            alone=begun.alone,
            asked=entry.difference is not None,
            seen=False,
            doubtful=False,
        )

    def _look(self, tx: Connection, hand: Hand, event: Event | None, late: bool) -> Hand:
        """Whether what stands there is right; a day after the last write nothing is late."""
        assert isinstance(hand, Writer)
        entry = write_back.entry(tx, self.session)
        owed = looks.of_session(tx, self.session)
        if entry is None or not owed or not calendars.targets(tx, "ada"):
            return self._ended(tx, hand, "sent")
        [look] = owed
        right = event is None
        if entry.session.active:
            missed = look.deletes and not entry.taken_out
            right = not missed
            if event is not None:
                times = event.starts, event.starts + HOUR
                theirs = entry.stood and (look.late is not None and times not in look.late)
                right = times == entry.times or theirs
        if not right:
            return self._begun(tx, hand)
        at = TERMS.now
        if not late:
            at += 2 * looks.AFTER[-1]
        looks.looked(tx, look, at=at)
        return self._ended(tx, hand, "sent")

    def _give_up(self, tx: Connection, hand: Hand) -> Hand:
        assert isinstance(hand, Writer)
        return self._ended(tx, hand, "later")

    def _refused(self, tx: Connection, hand: Hand) -> Hand:
        assert isinstance(hand, Writer)
        looks.settle(tx, Begun(self.session, people.WORK, hand.look, hand.alone))
        return self._ended(tx, hand, "later")

    def _record(self, tx: Connection, hand: Hand) -> Hand:
        """What is known of the write; and the session is looked at again."""
        assert isinstance(hand, Writer)
        if hand.seen and not hand.doubtful:
            looks.settle(tx, Begun(self.session, people.WORK, hand.look, hand.alone))
        if hand.seen and hand.starts is not None:
            times = hand.starts, hand.starts + HOUR
            own_writes.written(tx, self.session, people.WORK, times)
        entry = write_back.entry(tx, self.session)
        wanted = None
        if entry is not None and entry.session.active and not entry.taken_out:
            wanted = entry.times[0]
        if wanted != hand.starts and hand.rounds < ROUNDS:
            return self._begun(tx, hand._replace(rounds=hand.rounds + 1))
        if hand.seen and wanted == hand.starts:
            return self._ended(tx, hand, "sent")
        return self._ended(tx, hand, "later")

    def _ended(self, tx: Connection, hand: Writer, how: str) -> Hand:
        held = DeliveryClaim(
            hand.row_id,
            "calendar",
            hand.topic,
            "ada",
            self.session,
            None,
            hand.version,
            None,
            {},
            1,
            0,
            TERMS.now,
            hand.token,
        )
        if how == "sent":
            outbox_rows.sent(tx, held, now=TERMS.now)
        elif how == "superseded":
            outbox_rows.superseded(tx, held, reason="no_calendar", error="")
        else:
            outbox_rows.give_back(tx, held, error="", retry_in_ms=0)
        return None
