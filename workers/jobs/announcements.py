"""What the platform is told of by comparing how things are with what it was last told."""

from functools import partial

from storage.transactions import callbacks
from workers.actors import Actors
from workers.jobs import webhook_endpoints
from workers.services import Services


def announce(services: Services, actors: Actors) -> int:
    """Tell the platform of slots, calendars and conflicts that are not as it was last told, and
    number the events that its feed shows.
    """
    work = partial(
        callbacks.announce,
        now=services.now(),
        stale_after=services.stale_after(),
        posted=services.receiver is not None,
    )
    owed = services.database.transact(work)
    actors.wake_outbox(owed)
    return len(owed) + webhook_endpoints.feed_on(services, actors)
