"""Webhook endpoints of a Switchboard's platform, made and fed as API and clock would do it."""

from datetime import datetime
from typing import Any

from domain.event_versions import NEWEST
from domain.webhook_endpoints import WebhookEndpoint
from storage.rows import feed, webhook_endpoints
from storage.transactions import endpoint_callbacks
from tests.support.callback_server import SECRET
from tests.support.webhook_delivery import Switchboard


def make(board: Switchboard, path: str, **more: Any) -> str:
    """An endpoint at this path of the platform. Its id."""
    endpoint_id = webhook_endpoints.new_id()
    sealed = board.services.vault.seal(endpoint_id, {"secret": SECRET})
    with board.database.write() as tx:
        values: dict[str, Any] = {
            "id": endpoint_id,
            "url": f"{board.platform.origin}{path}",
            "created_at": board.now,
            "sealed": sealed,
            "version": NEWEST,
            "fed_through": feed.ends_of(tx).last_position,
        }
        webhook_endpoints.add(tx, WebhookEndpoint(**(values | more)))
    return endpoint_id


def get(board: Switchboard, endpoint_id: str) -> WebhookEndpoint:
    with board.database.read() as tx:
        return webhook_endpoints.get(tx, endpoint_id)


def feed_on(board: Switchboard) -> None:
    """What the clock does each second; then all that is due is posted."""
    board.announce()
    with board.database.read() as tx:
        known = webhook_endpoints.find_all(tx)
    for endpoint in known:
        with board.database.write() as tx:
            board.woken += endpoint_callbacks.feed_on(tx, endpoint.id, now=board.now)
    board.work()


def heard(board: Switchboard, path: str) -> list[tuple[str, Any]]:
    """(type, data) of what this path of the platform took, in the order it came."""
    found = []
    for call in board.platform.calls:
        if call.path == path and call.status is not None and call.status < 300:
            found.append((call.event["type"], call.event["data"]))
    return found


def change(board: Switchboard, endpoint_id: str, **values: datetime | Any) -> None:
    with board.database.write() as tx:
        webhook_endpoints.change(tx, endpoint_id, **values)
