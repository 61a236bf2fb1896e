"""Tiles of coaches: for a page that shows many of them, whether each one's calendars are connected
and healthy.
"""

from collections.abc import Container, Iterable

from storage.reports import coach_states
from storage.reports.coach_states import CoachState
from webhooks.api import badges
from webhooks.api.schemas.requests import TilesQuery
from webhooks.api.schemas.responses import Tile, TilesOut
from webhooks.http.context import runtime
from webhooks.http.times import iso_or_none


def show(query: TilesQuery) -> TilesOut:
    """How the calendars of up to 200 coaches stand, in the order asked for.

    A coach who is not there spoils nothing: `unknown` names those.
    """
    services = runtime().services
    wanted = list(dict.fromkeys(query.ids))
    with services.database.read() as tx:
        found = coach_states.of(tx, wanted, now=services.now(), stale_after=services.stale_after())
    known = {each.coach_id for each in found}
    return TilesOut(coaches=list(map(_tile, found)), unknown=missing(wanted, known))


def missing(wanted: Iterable[str], found: Container[str]) -> list[str]:
    """The ids that were asked for and are not there, in the order asked for."""
    return [coach_id for coach_id in wanted if coach_id not in found]


def _tile(each: CoachState) -> Tile:
    badge, as_of = badges.url_of(each.coach_id), iso_or_none(each.as_of)
    return Tile(
        id=each.coach_id,
        synced=each.synced,
        state=each.state,
        as_of=as_of,
        badge_url=badge,
    )
