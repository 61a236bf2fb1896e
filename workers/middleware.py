"""What stands around every job: whether it may be begun, and the line that tells of it."""

from contextlib import suppress
from typing import Any

import dramatiq
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.middleware import Middleware, SkipMessage

from storage.schema import doorways
from storage.schema.database import Database
from storage.schema.outages import Unavailable, is_cut, kind_of
from workers.breaker import FAILURES
from workers.skew import ProductClock

log = structlog.get_logger()

# How long a job that was fetched waits for the database, before its wake-up is given up.
PATIENCE_SECONDS = 5.0


class Ground(Middleware):
    """What every job stands on, a right clock and a database: without them none is begun. Its row
    stays owed, and is woken for again.
    """

    def __init__(self, clock: ProductClock, database: Database | None) -> None:
        self._clock = clock
        self._database = database

    @property
    def firm(self) -> bool:
        """Whether a job may be begun now."""
        return not (self._clock.off() or self._is_out())

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        # The race: an outage finds some dozens of fetched wake-ups in our hands. Begun at once,
        # each would fail at once, and its row wait for the next sweep but one.
        if self._database is not None:
            self._database.wait(PATIENCE_SECONDS)
        if not self.firm:
            raise SkipMessage

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        # Whoever found out about the outage puts its wake-up back: it waits there with the others.
        # One line that was cut is no outage, and its wake-up is as lost.
        if isinstance(exception, Unavailable) and (self._is_out() or is_cut(exception)):
            with suppress(*FAILURES):
                broker.enqueue(message.copy())

    def _is_out(self) -> bool:
        return self._database is not None and self._database.out


class Narrate(Middleware):
    """One line for each job, and its id on every line in between,
    with that of the request that it began with.
    """

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        structlog.contextvars.bind_contextvars(job=message.actor_name, args=list(message.args))
        request_id = message.options.get("request_id")
        doorways.begin("worker", message.actor_name, request_id=request_id)
        if request_id:
            structlog.contextvars.bind_contextvars(request_id=request_id)

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        # The row's lease ends by itself and the sweeper tries again: nothing is lost with this
        # message. So a database that is away is one line here, and no stack trace a job.
        if isinstance(exception, Unavailable):
            log.warning("job_failed", database=kind_of(exception), error=type(exception).__name__)
        elif exception is not None:
            log.error("job_failed", exc_info=exception)
        structlog.contextvars.clear_contextvars()
        doorways.begin()
