"""The feed over HTTP: what happened, read on from where a reader stopped."""

from domain.event_versions import NEWEST, Version, said
from domain.events import SLOTS
from storage.rows import feed
from storage.rows.feed import NumberedEvent
from webhooks.api import feed_cursors
from webhooks.api.schemas.events import (
    EventsOut,
    EventsQuery,
    FeedEventOut,
    SlotChange,
    SlotChangesOut,
    SlotChangesQuery,
)
from webhooks.http import versions
from webhooks.http.context import runtime
from webhooks.http.times import iso


def show(query: EventsQuery) -> EventsOut:
    """All that webhooks tell, in order: what happened in the last 90 days.

    Read on with `after`, the `next` of the answer before, as long as `more` says that there is
    more; then ask again whenever you like. Nothing is ever put in before a `next` that you were
    given. An event's `id` is the `webhook-id` under which it is posted. Of a coach's slots only the
    latest event is kept.
    """
    with runtime().services.database.read() as tx:
        # The ends first: what is numbered later lies beyond them, and is for the next time.
        ends = feed.ends_of(tx)
        after = feed_cursors.position_of(query.after, ends, begins=ends.dropped_through)
        found = feed.page(
            tx,
            after=after,
            through=ends.last_position,
            limit=query.limit + 1,
            topics=query.type,
            coach_ids=query.coach_id,
        )
    page, following, more = _cut(found, query.limit, ends.last_position)
    version = query.version or versions.asked() or NEWEST
    versions.answered_in(version)
    shown = [_to_out(event, version) for event in page]
    return EventsOut(version=version, events=shown, next=following, more=more)


def show_slots(query: SlotChangesQuery) -> SlotChangesOut:
    """Whose open times changed, and to which version: for who keeps copies of them.

    Each coach is told of once, at their latest change; without `after` every coach there is. Read
    on as in GET /v1/events.
    """
    with runtime().services.database.read() as tx:
        ends = feed.ends_of(tx)
        after = feed_cursors.position_of(query.after, ends)
        found = feed.page(
            tx, after=after, through=ends.last_position, limit=query.limit + 1, topics=(SLOTS,)
        )
    page, following, more = _cut(found, query.limit, ends.last_position)
    changes = []
    for event in page:
        at = iso(int(event.at.timestamp()))
        change = SlotChange(
            coach_id=event.coach_id,
            version=event.data["version"],
            changed_at=at,
            next=feed_cursors.written(event.position),
        )
        changes.append(change)
    return SlotChangesOut(changes=changes, next=following, more=more)


def _cut(
    found: list[NumberedEvent], limit: int, last_position: int
) -> tuple[list[NumberedEvent], str, bool]:
    """A page, the cursor behind it, and whether there is more."""
    page = found[:limit]
    if len(found) > limit:
        return page, feed_cursors.written(page[-1].position), True
    # Behind what no filter let through, too: it is not looked at again.
    return page, feed_cursors.written(last_position), False


def _to_out(event: NumberedEvent, version: Version) -> FeedEventOut:
    return FeedEventOut(
        id=event.id,
        type=event.topic,
        timestamp=iso(int(event.at.timestamp())),
        data=said(event.data, version),
        next=feed_cursors.written(event.position),
    )
