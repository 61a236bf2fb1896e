"""The world of one reader's mails of one booking: its request, a move, an ending, and two workers
that send them.

Each row has to end once, and to stay ended; a mail leaves twice only where the row says that nobody
could know; what was announced, or may have been, is called off, and nothing else is (G6, G7). A
worker may hand its mail over at any time while it holds the row, even past its lease: a freeze
between its last look at the time and the mail server.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Connection

from storage.reports import outbox as outbox_report
from storage.rows import dead_letters, outbox_claims
from storage.rows import outbox as outbox_rows
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import DeliveryClaim
from storage.schema import tables
from tests.storage.interleavings import LEASE_MS, NOW_MS, WITHIN_MS, Memory, relative, with_
from tests.storage.mail_rows import PENDING, Hand, Row, Rows, Sends, Worker
from tests.support import people

RETRY_MS = 5_000
ENDED = ("sent", "dead", "superseded")
IDS = ("out_request", "out_move", "out_ending")
REQUEST, MOVE, ENDING = range(3)


class OutboxWorld:
    """`ending`: the kind of the mail that ends the booking. `start`: with what may happen, beyond
    the usual.
    """

    def __init__(self, memory: Memory, *, ending: str, start: Sends | None = None) -> None:
        self.memory = memory
        self.database = memory.database
        self.start = start or Sends()
        kinds = ((1, "booked"), (2, "rebooked"), (3, ending))
        with self.database.write() as tx:
            outbox_rows.add(tx, [_mail(*each) for each in kinds], now=people.NOW)
            found = tx.execute(tables.outbox.select().order_by(tables.outbox.c.version)).all()
        self._whole = [
            (memory.row("outbox", each.id) or {}) | {"id": name}
            for each, name in zip(found, IDS, strict=True)
        ]
        for each in found:
            memory.drop("outbox", each.id)
        self.claim, self.act, self.quiet = cache(self._claim), cache(self._act), cache(self._quiet)

    def steps(self, state: Sends) -> Iterator[tuple[str, Sends]]:
        """What can happen next."""
        if state.lapses:
            rows = tuple(row and row.passed(LEASE_MS) for row in state.rows)
            yield "a lease passes", replace(state, rows=rows, lapses=state.lapses - 1)
        if state.moves and state.rows[ENDING] is None:
            yield (
                "owe a move",
                replace(state, rows=with_(state.rows, MOVE, PENDING), moves=state.moves - 1),
            )
        if state.cancels:
            yield (
                "cancel",
                replace(state, rows=with_(state.rows, ENDING, PENDING), cancels=state.cancels - 1),
            )
        for place, row in enumerate(state.rows):
            if row is not None:
                yield from self._by_hand(state, place, row)
        for number in range(len(state.workers)):
            yield from self._worker(state, number)

    def _by_hand(self, state: Sends, place: int, row: Row) -> Iterator[tuple[str, Sends]]:
        if state.supersedes and row.state not in ENDED:
            rows = with_(state.rows, place, self.act(row, "supersede", mine=False))
            yield (
                f"supersede {place}",
                replace(_lost(state, rows, place), supersedes=state.supersedes - 1),
            )
        if state.requeues and row.state == "dead":
            rows = with_(state.rows, place, self.act(row, "requeue", mine=False))
            yield f"requeue {place}", replace(state, rows=rows, requeues=state.requeues - 1)

    def _worker(self, state: Sends, number: int) -> Iterator[tuple[str, Sends]]:
        worker = state.workers[number]
        hand = worker.hand
        if hand is None:
            yield from self._claims(state, number)
            return
        if not hand.handed:
            left = with_(state.left, hand.place, min(2, state.left[hand.place] + 1))
            workers = with_(state.workers, number, worker._replace(hand=hand._replace(handed=True)))
            yield f"hand over {hand.place}", replace(state, workers=_sorted(workers), left=left)
        row = state.rows[hand.place]
        assert row is not None
        workers = with_(state.workers, number, worker._replace(hand=None))
        for outcome in ("sent", "unsure") if hand.handed else ("failed", "dead"):
            rows = with_(state.rows, hand.place, self.act(row, outcome, mine=hand.mine))
            yield f"{outcome} {hand.place}", replace(state, rows=rows, workers=_sorted(workers))

    def _claims(self, state: Sends, number: int) -> Iterator[tuple[str, Sends]]:
        claims = state.workers[number].claims
        for place, row in enumerate(state.rows):
            if row is None or not claims:
                continue
            rows, held = self.claim(state.rows, place)
            after = state
            for other, (before, now) in enumerate(zip(state.rows, rows, strict=True)):
                if before != now:
                    after = _lost(after, rows, other)
            if held:
                workers = with_(after.workers, number, Worker(claims - 1, Hand(place)))
                after = replace(after, workers=_sorted(workers))
            yield f"claim {place}", replace(after, rows=rows)

    def broken(self, state: Sends) -> str | None:
        rows, sent = self.quiet(state.rows)
        left = tuple(mine + more for mine, more in zip(state.left, sent, strict=True))
        return (
            _said(state.rows, state.left)
            or _open(rows)
            or _said(rows, left)
            or _called_off(rows, left)
        )

    # What follows runs the product's functions, each from rows that are put there first.

    def _claim(self, rows: Rows, place: int) -> tuple[Rows, bool]:
        for name, whole, row in zip(IDS, self._whole, rows, strict=True):
            self._put(name, whole, row)
        with self.database.write() as tx:
            held = outbox_claims.claim(tx, IDS[place], lease_ms=LEASE_MS, now=people.NOW)
        return tuple(
            row and self._row(name) for name, row in zip(IDS, rows, strict=True)
        ), held is not None

    def _act(self, row: Row, act: str, *, mine: bool) -> Row:
        """What is done to a single row; `mine`: by whoever has its token."""
        name = IDS[REQUEST]
        self._put(name, self._whole[REQUEST], row)
        held = _held("token" if mine else "a token that was replaced")
        acts: dict[str, Callable[[Connection], object]] = {
            "sent": lambda tx: outbox_rows.sent(tx, held, now=people.NOW),
            "dead": lambda tx: outbox_rows.dead(tx, held, error="550"),
            "failed": lambda tx: outbox_rows.give_back(tx, held, error="451", retry_in_ms=RETRY_MS),
            "unsure": lambda tx: outbox_rows.give_back(
                tx, held, error="cut", retry_in_ms=RETRY_MS, unsure=True
            ),
            "supersede": lambda tx: outbox_report.withhold(tx, name, reason="by hand"),
            "requeue": lambda tx: dead_letters.requeue(tx, name, now=people.NOW),
        }
        with self.database.write() as tx:
            acts[act](tx)
        return self._row(name)

    def _quiet(self, rows: Rows) -> tuple[Rows, tuple[int, ...]]:
        """How all ends when the sweeper alone goes on, and which mails leave meanwhile."""
        sent = [0, 0, 0]
        for _ in range(2 * len(IDS)):
            rows = tuple(row and row.passed(WITHIN_MS) for row in rows)
            for place in self._swept(rows):
                rows, held = self.claim(rows, place)
                row = rows[place]
                if held and row is not None:
                    sent[place] += 1
                    rows = with_(rows, place, self.act(row, "sent", mine=True))
        return rows, tuple(sent)

    def _swept(self, rows: Rows) -> list[int]:
        if all(row is None or row.state in ENDED for row in rows):
            return []
        for name, whole, row in zip(IDS, self._whole, rows, strict=True):
            self._put(name, whole, row)
        with self.database.write() as tx:
            return sorted(IDS.index(found) for found, _ in outbox_rows.sweep(tx, now=people.NOW))

    def _put(self, name: str, whole: dict[str, Any], row: Row | None) -> None:
        if row is None:
            self.memory.drop("outbox", name)
            return
        values = {
            "state": row.state,
            "lease_token": "token" if row.taken else None,
            "lease_until_ms": NOW_MS + row.lease,
            "next_attempt_at_ms": NOW_MS + row.next_attempt,
            "unsure": int(row.unsure),
            "reason": row.reason,
            "wake_after_ms": 0,
        }
        self.memory.put("outbox", whole | values)

    def _row(self, name: str) -> Row:
        found: Any = self.memory.row("outbox", name)
        return Row(
            state=found["state"],
            taken=found["lease_token"] is not None,
            lease=relative(found["lease_until_ms"]),
            next_attempt=relative(found["next_attempt_at_ms"]),
            unsure=found["unsure"] > 0,
            reason=found["reason"],
        )


def _lost(state: Sends, rows: Rows, place: int) -> Sends:
    """This row's token was replaced, or is gone: whoever held it, holds nothing that counts."""
    workers = (
        each._replace(hand=each.hand._replace(mine=False))
        if each.hand and each.hand.place == place
        else each
        for each in state.workers
    )
    return replace(state, rows=rows, workers=_sorted(tuple(workers)))


def _sorted(workers: tuple[Worker, ...]) -> tuple[Worker, ...]:
    """Which of them is which makes no difference."""
    return tuple(sorted(workers, key=lambda each: (each.claims, each.hand or ())))


def _said(rows: Rows, left: Sequence[int]) -> str | None:
    """What does not hold, and must at any moment."""
    for name, row, times in zip(IDS, rows, left, strict=True):
        if row is not None and row.state == "sent" and not times:
            return f"{name} is said to be sent, and never left"
        if row is not None and times > 1 and not row.unsure:
            return f"{name} left twice, and nobody had reason to doubt the first time"
    if left[ENDING] and not any(
        left[place] or _may_have_left(rows[place]) for place in (REQUEST, MOVE)
    ):
        return "what was never announced is called off"
    return None


def _may_have_left(row: Row | None) -> bool:
    return row is not None and (row.unsure or row.state == "sending")


def _open(rows: Rows) -> str | None:
    found = [
        name
        for name, row in zip(IDS, rows, strict=True)
        if row is not None and row.state not in ENDED
    ]
    return f"{found[0]} never ends" if found else None


def _called_off(rows: Rows, left: Sequence[int]) -> str | None:
    """Whoever was told of the booking is told of its end, unless that was refused, or stopped by
    hand.
    """
    ending = rows[ENDING]
    if ending is None or not (left[REQUEST] or left[MOVE]) or left[ENDING]:
        return None
    return (
        None
        if ending.state == "dead" or ending.reason == "discarded"
        else "what was announced is not called off"
    )


def _mail(version: int, topic: str) -> Owed:
    key = f"mail:{version}"
    return Owed(
        "mail",
        topic,
        key,
        version,
        people.NOW,
        coach_id="ada",
        booking_id="bkg_1",
        recipient="grace",
    )


def _held(token: str) -> DeliveryClaim:
    return DeliveryClaim(
        IDS[REQUEST],
        "mail",
        "booked",
        "ada",
        None,
        "bkg_1",
        1,
        "grace",
        {},
        1,
        0,
        people.NOW,
        token,
    )
