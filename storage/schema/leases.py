"""Leases: the right to do one thing for a row, for one process at a time, without a transaction
that is kept open.

A lease has a token and an end. Its end lets somebody else take over. It does not mean that nobody
works on the row: until the token is gone or replaced, its holder may still come back and finish,
however long it slept. So whoever wants to know whether a row is being worked on asks for the token
(`taken`), and whoever wants to work on it for the end (`open`). Everything that a holder writes is
written only `by` its token.

All ends are compared with the database's clock, never with ours.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, Update, select

from storage.schema.database_clock import clock_ms


@dataclass(frozen=True, slots=True)
class Lease:
    """One kind of lease: the two columns that hold its token and its end."""

    token: Column[str]
    until_ms: Column[int]

    @property
    def taken(self) -> ColumnElement[bool]:
        """Somebody may still finish, even if the end has passed."""
        return self.token.is_not(None)

    @property
    def untaken(self) -> ColumnElement[bool]:
        return self.token.is_(None)

    @property
    def open(self) -> ColumnElement[bool]:
        """Whoever comes may take it, over from a holder that is late too."""
        # A lease that was ended has 0 here, so that the end alone answers this.
        return self.until_ms <= clock_ms()

    @property
    def lasts(self) -> ColumnElement[bool]:
        return self.until_ms > clock_ms()

    def by(self, token: str | None) -> ColumnElement[bool]:
        """Only whoever holds it: a token that was replaced, or is gone,
        fits no row. None is nobody's.
        """
        # `= NULL` is true of no row either, but SQLAlchemy would write IS NULL: of every free one.
        return self.token == (token or "")

    def take(self, lease_ms: int) -> dict[str, Any]:
        """What taking it writes: a token that nobody had before."""
        return {self.token.key: secrets.token_hex(8), self.until_ms.key: clock_ms() + lease_ms}

    def end(self) -> dict[str, Any]:
        """What ending it writes: from here on nobody holds it,
        and a holder that is late is refused.
        """
        return {self.token.key: None, self.until_ms.key: 0}


def to_change(wanted: Select[Any], *, skip_locked: bool = False) -> Select[Any]:
    """The rows that this finds, locked until the transaction ends: by whoever changes or deletes
    them, and not by whoever inserts a row that belongs to one of them.

    The race: a booking holds its coach and waits for the slot set, while somebody holds that and
    writes a row of the same coach. By FOR UPDATE the second would wait for the first, for its
    foreign key's sake.
    """
    return wanted.with_for_update(skip_locked=skip_locked, key_share=True)


def taking(table: Table, wanted: Select[Any]) -> Update:
    """An update of those rows of the table that nobody else has locked. `wanted`: their keys.

    The race: two sweepers find the same rows. The second skips what the first has locked.
    """
    # A CTE: as a subquery PostgreSQL may run it once per row, each time skipping what it locked the
    # time before, and take more than the limit.
    chosen = to_change(wanted, skip_locked=True).cte("chosen")
    [key] = table.primary_key
    return table.update().where(key.in_(select(chosen)))
