"""Callbacks to endpoints, made from the feed: each endpoint reads on from where it is, as any
reader of the feed does, and what it wants becomes a row of the outbox.

So one that is paused or off only stops reading: what happens meanwhile waits in the feed. And one
that wants the past again goes back, and is owed it anew under the same ids.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from domain import events
from domain.event_versions import said
from domain.events import Event
from domain.webhook_endpoints import TEST, WebhookEndpoint
from storage.rows import feed, outbox, owed_callbacks, webhook_endpoints
from storage.rows.feed import NumberedEvent
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import Wake
from storage.schema.tables import events as event_rows
from storage.schema.tables import outbox as outbox_rows

AT_ONCE = 500
PAUSED_MS = 600_000
row = outbox_rows.c
OVER = ("sent", "superseded", "dead")
WAITING = ("pending",)


def feed_on(tx: Connection, endpoint_id: str, *, now: datetime) -> list[Wake]:
    """Owe an endpoint the next events that it wants. Answers what to wake for."""
    # Locked: two who read on from one place would both move it, and one of them back.
    endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
    # The race: somebody is erased between our look at an event of theirs and what is owed of it,
    # which would stay. Erasures hold this lock, too.
    last = feed.lock(tx).last_position
    if not endpoint.is_behind(last):
        return []
    page = feed.page(
        tx,
        after=endpoint.fed_through,
        through=last,
        limit=AT_ONCE,
        topics=endpoint.types or (),
        coach_ids=endpoint.coach_ids or (),
    )
    through = last
    if len(page) == AT_ONCE:
        through = page[-1].position
    webhook_endpoints.change(tx, endpoint_id, fed_through=through)
    wanted = []
    for event in page:
        if endpoint.wants(event.topic, event.coach_id, event.company_id):
            wanted.append(event)
    _forget(tx, endpoint, wanted)
    known, found = _owe_again(tx, endpoint, wanted, now)
    owed = []
    for event in wanted:
        if event.id not in known:
            owed.append(_owed(endpoint, event, now))
    return found + outbox.add(tx, owed, now=now)


def send_test(
    tx: Connection, endpoint: WebhookEndpoint, *, now: datetime
) -> tuple[str, list[Wake]]:
    """Owe it an event that says nothing. Answers the event's id, and what to wake for."""
    event_id = feed.new_id()
    body = {"type": TEST, "timestamp": events.written(now), "data": {"endpoint_id": endpoint.id}}
    owed = Owed(
        kind="callback",
        topic=TEST,
        dedupe_key=f"callback:{event_id}:{endpoint.id}",
        version=1,
        due_at=now,
        payload=body,
        booking_id=f"test:{event_id}",
        endpoint_id=owed_callbacks.stored(endpoint.id),
        event_id=event_id,
    )
    return event_id, outbox.add(tx, [owed], now=now)


def go_back(tx: Connection, endpoint: WebhookEndpoint, since: datetime) -> int:
    """Owe it again all that happened since then and is kept. How many events that are at most."""
    at = event_rows.c
    first = select(func.min(at.position), func.count(at.position)).where(at.at >= since)
    position, count = tx.execute(first).one()
    if position is None:
        return 0
    before = {"fed_through": min(endpoint.fed_through, position - 1)}
    last = feed.ends_of(tx).last_position
    webhook_endpoints.change(tx, endpoint.id, replay_through=last, **before)
    return int(count)


def send_again(
    tx: Connection, endpoint: WebhookEndpoint, event_id: str, now: datetime
) -> list[Wake]:
    """Owe it this event again. Answers what to wake for."""
    over = and_(row.event_id == event_id, row.state.in_(OVER))
    return owed_callbacks.revive(tx, and_(owed_callbacks.of(endpoint.id), over), now)


def send_dead_again(
    tx: Connection, endpoint: WebhookEndpoint, *, now: datetime
) -> tuple[int, list[Wake]]:
    """Owe it again all that are dead letters by now. How many they are, and what to wake for: the
    clock goes on with the rest.
    """
    count = webhook_endpoints.counts(tx, endpoint.id).get((endpoint.id, "dead"), 0)
    return count, _begin_again(tx, endpoint, {"dead"}, now)


def go_on(tx: Connection, endpoint_id: str, *, now: datetime) -> list[Wake]:
    """The next batch of what it is owed again."""
    endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
    if endpoint.again_before is None or endpoint.state != "on":
        return []
    wake = owed_callbacks.owe_again(
        tx, endpoint.id, endpoint.again, before=endpoint.again_before, now=now
    )
    # The race: what somebody else has changed while we waited for its lock does not come back, and
    # the batch is short though more is left.
    short = len(wake) < owed_callbacks.BATCH
    if short and not owed_callbacks.is_any_left(
        tx, endpoint.id, endpoint.again, before=endpoint.again_before
    ):
        webhook_endpoints.change(tx, endpoint.id, again_before=None, again_states="")
    return wake


def pause(tx: Connection, endpoint: WebhookEndpoint) -> None:
    """What is owed waits. What a sender has in its hands just now may still be taken.

    Of what is owed the oldest are put off here, and the rest when their turn comes.
    """
    webhook_endpoints.change(tx, endpoint.id, state="paused")
    later = outbox.after_ms(PAUSED_MS)
    put_off = {"trouble": "paused", "next_attempt_at_ms": later}
    owed_callbacks.change_batch(tx, endpoint.id, WAITING, **put_off)


def resume(tx: Connection, endpoint: WebhookEndpoint, *, now: datetime) -> list[Wake]:
    """On again: what waited goes, and what was not taken before it was switched off. The clock goes
    on with what is more than a batch.
    """
    again = {"state": "on", "failing_since": None, "off_since": None, "mailed_at": None}
    webhook_endpoints.change(tx, endpoint.id, **again)
    states = {"pending"}
    if endpoint.state == "off":
        states.add("dead")
    return _begin_again(tx, endpoint, states, now)


def switch_off(tx: Connection, endpoint: WebhookEndpoint, *, now: datetime) -> int:
    """Nothing was taken for too long. What is owed becomes dead letters, until it is on again. How
    many did: the clock goes on with the rest (`bury`).
    """
    webhook_endpoints.change(tx, endpoint.id, state="off", off_since=now)
    return bury(tx, endpoint.id)


def bury(tx: Connection, endpoint_id: str) -> int:
    """How many of what is owed to one that is off became dead letters: a batch at most."""
    reason = "its endpoint was switched off"
    return owed_callbacks.change_batch(tx, endpoint_id, WAITING, state="dead", last_error=reason)


def drop(tx: Connection, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """The endpoint, and what it was owed: from now on it is not there, and nothing is sent to it.
    The clock deletes what is more than a batch.
    """
    webhook_endpoints.change(tx, endpoint.id, deleted_at=now, sealed=None)
    drop_next(tx, endpoint.id)


def drop_next(tx: Connection, endpoint_id: str) -> bool:
    """The next batch of one that was deleted. Whether there is more to do just now."""
    gone = owed_callbacks.delete_batch(tx, endpoint_id)
    forgotten = webhook_endpoints.drop_attempts(tx, endpoint_id)
    if gone == owed_callbacks.BATCH or forgotten == webhook_endpoints.AT_ONCE:
        return True
    # What a sender has in its hands goes once it is let go of.
    if not owed_callbacks.is_any_left(tx, endpoint_id):
        webhook_endpoints.delete(tx, endpoint_id)
    return False


def _begin_again(
    tx: Connection, endpoint: WebhookEndpoint, states: set[str], now: datetime
) -> list[Wake]:
    """The first batch; the rest is written down for the clock, with what it had not ended yet."""
    if endpoint.again_before is not None:
        states = states | set(endpoint.again)
    wake = owed_callbacks.owe_again(tx, endpoint.id, states, before=None, now=now)
    if owed_callbacks.is_any_left(tx, endpoint.id, states, before=now):
        named = ",".join(sorted(states))
        webhook_endpoints.change(tx, endpoint.id, again_states=named, again_before=now)
    return wake


def _forget(tx: Connection, endpoint: WebhookEndpoint, wanted: Sequence[NumberedEvent]) -> None:
    """Of what only the latest counts, what was told before is history that nobody needs."""
    subjects = set()
    for event in wanted:
        if not events.in_order(event.topic):
            subjects.add(event.subject)
    over = row.state.in_(("sent", "superseded"))
    told = owed_callbacks.locked(owed_callbacks.of(endpoint.id), row.booking_id.in_(subjects), over)
    tx.execute(outbox_rows.delete().where(told))


def _owe_again(
    tx: Connection, endpoint: WebhookEndpoint, wanted: Sequence[NumberedEvent], now: datetime
) -> tuple[set[str], list[Wake]]:
    """Those that it was owed before, and that somebody asked for again: their ids, and what to
    wake for.
    """
    asked = []
    for event in wanted:
        if event.position <= endpoint.replay_through:
            asked.append(event.id)
    if not asked:
        return set(), []
    mine = and_(owed_callbacks.of(endpoint.id), row.event_id.in_(asked))
    known = set(tx.scalars(select(row.event_id).where(mine)))
    return known, owed_callbacks.revive(tx, and_(mine, row.state.in_(OVER)), now)


def _key(endpoint: WebhookEndpoint, event: NumberedEvent) -> str:
    return f"callback:{event.id}:{endpoint.id}"


def _owed(endpoint: WebhookEndpoint, event: NumberedEvent, now: datetime) -> Owed:
    # Of a booking each change counts, in the order of its versions; of the rest, the latest.
    version = event.position
    if events.in_order(event.topic):
        version = event.data["version"]
    told = Event(
        event.topic, event.subject, event.coach_id, event.at, said(event.data, endpoint.version)
    )
    return Owed(
        kind="callback",
        topic=events.TO_ENDPOINT + event.topic,
        dedupe_key=_key(endpoint, event),
        version=version,
        due_at=now,
        payload=told.body,
        coach_id=event.coach_id,
        session_id=event.data.get("session_id"),
        booking_id=event.subject,
        endpoint_id=endpoint.id,
        event_id=event.id,
    )
