"""Owing the mails that tell a coach what happened to a session in their calendar."""

from storage.transactions import calendar_mails
from workers.actors import Actors
from workers.services import Services


def owe(services: Services, actors: Actors) -> int:
    """How many are owed now that were not."""
    # Nearly always there is none: the look takes no lock, and on SQLite keeps no writer waiting.
    with services.database.read() as tx:
        if not calendar_mails.waits(tx):
            return 0
    with services.database.write() as tx:
        owed = calendar_mails.owe(tx, now=services.now())
    actors.wake_outbox(owed)
    return len(owed)
