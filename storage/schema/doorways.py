"""By which door a change comes in, and in which request: said where a request, a job or a command
begins, and read where its transaction notes what it does (storage.schema.history). Whatever else a
transaction is to know of who asked belongs here too.

It travels beside the calls, in a context variable: a hundred functions would hand it down, and the
one that forgot it would write a history without it.

    webhooks.app             each request begins as nobody's, with its id
    webhooks.http.auth       api: the client of the key
    webhooks.http.page_sessions     page: participant, coach or manager
    webhooks.ops.ops_sessions       ops: client and key, or a person's subject
    webhooks.api.pod_import_runs    import: the client whose import it is
    workers.middleware       worker: the job; with the id of the request that woke it
    workers.clock            clock: the periodic job
    workers.jobs.freebusy    calendar: the account that was read
    webhooks.cli.common      command: the user of the machine
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

DOORS = ("api", "page", "ops", "import", "command", "worker", "clock", "calendar", "unknown")


@dataclass(frozen=True, slots=True)
class Doorway:
    """`name`: which of its kind, never a person's own name or address."""

    door: str = "unknown"
    name: str | None = None
    request_id: str | None = None


NOWHERE = Doorway()
_here: ContextVar[Doorway] = ContextVar("doorway")


def here() -> Doorway:
    return _here.get(NOWHERE)


def begin(door: str = "unknown", name: str | None = None, *, request_id: str | None = None) -> None:
    """Something begins: whatever came by before on this thread is over."""
    _here.set(Doorway(door, name, request_id))


def enter(door: str, name: str | None = None) -> None:
    """It is known by now who asks."""
    _here.set(replace(here(), door=door, name=name))


@contextmanager
def within(door: str, name: str | None = None) -> Iterator[None]:
    """For as long as the block lasts, in the same request."""
    token = _here.set(replace(here(), door=door, name=name))
    try:
        yield
    finally:
        _here.reset(token)
