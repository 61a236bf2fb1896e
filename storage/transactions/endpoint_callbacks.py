"""Callbacks to endpoints, made from the feed: each endpoint reads on from where it is, as any
reader of the feed does, and what it wants becomes a row of the outbox.

So one that is paused or off only stops reading: what happens meanwhile waits in the feed. And one
that wants the past again goes back, and is owed it anew under the same ids.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Update, and_, func, select

from domain import events
from domain.event_versions import said
from domain.events import Event
from domain.webhook_endpoints import OF_SETTINGS, TEST, WebhookEndpoint
from storage.rows import feed, outbox, webhook_endpoints
from storage.rows.feed import NumberedEvent
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import DUE_NOW, Wake
from storage.schema.tables import events as event_rows
from storage.schema.tables import outbox as outbox_rows

AT_ONCE = 500
PAUSED_MS = 600_000
row = outbox_rows.c
OVER = ("sent", "superseded", "dead")


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
        endpoint_id=_stored(endpoint.id),
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
    tx: Connection, endpoint: WebhookEndpoint, *, now: datetime, event_id: str | None = None
) -> list[Wake]:
    """Owe it this event again, or all that are dead letters."""
    which = row.state == "dead"
    if event_id is not None:
        which = and_(row.event_id == event_id, row.state.in_(OVER))
    return _revive(tx, and_(_of(endpoint.id), which), now)


def pause(tx: Connection, endpoint: WebhookEndpoint) -> None:
    """What is owed waits. What a sender has in its hands just now may still be taken."""
    webhook_endpoints.change(tx, endpoint.id, state="paused")
    waiting = outbox_rows.update().where(_locked(_of(endpoint.id), row.state == "pending"))
    tx.execute(waiting.values(trouble="paused", next_attempt_at_ms=outbox.after_ms(PAUSED_MS)))


def resume(tx: Connection, endpoint: WebhookEndpoint, *, now: datetime) -> list[Wake]:
    """On again: what waited goes, and what was not taken before it was switched off."""
    again = {"state": "on", "failing_since": None, "off_since": None, "mailed_at": None}
    webhook_endpoints.change(tx, endpoint.id, **again)
    # Due from now on: what waited for days is not given up at its first failure.
    freed = DUE_NOW | {"trouble": None, "attempts": 0, "due_at": now}
    waiting = _locked(_of(endpoint.id), row.state == "pending")
    owed = outbox_rows.update().where(waiting).values(freed)
    found = _wakes(tx, owed)
    if endpoint.state == "off":
        found += _revive(tx, and_(_of(endpoint.id), row.state == "dead"), now)
    return found


def switch_off(tx: Connection, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Nothing was taken for too long. What is owed becomes dead letters, until it is on again."""
    webhook_endpoints.change(tx, endpoint.id, state="off", off_since=now)
    waiting = outbox_rows.update().where(_locked(_of(endpoint.id), row.state == "pending"))
    tx.execute(waiting.values(state="dead", last_error="its endpoint was switched off"))


def drop(tx: Connection, endpoint: WebhookEndpoint) -> None:
    """The endpoint, and what it was owed."""
    tx.execute(outbox_rows.delete().where(_locked(_of(endpoint.id), row.state != "sending")))
    webhook_endpoints.delete(tx, endpoint.id)


def _forget(tx: Connection, endpoint: WebhookEndpoint, wanted: Sequence[NumberedEvent]) -> None:
    """Of what only the latest counts, what was told before is history that nobody needs."""
    subjects = set()
    for event in wanted:
        if not events.in_order(event.topic):
            subjects.add(event.subject)
    over = row.state.in_(("sent", "superseded"))
    told = _locked(_of(endpoint.id), row.booking_id.in_(subjects), over)
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
    mine = and_(_of(endpoint.id), row.event_id.in_(asked))
    known = set(tx.scalars(select(row.event_id).where(mine)))
    return known, _revive(tx, and_(mine, row.state.in_(OVER)), now)


def _revive(tx: Connection, which: ColumnElement[bool], now: datetime) -> list[Wake]:
    # Due from now on: it is given up so long after that.
    again = DUE_NOW | {"state": "pending", "attempts": 0, "last_error": None, "due_at": now}
    owed = outbox_rows.update().where(_locked(which)).values(again)
    return _wakes(tx, owed)


def _wakes(tx: Connection, owed: Update) -> list[Wake]:
    """The oldest first: what happened first is told first, as far as nothing fails."""
    found = tx.execute(owed.returning(row.id, row.kind, row.created_at)).all()
    found = sorted(found, key=lambda each: (each.created_at, each.id))
    return [(each.id, each.kind) for each in found]


def _locked(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    """These rows, locked one after another by their ids.

    The race: somebody claims one of them just now, and has locked its queue in that order. An
    update locks as it finds rows: each would come to wait for the other.
    """
    # A CTE is worked off once; a subquery perhaps for each row, in the order of the table.
    chosen = select(row.id).where(*which).order_by(row.id).with_for_update().cte("chosen")
    return row.id.in_(select(chosen))


def _of(endpoint_id: str) -> ColumnElement[bool]:
    mine = row.endpoint_id == _stored(endpoint_id)
    if endpoint_id == OF_SETTINGS:
        mine = row.endpoint_id.is_(None)
    return and_(row.kind == "callback", mine)


def _stored(endpoint_id: str) -> str | None:
    if endpoint_id == OF_SETTINGS:
        return None
    return endpoint_id


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
