"""A write that Cronofy carries out late, never or twice; time that passes; and the looks that are
made.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage.schema import tables
from storage.transactions import looks, target_calendars
from tests.support import written_sessions
from tests.support.in_process import House
from tests.support.written_sessions import TEN, Diary
from workers import clock
from workers.budget import Budget
from workers.cronofy.client import Cronofy

WRITES = "/v1/calendars"
LATE = 24
MOVED = TEN + 900
# What is the same on both databases is tried on one.
ON_SQLITE, ON_POSTGRESQL = (
    pytest.mark.parametrize("database_url", [kind], indirect=True)
    for kind in ("sqlite", "postgresql")
)
STEPS = (60, 300, 900, 3600, 6 * 3600, 24 * 3600)


def patient(house: House, **how: Any) -> Diary:
    """Ada, with a client that tries five times without a rest between: a refused write costs no
    seconds.
    """
    services, sandbox = house.runtime.services, house.sandbox
    budget = Budget(services.redis, per_second=1000, per_minute=10_000)
    application = (sandbox.client_id, sandbox.client_secret)
    client = Cronofy(sandbox.origin, sandbox.origin, *application, budget, sleep=lambda _: None)
    house.runtime = replace(house.runtime, services=replace(services, cronofy=client))
    return written_sessions.opened(house, **how)


def home(ada: Diary) -> str:
    return ada.account.seat.calendars[1]


def receive(ada: Diary, calendar: str | None) -> None:
    with ada.services.database.write() as tx:
        target_calendars.receive(tx, "ada", calendar, now=ada.services.now())


def pass_time(ada: Diary, seconds: float) -> None:
    """For us and for Cronofy."""
    now = ada.services.now() + timedelta(seconds=seconds)
    ada.house.runtime = replace(ada.house.runtime, services=replace(ada.services, now=lambda: now))
    ada.house.control.advance(seconds)


def look(ada: Diary) -> int:
    """What the clock does, and the workers that it wakes. How many looks were owed."""
    owed = clock.look(ada.services, ada.house.runtime.actors)
    settle(ada)
    return owed


def settle(ada: Diary) -> None:
    """Deliver until nothing is owed, as the sweeper has it done."""
    for _ in range(4):
        ada.set_rows(next_attempt_at_ms=0)
        ada.write()


def owed(ada: Diary) -> list[looks.Look]:
    query = tables.event_looks.select().order_by(tables.event_looks.c.calendar_id)
    with ada.services.database.read() as tx:
        return [
            found for row in tx.execute(query) for found in looks.of_session(tx, row.session_id)
        ]


def late(ada: Diary, seconds: float = LATE) -> None:
    """No try is answered, each is carried out later."""
    ada.house.control.fault("late", WRITES, times=None, seconds=seconds)
    ada.house.control.fault("hang_up", WRITES, times=None)


def never(ada: Diary) -> None:
    ada.house.control.fail(WRITES, 502, times=None)


def twice(ada: Diary) -> None:
    """The first try is not answered, and the second goes well: the first is carried out
    after it.
    """
    ada.house.control.fault("late", WRITES, seconds=LATE)
    ada.house.control.fault("hang_up", WRITES)


def accepted(ada: Diary) -> None:
    """Accepted at once, carried out much later."""
    ada.house.control.fault("late", WRITES, times=None, seconds=LATE)


Trouble = Callable[[Diary], None]
