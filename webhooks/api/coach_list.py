"""The list of coaches: each as it is told alone, in a few questions for a page of them."""

from datetime import UTC, datetime, timedelta

from storage.reports import coach_lists, coach_states
from storage.reports.lists import Key, Page
from storage.rows import coaches, connections
from storage.schema.database import Tx
from storage.slots.absences import sessions_inside
from webhooks.api.coaches import coach_fields
from webhooks.api.list_pages import Fields, ItemList, Reader
from webhooks.api.schemas.coach_lists import CoachesQuery
from webhooks.api.schemas.responses import CoachOut
from webhooks.http.times import bound, check_zone
from workers.services import Services


def _coaches(services: Services, query: CoachesQuery) -> Reader:
    zone, changed_since = check_zone("tz", query.tz), None
    if query.changed_since is not None:
        changed_since = datetime.fromtimestamp(
            bound("changed_since", query.changed_since, zone), UTC
        )
    now, stale_after = services.now(), services.stale_after()

    def read(tx: Tx, after: Key | None, limit: int) -> Page[Fields]:
        found = coach_lists.page(
            tx,
            after,
            limit=limit,
            now=now,
            stale_after=stale_after,
            state=query.state,
            changed_since=changed_since,
        )
        items = _items(tx, found.items, now, stale_after)
        return Page(items, found.after)

    return read


def _items(tx: Tx, ids: list[str], now: datetime, stale_after: timedelta) -> list[Fields]:
    known = coaches.by_id(tx, ids)
    connected = connections.of_coaches(tx, ids)
    items = []
    for coach_id in ids:
        # The race: one is erased between two of these looks.
        if coach_id not in known:
            continue
        coach, theirs = known[coach_id], connected[coach_id]
        stands = coach_states.by_connections(coach_id, theirs, now=now, stale_after=stale_after)
        inside = sessions_inside(tx, coach, now=now)
        items.append(coach_fields(coach, stands, theirs, inside))
    return items


def _kinds(query: CoachesQuery) -> tuple[type, ...]:
    if query.changed_since is not None:
        return int, str
    return (str,)


COACHES = ItemList("coaches", CoachOut, _coaches, _kinds)
