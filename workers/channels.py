"""Notification channels: one an account, its URL carrying a token that only Cronofy and we know."""

import secrets

from storage import accounts
from workers.cronofy.client import Cronofy
from workers.services import Services

PATH = "/webhooks/cronofy/"


def ensure(services: Services, connection_id: str, cronofy: Cronofy, access: str) -> None:
    """Open the connection's channel unless that was done."""
    with services.database.read() as tx:
        stored = accounts.channel(tx, connection_id)
    if stored is None or stored.channel_id is None:
        reopen(services, connection_id, cronofy, access)


def reopen(services: Services, connection_id: str, cronofy: Cronofy, access: str) -> str:
    """Open the connection's channel, or learn which one it has: the same URL answers the same channel. Its id."""
    opened = cronofy.open_channel(access, callback_url(services, connection_id))
    with services.database.write() as tx:
        accounts.channel_opened(tx, connection_id, opened.id, now=services.corrected_now())
    return opened.id


def callback_url(services: Services, connection_id: str) -> str:
    """Where the connection's changes are to be pushed.

    The token is written down before Cronofy hears it: a crash in between asks again for the same URL, and the
    verification push that may overtake the answer finds its connection.
    """
    with services.database.read() as tx:
        stored = accounts.channel(tx, connection_id)
    if stored is not None:
        token = services.vault.open(connection_id, stored.token)["channel"]
    else:
        token = secrets.token_urlsafe(24)
        sealed = services.vault.seal(connection_id, {"channel": token})
        with services.database.write() as tx:
            accounts.plan_channel(tx, connection_id, accounts.channel_hash(token), sealed)
    return f"{root(services)}{token}"


def root(services: Services) -> str:
    """What the URLs of all our channels begin with."""
    return f"{services.settings.base_url}{PATH}"
