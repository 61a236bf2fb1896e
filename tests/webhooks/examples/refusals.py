"""What follows for every operation from how it is asked: no key, another's scope, too much, ..."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from storage.rows.api_keys import SCOPES
from tests.support.http_client import Desk
from tests.webhooks.every_request import About
from tests.webhooks.examples.exchange import Change, Exchange, send
from webhooks.api.route import Route
from webhooks.http.requests import BODY_CAP
from webhooks.http.versions import HEADER
from workers.cronofy import signature

TOO_LARGE = b" " * (BODY_CAP + 1) + b"{}"
METHODS = ("DELETE", "PUT", "POST", "PATCH", "GET")
NO_ID = "a%20b"
WRONG_SIGNATURE = {signature.HEADER: "bm8="}


def by_status(status: int, desk: Desk, route: Route, about: About) -> Exchange | None:
    """The refusal of the route with this status, if it follows from how it is asked."""
    change = _change(status, route, about)
    if status == 405:
        return send(desk, route, about, method=_other_method(desk, route))
    if change is None:
        return None
    return send(desk, route, about, change)


def _change(status: int, route: Route, about: About) -> Change | None:
    match status:
        case 400 if route.scopes:
            return Change(headers={HEADER: "2020-02-20"})
        case 400:
            return Change(raw=b"[]")
        case 401 if route.scopes:
            return Change(bare=True)
        case 401:
            return Change(headers=WRONG_SIGNATURE)
        case 403:
            return Change(scopes=(_other_scope(route),))
        case 412:
            return Change(headers={"If-Match": '"999"'})
        case 413:
            return Change(raw=TOO_LARGE)
        case 415:
            return Change(raw=b"{}", headers={"Content-Type": "application/x-unknown"})
        case 422:
            return _unfit(route)
    return None


def _unfit(route: Route) -> Change | None:
    if route.body is not None:
        return Change(body={"nonsense": 1})
    if route.query is not None:
        return Change(query={"nonsense": "1"})
    if route.once:
        return Change(headers={"Idempotency-Key": "a b"})
    if "<" in route.path and route.scopes:
        path = route.path
        for name in route.path.split("<")[1:]:
            path = path.replace(f"<{name.partition('>')[0]}>", NO_ID)
        return Change(path=path)
    return None


def _other_scope(route: Route) -> str:
    return next(scope for scope in SCOPES if scope not in route.scopes)


def _other_method(desk: Desk, route: Route) -> str:
    """One that is answered at no path that this one might be."""
    there = desk.client.application.url_map.bind("").allowed_methods(route.path.replace("<", "x"))
    return next(method for method in METHODS if method not in there)


@contextmanager
def broken(desk: Desk, route: Route) -> Iterator[None]:
    """Somebody made a mistake in this operation."""
    views: dict[str, Any] = desk.client.application.view_functions
    was = views[route.name]

    def fail(**_: Any) -> Any:
        raise RuntimeError("a defect")

    views[route.name] = fail
    try:
        yield
    finally:
        views[route.name] = was
