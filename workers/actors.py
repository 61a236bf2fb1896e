"""Every background job, its queue and limits, on one page.

A message carries an id and is only a wake-up: it may be lost, repeated or late. Retry policy lives
in the rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dramatiq
import structlog

from storage.rows.outbox_claims import Wake
from workers import tracing
from workers.broker import Broker
from workers.delivery import outbox
from workers.jobs import channel_audit, dry_looks, freebusy, slots
from workers.services import Services

# One a duty: a storm in one does not starve the other.
QUEUES = ("freebusy", "slots", "mails", "calendars", "callbacks")
FULL = 1_000
"""So many wake-ups wait in a queue that no more are sent by whoever repeats them: the bound of what
Redis holds of ours. Each wakes for a row that waits all the same.
"""
LAST = 10
"""The priority of what can wait. Dramatiq takes the smaller number first (reading is 0): the next
free thread reads a calendar, however slow mails are.
"""


@dataclass(frozen=True, slots=True)
class Actors:
    """`refresh_freebusy(connection_id)` reads one connection if it is owed a read;
    `recompute_slots(coach_id)` makes a coach's set anew from stored periods;
    `deliver_mail(outbox_id)`, `write_calendar(outbox_id)` and `post_callback(outbox_id)` deliver
    what one row of the outbox owes; `audit_channel(connection_id)` compares a connection's channel
    with Cronofy's list; `look_dry(look_id)` reads a coach's calendars and tells what that would
    change.
    """

    refresh_freebusy: dramatiq.Actor[[str], None]
    recompute_slots: dramatiq.Actor[[str], None]
    deliver_mail: dramatiq.Actor[[str], None]
    write_calendar: dramatiq.Actor[[str], None]
    post_callback: dramatiq.Actor[[str], None]
    audit_channel: dramatiq.Actor[[str], None]
    look_dry: dramatiq.Actor[[str], None]

    def wake(self, *connection_ids: str) -> bool:
        """Wake workers for these connections, all in one call to Redis, as below too. Whether Redis
        took it: what it did not take, the sweeper wakes.
        """
        return self._send_to_each(self.refresh_freebusy, connection_ids)

    def audit(self, *connection_ids: str) -> None:
        self._send_to_each(self.audit_channel, connection_ids)

    def look(self, look_id: str) -> bool:
        """Wake a worker for a dry look. Whether Redis took it: nobody else wakes for one."""
        return self._send_to_each(self.look_dry, [look_id])

    def roll(self, *coach_ids: str) -> None:
        self._send_to_each(self.recompute_slots, coach_ids)

    def wake_outbox(self, wakes: Iterable[Wake]) -> bool:
        """Wake senders for these rows, once they are committed. Whether Redis took it."""
        senders = self._senders()
        messages = []
        for outbox_id, kind in wakes:
            # A kind of a newer release is left for its workers, during an upgrade.
            if kind in senders:
                messages.append(_message(senders[kind], outbox_id))
        return self._send(messages)

    def idle(self, depths: Mapping[str, int] | None) -> frozenset[str]:
        """Of the outbox's kinds, "read", "roll" and "audit", those of which no wake-up waits in a
        queue; none where that cannot be said. `depths`: see workers.queues.
        """
        return frozenset(kind for kind, depth in self._waiting(depths).items() if depth == 0)

    def full(self, depths: Mapping[str, int] | None) -> frozenset[str]:
        """And those of which so many wait that one more helps nobody."""
        waiting = self._waiting(depths).items()
        return frozenset(kind for kind, depth in waiting if depth >= FULL)

    def _waiting(self, depths: Mapping[str, int] | None) -> dict[str, int]:
        """How many wake-ups of each kind wait; of none where that cannot be said."""
        kinds = self._senders() | {
            "read": self.refresh_freebusy,
            "roll": self.recompute_slots,
            "audit": self.audit_channel,
        }
        waiting = {}
        for kind, actor in kinds.items():
            if depths is not None and actor.queue_name in depths:
                waiting[kind] = depths[actor.queue_name]
        return waiting

    def _senders(self) -> dict[str, dramatiq.Actor[[str], None]]:
        """By kind of the outbox."""
        return {
            "mail": self.deliver_mail,
            "calendar": self.write_calendar,
            "callback": self.post_callback,
        }

    def _send_to_each(self, actor: dramatiq.Actor[[str], None], ids: Sequence[str]) -> bool:
        return self._send([_message(actor, each) for each in ids])

    def _send(self, messages: Sequence[dramatiq.Message[None]]) -> bool:
        broker = self.refresh_freebusy.broker
        # In one call: whoever wakes for hundreds waits for one answer of Redis's.
        if isinstance(broker, Broker):
            return broker.enqueue_all(messages)
        for message in messages:  # a broker in memory
            broker.enqueue(message)
        return True


def declare_actors(broker: dramatiq.Broker, services: Services) -> Actors:
    """Bind the jobs to this broker. (`@dramatiq.actor` at import would bind them to a localhost of
    its own.)
    """

    @dramatiq.actor(broker=broker, queue_name="freebusy")
    def refresh_freebusy(connection_id: str) -> None:
        if freebusy.refresh(services, connection_id):
            actors.wake(connection_id)

    @dramatiq.actor(broker=broker, queue_name="slots")
    def recompute_slots(coach_id: str) -> None:
        actors.wake_outbox(slots.recompute(services, coach_id))

    @dramatiq.actor(broker=broker, queue_name="mails", priority=LAST)
    def deliver_mail(outbox_id: str) -> None:
        actors.wake_outbox(outbox.deliver(services, outbox_id))

    @dramatiq.actor(broker=broker, queue_name="calendars", priority=LAST)
    def write_calendar(outbox_id: str) -> None:
        actors.wake_outbox(outbox.deliver(services, outbox_id, leases=outbox.CALENDAR_LEASES))

    @dramatiq.actor(broker=broker, queue_name="callbacks", priority=LAST)
    def post_callback(outbox_id: str) -> None:
        actors.wake_outbox(outbox.deliver(services, outbox_id))

    @dramatiq.actor(broker=broker, queue_name="freebusy", priority=LAST)
    def audit_channel(connection_id: str) -> None:
        if channel_audit.attempt(services, connection_id):
            actors.wake(connection_id)

    @dramatiq.actor(broker=broker, queue_name="freebusy")
    def look_dry(look_id: str) -> None:
        dry_looks.run(services, look_id)

    actors = Actors(
        refresh_freebusy,
        recompute_slots,
        deliver_mail,
        write_calendar,
        post_callback,
        audit_channel,
        look_dry,
    )
    return actors


def _message(actor: dramatiq.Actor[[str], None], argument: str) -> dramatiq.Message[None]:
    # Whoever reads the logs finds by it what a request led to; no job depends on it.
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    options: dict[str, Any] = {**tracing.carried()}
    if request_id:
        options["request_id"] = request_id
    return actor.message_with_options(args=(argument,), **options)
