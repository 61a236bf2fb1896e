"""What is kept for a while, and dropped by the clock."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from storage.reports import causes, samples
from storage.rows import (
    bulk_deeds,
    feed,
    history,
    idempotency,
    links,
    oauth_states,
    refusals,
    webhook_endpoints,
    withheld_addresses,
)
from storage.schema.database import Tx
from storage.transactions import callbacks, looks
from storage.transactions import retention as people
from workers.actors import Actors
from workers.services import Services

BATCH = 2_000
LARGE = (feed.drop_old, webhook_endpoints.drop_old)
KEPT: tuple[Callable[..., int], ...] = (
    idempotency.drop_old,
    links.drop_old,
    oauth_states.drop_old,
    samples.prune,
    refusals.prune,
    callbacks.drop_old,
    history.drop_holds,
    looks.drop_old,
    withheld_addresses.drop_old,
    bulk_deeds.drop_old,
    causes.drop_acknowledged,
)


def drop(services: Services, _actors: Actors) -> int:
    """Drop the answers that are kept for repeated writes, once nobody repeats them; links and
    consents that ended; old samples, refusals, callbacks, events and looks; and free the addresses
    that were withheld for long. Sent mails lose their text, and bookings their person.
    """
    now, settings = services.now(), services.settings
    mails = timedelta(days=settings.keep_mails_days)
    whole = timedelta(days=settings.keep_people_days)

    def forget(tx: Tx) -> int:
        emptied = people.empty_old_mails(tx, now=now, after=mails)
        return emptied + people.forget_people(tx, now=now, after=whole)

    forgotten = services.database.transact(forget)
    dropped = 0
    # Apart from the people, and from each other: a table that grew large must not keep anybody's
    # data from going, and one delete that takes too long undoes no other.
    for drop_some in KEPT:
        dropped += services.database.transact(partial(drop_some, now=now))
    for drop_batch in LARGE:
        dropped += _in_batches(services, drop_batch)
    return forgotten + dropped


def _in_batches(services: Services, drop_batch: Callable[..., int]) -> int:
    """Changes wait for the feed's lock: it is let go of after each batch."""
    count, gone = 0, BATCH
    while gone == BATCH:
        gone = services.database.transact(partial(drop_batch, now=services.now(), limit=BATCH))
        count += gone
    return count
