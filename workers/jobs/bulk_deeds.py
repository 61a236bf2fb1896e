"""Going on with what ops asked to be done to all rows of a cause, some at a time.

Each batch is one transaction: whoever dies over it loses that batch alone, and the next clock goes
on where it stood. Senders are woken after it; should that be lost, the sweep wakes them.
"""

import time
from functools import partial

from storage.rows.bulk_deeds import BulkDeed
from storage.transactions import bulk_deeds
from workers.actors import Actors
from workers.services import Services

SECONDS_AT_ONCE = 0.5
"""Of a turn of the clock's: its other jobs wait meanwhile."""


def go_on(services: Services, actors: Actors) -> int:
    """Do what can be done in a short while. How many batches that were."""
    end = time.monotonic() + SECONDS_AT_ONCE
    count = 0
    while time.monotonic() < end:
        if step(services, actors) is None:
            break
        count += 1
    return count


def step(services: Services, actors: Actors, deed_id: str | None = None) -> BulkDeed | None:
    """One batch; the deed as it stands after it. None: nothing is left to do, or somebody else
    does it.
    """
    advance = partial(bulk_deeds.advance, now=services.now(), deed_id=deed_id)
    # The race: somebody else frees some of the same mails, in another order. Whoever loses the
    # deadlock does the batch again.
    batch = services.database.transact(advance)
    if batch is None:
        return None
    actors.wake_outbox(batch.wake)
    return batch.deed
