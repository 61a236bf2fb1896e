"""The world of one connection: pushes, two workers that read it, and whatever can come between.

Each push that was accepted has to be followed by a read that starts later and is recorded (G2);
nothing else may make the row clean. A worker may claim whenever a wake-up is in flight, and a
wake-up may come twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection

from storage.rows import channels, push_marks, refresh_jobs
from storage.rows.refresh_jobs import ReadClaim
from storage.transactions import store_reading
from tests.storage.interleavings import LEASE_MS, NOW_MS, WITHIN_MS, Memory, later, relative, with_
from tests.support import people

RETRY_MS = 5_000
HASH = b"hash of the channel's token"


class Row(NamedTuple):
    """What counts of a connection. Times are milliseconds ahead of now."""

    owed: int = 0
    """Generations that are not done."""
    taken: bool = False
    lease: int = 0
    wake_after: int = 0
    next_attempt: int = 0
    pushed: bool = False
    erase_due: bool = False
    doubted: bool = False

    def passed(self, ms: int) -> "Row":
        lease, wake_after, next_attempt = (
            later(each, ms) for each in (self.lease, self.wake_after, self.next_attempt)
        )
        return self._replace(lease=lease, wake_after=wake_after, next_attempt=next_attempt)


class Hand(NamedTuple):
    """What a worker holds: a claim, by the token that the row has or no longer has."""

    generation: int
    """How many of the owed ones it will have served."""
    erase: bool
    sees: int
    """How many of the unread pushes came before it began."""
    mine: bool = True


class Worker(NamedTuple):
    claims: int
    hand: Hand | None = None


CLEAN, TWO = Row(), (Worker(2), Worker(2))


@dataclass(frozen=True, slots=True)
class Reads:
    """A state: the row (None: erased), the workers, what was promised, and what may
    still happen.
    """

    row: Row | None = CLEAN
    workers: tuple[Worker, ...] = TWO
    woken: bool = False
    """A wake-up is in flight. It may come twice."""
    unread: int = 0
    """Accepted pushes that no read which began later was recorded for."""
    erasing: bool = False
    pushes: int = 3
    lapses: int = 2
    doubts: int = 1
    flushes: int = 1
    erasures: int = 1


class ConnectionWorld:
    """`gap_ms`: the least time between two reads."""

    def __init__(self, memory: Memory, *, gap_ms: int) -> None:
        self.memory = memory
        self.gap_ms = gap_ms
        self.database = memory.database
        self.start = Reads()
        people.introduce(self.database)
        self.id = people.connect(self.database)
        with self.database.write() as tx:
            channels.plan_channel(tx, self.id, HASH, b"sealed")
        self._whole = memory.row("connections", self.id) or {}
        self._channel = memory.row("channels", self.id, key="connection_id") or {}
        self.ask, self.claim, self.end = cache(self._ask), cache(self._claim), cache(self._end)
        self.quiet = cache(self._quiet)

    def steps(self, state: Reads) -> Iterator[tuple[str, Reads]]:
        """What can happen next."""
        row = state.row
        if state.lapses:
            passed = row and row.passed(LEASE_MS)
            yield "a lease passes", replace(state, row=passed, lapses=state.lapses - 1)
        if state.flushes:
            yield "flush", replace(state, woken=False, flushes=state.flushes - 1)
        if row is not None:  # else a push finds no channel any more, and is told so
            yield from self._asked(state, row)
        for number in range(len(state.workers)):
            yield from self._worker(state, number)

    def _asked(self, state: Reads, row: Row) -> Iterator[tuple[str, Reads]]:
        if state.pushes:
            after = self._woken(state, *self.ask(row, "push"))
            yield "push", replace(after, unread=state.unread + 1, pushes=state.pushes - 1)
        if state.erasures:
            after = self._woken(state, *self.ask(row, "erase"))
            yield "erase", replace(after, erasing=True, erasures=state.erasures - 1)
        yield "sweep", self._woken(state, *self.ask(row, "sweep"))

    def _woken(self, state: Reads, row: Row | None, woken: bool) -> Reads:
        return replace(state, row=row, woken=state.woken or woken)

    def _worker(self, state: Reads, number: int) -> Iterator[tuple[str, Reads]]:
        worker = state.workers[number]
        if worker.hand is not None:
            yield "give back", self._ended(state, number, worker.hand, "give_back")
            yield "finish", self._ended(state, number, worker.hand, "finish")
            if state.doubts and not worker.hand.erase:
                doubted = self._ended(state, number, worker.hand, "doubt")
                yield "doubt", replace(doubted, doubts=state.doubts - 1)
        elif state.woken and worker.claims and state.row is not None:
            after, found = self.claim(state.row)
            if found is not None:
                hand = Hand(found.generation, found.erase_due, state.unread)
                others = tuple(
                    each._replace(hand=each.hand and each.hand._replace(mine=False))
                    for each in state.workers
                )
                workers = with_(others, number, Worker(worker.claims - 1, hand))
                yield "claim", replace(state, row=after, workers=_sorted(workers))

    def _ended(self, state: Reads, number: int, hand: Hand, how: str) -> Reads:
        workers = with_(state.workers, number, state.workers[number]._replace(hand=None))
        state = replace(state, workers=_sorted(workers))
        if state.row is None:
            return state
        after, recorded, again = self.end(state.row, hand.generation, hand.erase, hand.mine, how)
        if recorded and how == "finish" and after is not None:
            state = _read(state, state.row.owed - after.owed, hand.sees)
        return replace(
            state,
            row=after,
            woken=state.woken or again,
            erasing=state.erasing and after is not None,
        )

    def broken(self, state: Reads) -> str | None:
        row = state.row
        if row is None:
            return None
        if row.owed == 0 and state.unread:
            return f"{state.unread} accepted pushes are forgotten: the row is clean"
        if row.owed == 0 and (row.taken or row.erase_due):
            return "a clean row is taken, or to be erased"
        if state.erasing and not row.erase_due:
            return "an erasure is forgotten"
        return self.quiet(row)

    # What follows runs the product's functions, each from a row that is put there first.

    def _ask(self, row: Row, act: str) -> tuple[Row | None, bool]:
        """The row afterwards, and whether a worker was woken. A push as the web takes it."""
        self._put(row)
        if act == "push":
            found = push_marks.by_channel(self.database, HASH)
            if found is not None and found[1]:
                return self._row(), False
        with self.database.write() as tx:
            if act == "sweep":
                woken = bool(refresh_jobs.sweep(tx))
            else:
                woken = push_marks.mark_dirty(
                    tx, self.id, pushed=act == "push", erase=act == "erase"
                )
        return self._row(), woken

    def _claim(self, row: Row) -> tuple[Row | None, ReadClaim | None]:
        self._put(row)
        with self.database.write() as tx:
            found = refresh_jobs.claim(tx, self.id, lease_ms=LEASE_MS, gap_ms=self.gap_ms)
        return self._row(), found

    def _end(
        self,
        row: Row,
        generation: int,
        erase: bool,
        mine: bool,
        how: str,
    ) -> tuple[Row | None, bool, bool]:
        """The row afterwards, whether it was recorded, and whether a worker is to be
        woken again.
        """
        self._put(row)
        token = "token" if mine else "a token that was replaced"
        held = ReadClaim(
            self.id, "ada", generation, token, NOW_MS, 1, userinfo_due=False, erase_due=erase
        )
        with self.database.write() as tx:
            recorded, again = _end_it(tx, held, how)
        return self._row(), recorded, again

    def _quiet(self, row: Row) -> str | None:
        """The sweeper finds it within a lease and its own pace, and one more read makes
        it clean.
        """
        if row.owed == 0:
            return None
        swept, woken = self._ask(row.passed(WITHIN_MS), "sweep")
        if not woken or swept is None:
            return "a read is owed, and nobody comes for it"
        claimed, found = self._claim(swept)
        if found is None or claimed is None:
            return "a read is owed, and cannot be claimed"
        left, recorded, _ = self._end(claimed, found.generation, found.erase_due, True, "finish")
        if not recorded or (left is not None and left.owed):
            return "a read that nothing disturbs leaves it owed"
        return None

    def _put(self, row: Row) -> None:
        values = {
            "req_gen": row.owed,
            "done_gen": 0,
            "lease_token": "token" if row.taken else None,
            "lease_until_ms": NOW_MS + row.lease,
            "wake_after_ms": NOW_MS + row.wake_after,
            "next_attempt_at_ms": NOW_MS + row.next_attempt,
            "pushed_since_ms": NOW_MS if row.pushed else None,
            "erase_due": row.erase_due,
            "doubted": b"doubted" if row.doubted else None,
        }
        self.memory.put("connections", self._whole | values)
        self.memory.put(
            "channels", self._channel, key="token_hash"
        )  # it goes with an erased connection

    def _row(self) -> Row | None:
        found = self.memory.row("connections", self.id)
        if found is None:
            return None
        return Row(
            owed=found["req_gen"] - found["done_gen"],
            taken=found["lease_token"] is not None,
            lease=relative(found["lease_until_ms"]),
            wake_after=relative(found["wake_after_ms"]),
            next_attempt=relative(found["next_attempt_at_ms"]),
            pushed=found["pushed_since_ms"] is not None,
            erase_due=bool(found["erase_due"]),
            doubted=found["doubted"] is not None,
        )


def _end_it(tx: Connection, held: ReadClaim, how: str) -> tuple[bool, bool]:
    """Whether it was recorded, and whether a worker is to be woken again, as workers.jobs.freebusy
    does it.
    """
    if how == "give_back":
        return refresh_jobs.give_back(tx, held, error="503", retry_in_ms=RETRY_MS), False
    if held.erase_due:
        return store_reading.erase(tx, held, now=people.NOW), False
    again = (
        refresh_jobs.doubt(tx, held, b"doubted")
        if how == "doubt"
        else refresh_jobs.finish(tx, held, doubted=None)
    )
    return again is not None, bool(again)


def _sorted(workers: tuple[Worker, ...]) -> tuple[Worker, ...]:
    """Which of them is which makes no difference."""
    return tuple(sorted(workers, key=lambda each: (each.claims, each.hand or ())))


def _read(state: Reads, served: int, saw: int) -> Reads:
    """A read was recorded: what the others hold counts from there."""
    workers = []
    for each in state.workers:
        hand = each.hand
        if hand is not None:
            generation, sees = max(0, hand.generation - served), max(0, hand.sees - saw)
            hand = hand._replace(generation=generation, sees=sees)
        workers.append(each._replace(hand=hand))
    return replace(state, workers=_sorted(tuple(workers)), unread=max(0, state.unread - saw))
