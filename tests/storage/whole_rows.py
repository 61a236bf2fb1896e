"""All rows of one session, its event and its account, as a value that can be put back.

Two such values are the same where nothing can tell them apart: what is random (tokens, the ids of
rows that are owed) is named in the order in which it is met, and moments of the database's clock
are known by their order alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.storage.interleavings import NOW_MS, Memory

KEPT = (
    "coaches",
    "connections",
    "calendars",
    "profiles",
    "busy",
    "sessions",
    "bookings",
    "event_differences",
    "event_looks",
    "slot_sets",
    "outbox",
)
TICK_MS = 1_000
HELD_MS = NOW_MS + 10_000_000
"""When a lease ends that lasts."""
RANDOM = re.compile("[0-9a-f]{12,}")
GONE = "0" * 16
# What grows with each step and decides nothing of what is looked for here.
FORGOTTEN: dict[str, dict[str, Any]] = {
    "connections": {
        "next_attempt_at_ms": 0,
        "wake_after_ms": 0,
        "attempts": 0,
        "pushed_since_ms": None,
        "dirty_since_ms": None,
        "push_waits": None,
        "missed_pushes": 0,
        "last_error": None,
        "changed_at": None,
    },
    "outbox": {
        "next_attempt_at_ms": 0,
        "wake_after_ms": 0,
        "attempts": 0,
        "unsure": 0,
        "last_error": None,
        "message_id": None,
    },
    "slot_sets": {"version": 1, "told_version": 0},
}
OPEN = ("pending", "sending")
Row = tuple[Any, ...]


class Rows(NamedTuple):
    """By table, in the order of KEPT."""

    tables: tuple[tuple[Row, ...], ...]


@dataclass(frozen=True)
class Taken:
    """The number of the rows as they are now; how what is random in them is called from now on, and
    the moments of the database's clock; and the mails that came to be owed.
    """

    number: int
    names: dict[str, str]
    moments: dict[int, int]
    mails: tuple["Mail", ...]

    def renamed(self, value: Any) -> Any:
        """What a worker holds, in the names of now. What stands in no row any more is nobody's."""

        def name(leaf: Any) -> Any:
            if isinstance(leaf, str):
                return RANDOM.sub(lambda found: self.names.get(found[0], GONE), leaf)
            return self.moments.get(leaf, leaf)

        return _changed(value, name)


class Mail(NamedTuple):
    """One that came to be owed: what nobody may be told twice."""

    topic: str
    recipient: str
    version: int


class Store:
    """Puts rows into the database, and takes them out of it; each value is known by a number."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.raw = memory, memory.raw
        self.raw.execute("PRAGMA foreign_keys = OFF")
        named = "SELECT name FROM sqlite_master WHERE type = 'table'"
        every = [name for (name,) in self.raw.execute(named)]
        self._others = sorted(set(every) - set(KEPT))
        self._columns = {name: self._columns_of(name) for name in KEPT}
        self._numbers: dict[Rows, int] = {}
        self._rows: list[Rows] = []
        self._lasting = frozenset(_random_of(self._read()))

    def put(self, number: int, ticks: int) -> None:
        """As it was. `ticks`: how many moments of the database's clock are known: it is later."""
        self.memory.now_ms = NOW_MS + ticks * TICK_MS
        for name in (*self._others, *KEPT):
            self.raw.execute(f"DELETE FROM {name}")
        for name, rows in zip(KEPT, self._rows[number].tables, strict=True):
            marks = ", ".join("?" * len(self._columns[name]))
            self.raw.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)

    def take(self, moments: tuple[int, ...]) -> Taken:
        """The rows as they are now. `moments`: those that workers remember."""
        tables, mails = self._read(), tuple(self._mails())
        names = {each: each for each in self._lasting}
        ranks = dict.fromkeys(moments, 0)
        _each(tables, lambda leaf: _meet(leaf, names, ranks))
        for place, moment in enumerate(sorted(ranks)):
            ranks[moment] = NOW_MS + place * TICK_MS

        def name(leaf: Any) -> Any:
            if isinstance(leaf, str):
                return RANDOM.sub(lambda found: names[found[0]], leaf)
            return ranks.get(leaf, leaf)

        rows = Rows(_changed(tables, name))
        if rows not in self._numbers:
            self._numbers[rows] = len(self._rows)
            self._rows.append(rows)
        return Taken(self._numbers[rows], names, ranks, mails)

    def values(self, number: int, table: str) -> list[dict[str, Any]]:
        rows = self._rows[number].tables[KEPT.index(table)]
        return [dict(zip(self._columns[table], row, strict=True)) for row in rows]

    def _columns_of(self, name: str) -> list[str]:
        return [found[1] for found in self.raw.execute(f"PRAGMA table_info({name})")]

    def _read(self) -> tuple[tuple[Row, ...], ...]:
        return tuple(tuple(self._read_one(name)) for name in KEPT)

    def _read_one(self, name: str) -> list[Row]:
        every = []
        for row in self.raw.execute(f"SELECT * FROM {name}").fetchall():
            values = dict(zip(self._columns[name], row, strict=True))
            every.append(_tidied(name, values | FORGOTTEN.get(name, {})))
        if name == "outbox":
            every = _owed(every)
        found = [tuple(values.values()) for values in every]
        return sorted(found, key=lambda row: RANDOM.sub("", repr(row)))

    def _mails(self) -> list[Mail]:
        query = "SELECT topic, recipient, version FROM outbox WHERE kind = 'mail'"
        return [Mail(*row) for row in self.raw.execute(query)]


def _owed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calendar's, as far as anything asks for them any more: what is owed, how often an event
    was put back, and of what version a write was done.
    """
    mine = [row for row in rows if row["kind"] == "calendar"]
    found = [row for row in mine if row["state"] in OPEN or ":back:" in row["dedupe_key"]]
    done = [row for row in mine if row["state"] == "sent" and row not in found]
    if done:
        last = max(done, key=lambda row: row["version"])
        found.append(last | {"id": "out_done", "dedupe_key": "done", "topic": "upsert"})
    return found


def _tidied(name: str, values: dict[str, Any]) -> dict[str, Any]:
    if name == "connections":
        owed = values["req_gen"] - values["done_gen"]
        values |= {"req_gen": owed, "done_gen": 0}
    if name in ("connections", "outbox"):
        values["lease_until_ms"] = _end_of(values["lease_until_ms"])
    return values


def _end_of(lease_until_ms: int) -> int:
    if lease_until_ms > NOW_MS:
        return HELD_MS
    return 0


def _meet(leaf: Any, names: dict[str, str], ranks: dict[int, int]) -> None:
    """Note what is random, and the moments of the database's clock: they are no lease's end."""
    if isinstance(leaf, str):
        for found in RANDOM.findall(leaf):
            names.setdefault(found, f"{len(names) + 1:016x}")
    elif isinstance(leaf, int) and NOW_MS <= leaf < HELD_MS:
        ranks[leaf] = 0


def _each(value: Any, do: Callable[[Any], None]) -> None:
    if isinstance(value, tuple):
        for part in value:
            _each(part, do)
    else:
        do(value)


def _random_of(value: Any) -> list[str]:
    found: list[str] = []
    _each(value, lambda leaf: found.extend(RANDOM.findall(str(leaf))))
    return found


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, tuple):
        parts = [_changed(part, change) for part in value]
        if hasattr(value, "_make"):
            return type(value)(*parts)
        return tuple(parts)
    return change(value)
