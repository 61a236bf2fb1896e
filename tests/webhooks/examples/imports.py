"""An import that is cut off in the middle, and goes on when somebody else took a time."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from storage.transactions import pod_imports
from tests.support.http_client import Desk
from tests.webhooks.every_request import About, Things
from tests.webhooks.examples.answers import BY_NAME, FIRST, NUMBERS
from tests.webhooks.examples.exchange import Change, Exchange, send
from tests.webhooks.request_parts import PERSON, TIME

HEAD = "programme,coach,date,time,zone,min,max,duration\n"
ROW = "Lead,{},2026-06-05,13:00,Europe/London,1,4,60\n"


class Killed(BaseException):
    """What a process that is killed would not catch either."""


def partly(desk: Desk) -> Exchange:
    first, second = (Things(desk, f"ada{next(NUMBERS)}") for _ in range(2))
    about, route = About(FIRST["imports_load"], first), BY_NAME["imports_load"]
    rows = HEAD + ROW.format(first.name) + ROW.format(second.name)
    change = Change(body=rows, headers={"Idempotency-Key": secrets.token_hex(8)})
    with suppress(Killed), _killed_before(second.name):
        send(desk, route, about, change)
    taken = TIME | {"start": "2026-06-05T12:00:00Z", "participant": PERSON}
    assert second.post("/v1/bookings", taken)
    return send(desk, route, about, change)


@contextmanager
def _killed_before(coach_id: str) -> Iterator[None]:
    """The run ends where it would have made this coach's pods."""
    make = pod_imports.make

    def until_then(tx: Any, who: str, *rest: Any, **options: Any) -> Any:
        if who == coach_id:
            raise Killed
        return make(tx, who, *rest, **options)

    pod_imports.make = until_then  # type: ignore[assignment]  # it takes whatever `make` does
    try:
        yield
    finally:
        pod_imports.make = make
