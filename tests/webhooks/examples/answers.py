"""Every operation answered well: each status and each media type that the document tells."""

from collections.abc import Iterator
from itertools import count

from tests.support.http_client import Desk
from tests.webhooks.every_request import REQUESTS, About, Things
from tests.webhooks.examples.exchange import Change, Exchange, send
from tests.webhooks.request_parts import Request
from webhooks.api.route import Route
from webhooks.api.routes import ROUTES

BY_NAME = {route.name: route for route in ROUTES if route.documented}
NUMBERS = count(1)
FIRST: dict[str, Request] = {}
for _each in REQUESTS:
    FIRST.setdefault(_each.operation, _each)
# What there is to be shown, beside what the request names.
SHOWN = {
    "withheld_show": ("withheld_id",),
    "withheld_release_address": ("withheld_id",),
    "shells_show": ("shell_id",),
    "lists_bookings": ("booking_id",),
    "lists_pods": ("seat",),
    "lists_mailers": ("scope_id",),
    "sessions_show": ("seat",),
    "history_show": ("booking_id",),
    "tiles_show": (),
    "feeds_show": ("feed_id",),
    "events_show": ("event_id",),
    "events_show_slots": (),
    "webhook_endpoints_show_all": ("endpoint_id",),
    "pods_show": ("seat",),
    "exports_export_csv": ("seat",),
    "exports_export_xlsx": ("seat",),
}
DRY = {"dry_run": "true"}


def about(desk: Desk, request: Request) -> About:
    """The request, and a coach of its own."""
    return _about(Things(desk, f"ada{next(NUMBERS)}"), request)


def _about(things: Things, request: Request) -> About:
    for thing in SHOWN.get(request.operation, ()):
        assert things[thing]
    return About(request, things)


def all_of(desk: Desk, shown: Things) -> Iterator[Exchange]:
    """`shown`: a coach for all that only reads."""
    for request in REQUESTS:
        route = BY_NAME[request.operation]
        mine = _about(shown, request) if route.method == "GET" else about(desk, request)
        first = send(desk, route, mine)
        yield first
        if request is not FIRST[request.operation]:
            continue
        yield from _in_other_ways(desk, route, mine, first)


def _in_other_ways(desk: Desk, route: Route, mine: About, first: Exchange) -> Iterator[Exchange]:
    if route.conditional:
        known = {"If-None-Match": first.answered["ETag"]}
        yield send(desk, route, mine, Change(headers=known))
    for media in route.also:
        whole = {name: value for name, value in mine.request.query.items() if name != "limit"}
        yield send(desk, route, mine, Change(query=whole, headers={"Accept": media}))
    if route.name == "coaches_put":
        yield send(desk, route, mine, Change(path=f"/v1/coaches/ada{next(NUMBERS)}"))
    if route.name.startswith("imports_load"):
        again = about(desk, mine.request)
        yield send(desk, route, again, Change(query=DRY))
