"""The ops pages as a visitor uses them: logging in, sending forms; and the diary of deeds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dramatiq.brokers.stub import StubBroker
from flask.testing import FlaskClient

from storage.rows import audit_log
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk
from webhooks.app import create_app
from workers.bootstrap import bootstrap, create_services

CSRF = re.compile(r'name="csrf" value="([\w-]+)"')
HTMX_ASKS = {"HX-Request": "true"}


def csrf(page: Any) -> str:
    found = CSRF.search(page.text)
    assert found is not None
    return found[1]


def log_in(client: FlaskClient, key: str, **more: str) -> Any:
    return client.post(
        "/ops/login", data={"csrf": csrf(client.get("/ops/login")), "key": key} | more
    )


def do(desk: Desk, path: str, **options: Any) -> Any:
    return desk.client.post(path, data={"csrf": csrf(desk.client.get("/ops"))}, **options)


def deeds(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        return [(deed.action, deed.target) for deed in audit_log.deeds(tx)]


def state(desk: Desk, outbox_id: str) -> str:
    with desk.database.read() as tx:
        return str(
            tx.execute(tables.outbox.select().where(tables.outbox.c.id == outbox_id)).one().state
        )


@contextmanager
def later(desk: Desk, *, hours: float = 0, **changes: str) -> Iterator[FlaskClient]:
    """The same deployment at another time or with other settings, asked with the same cookie."""
    was = desk.runtime.settings
    values = {
        "secret_keys": was.secret_keys[0].get_secret_value(),
        "database_url": was.database_url,
    } | changes
    settings = desks.settings_for(redis_url=was.redis_url, **values)
    services = replace(create_services(settings), now=lambda: people.NOW + timedelta(hours=hours))
    runtime = bootstrap(settings, services=services, broker=StubBroker())
    client = create_app(runtime).test_client()
    cookie = desk.client.get_cookie("coachcal-ops")
    assert cookie is not None
    client.set_cookie(cookie.key, cookie.value)
    try:
        yield client
    finally:
        runtime.close()
