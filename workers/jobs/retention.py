"""What is kept for a while, and dropped by the clock."""

from datetime import timedelta

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
from storage.transactions import callbacks, looks
from storage.transactions import retention as people
from workers.actors import Actors
from workers.services import Services


def drop(services: Services, _actors: Actors) -> int:
    """Drop the answers that are kept for repeated writes, once nobody repeats them; links and
    consents that ended; old samples, refusals, callbacks, events and looks; and free the addresses
    that were withheld for long. Sent mails lose their text, and bookings their person.
    """
    now, settings = services.now(), services.settings
    kept_for = timedelta(days=settings.keep_mails_days)
    with services.database.write() as tx:
        emptied = people.empty_old_mails(tx, now=now, after=kept_for)
        forgotten = people.forget_people(
            tx, now=now, after=timedelta(days=settings.keep_people_days)
        )
    kept = (
        # Its lock before any row of the outbox: in this order events become callbacks, too.
        feed.drop_old,
        idempotency.drop_old,
        links.drop_old,
        oauth_states.drop_old,
        samples.prune,
        refusals.prune,
        callbacks.drop_old,
        webhook_endpoints.drop_old,
        history.drop_holds,
        looks.drop_old,
        withheld_addresses.drop_old,
        bulk_deeds.drop_old,
        causes.drop_acknowledged,
    )
    # Apart from the people: a table that grew large must not keep anybody's data from going.
    with services.database.write() as tx:
        dropped = sum(drop(tx, now=now) for drop in kept)
    return emptied + forgotten + dropped
