"""A desk at which something is wrong: limits that are spent, a database that is away, a clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import fakeredis
from sqlalchemy import event

from storage.schema.database import Database, create
from tests.support import people
from tests.support.http_client import Desk
from tests.webhooks.every_request import About
from tests.webhooks.examples.exchange import Change, Exchange, send
from tests.webhooks.examples.refusals import WRONG_SIGNATURE
from webhooks.api.route import Route
from webhooks.app import App
from webhooks.http.api_key_cache import ApiKeyCache
from webhooks.http.context import EXTENSION, Parts
from webhooks.http.limits import RequestLimits
from workers.breaker import RedisBreaker
from workers.limits import Limiter
from workers.skew import ClockOff

NOWHERE = "postgresql://127.0.0.1:1/nobody"
ONE = {"limit_reads": 1, "limit_writes": 1, "limit_wrong": 1}
PUSHES = ("notifications_receive", "conferencing_receive")


@contextmanager
def _instead(desk: Desk, change: Callable[[Parts], Parts]) -> Iterator[None]:
    """The app over other parts. What answers in passing has the usual ones: it is left out."""
    app: Any = desk.client.application
    assert isinstance(app, App)
    was, passing = app.extensions[EXTENSION], app.in_passing
    app.extensions[EXTENSION], app.in_passing = change(was), ()
    try:
        yield
    finally:
        app.extensions[EXTENSION], app.in_passing = was, passing


@contextmanager
def tight(desk: Desk) -> Iterator[None]:
    """Whoever asked once has asked too often."""
    with fakeredis.FakeRedis() as redis:

        def limited(ours: Parts) -> Parts:
            limiter = Limiter(redis, RedisBreaker(redis))
            settings = ours.runtime.settings.model_copy(update=ONE)
            return replace(ours, limits=RequestLimits(settings, limiter, ours.metrics.limited))

        with _instead(desk, limited):
            yield


def asked_too_often(desk: Desk, route: Route, about: About) -> Exchange:
    """The refusal of the second or third request."""
    change = Change()
    if route.name in PUSHES:
        change = Change(headers=WRONG_SIGNATURE)
    for _ in range(3):
        found = send(desk, route, about, change)
        if found.status == 429:
            break
    return found


@contextmanager
def over(desk: Desk, database: Database) -> Iterator[None]:
    """The same deployment over another database; no key is remembered."""

    def elsewhere(ours: Parts) -> Parts:
        services = replace(ours.runtime.services, database=database)
        runtime = replace(ours.runtime, services=services)
        return replace(ours, runtime=runtime, api_keys=ApiKeyCache(services))

    with _instead(desk, elsewhere):
        yield


@contextmanager
def away(desk: Desk) -> Iterator[None]:
    database = create(NOWHERE, use="web")
    try:
        with over(desk, database):
            yield
    finally:
        database.close()


@contextmanager
def read_only(desk: Desk) -> Iterator[None]:
    """As after a fail-over."""
    database = create(str(desk.runtime.settings.database_url), use="web")
    event.listen(
        database.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=1")
    )
    try:
        with over(desk, database):
            yield
    finally:
        database.close()


@contextmanager
def clock_off(desk: Desk) -> Iterator[None]:
    def off() -> datetime:
        raise ClockOff(120.0, people.NOW)

    def wrong(ours: Parts) -> Parts:
        services = replace(ours.runtime.services, now=off)
        return replace(ours, runtime=replace(ours.runtime, services=services))

    with _instead(desk, wrong):
        yield
