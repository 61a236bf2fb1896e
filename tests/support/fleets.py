"""A fleet of connections as rows alone, and its calendars read in no time: what the clock does
about a fleet can be seen without calling anybody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam

from domain.reconciling import Pace, pace_of
from storage.schema import tables
from storage.schema.database import Database

DAY = timedelta(days=1)
CHANGED_AGO = {Pace.LIVELY: timedelta(hours=6), Pace.STEADY: 9 * DAY, Pace.QUIET: 90 * DAY}
AT_ONCE = 5_000


@dataclass
class Fleet:
    """`read_at`: when each connection was read last; `longest`: the longest that one waited."""

    database: Database
    read_at: dict[str, datetime]
    paces: dict[str, Pace]
    longest: dict[Pace, timedelta] = field(default_factory=lambda: dict.fromkeys(Pace, DAY * 0))

    def read(self, ids: Iterable[str], now: datetime) -> None:
        """Each as its worker reads it: nothing of it is owed any more."""
        rows = []
        for one in ids:
            pace = self.paces[one]
            self.longest[pace] = max(self.longest[pace], now - self.read_at[one])
            self.read_at[one] = now
            rows.append({"read": one, "at": now})
        if not rows:
            return
        row = tables.connections
        statement = row.update().where(row.c.id == bindparam("read"))
        values = {"done_gen": row.c.req_gen, "last_ok_at": bindparam("at")}
        with self.database.write() as tx:
            tx.execute(statement.values(values), rows)


def raised(
    database: Database,
    sizes: Mapping[Pace, int],
    now: datetime,
    over: Mapping[Pace, timedelta] | None = None,
) -> Fleet:
    """So many connections of each pace, all of Ada's. They were read one after the other `over` so
    long, as a fleet is that runs for a while; without it all within the last second.
    """
    over = over or dict.fromkeys(Pace, timedelta(seconds=1))
    fleet = Fleet(database, {}, {})
    connections: list[dict[str, Any]] = []
    for pace, count in sizes.items():
        changed_at = now - CHANGED_AGO[pace]
        for place in range(count):
            number = len(connections)
            connection_id, read_at = f"con_{number}", now - over[pace] * place / count
            connections.append(
                {
                    "id": connection_id,
                    "coach_id": "ada",
                    "sub": f"acc_{number}",
                    "data_center": "us",
                    "tokens": b"sealed",
                    "access_expires_at": now + DAY,
                    "userinfo_due": False,
                    "done_gen": 1,
                    "last_ok_at": read_at,
                    "changed_at": changed_at,
                    "pace": pace_of(changed_at, now),
                }
            )
            fleet.read_at[connection_id], fleet.paces[connection_id] = read_at, pace
    with database.write() as tx:
        for first in range(0, len(connections), AT_ONCE):
            tx.execute(tables.connections.insert(), connections[first : first + AT_ONCE])
    return fleet
