"""Notification channels: one an account, its URL carrying a token that only Cronofy and we know."""

import secrets

from storage import accounts
from workers.cronofy.client import Cronofy
from workers.services import Services


def ensure(services: Services, connection_id: str, cronofy: Cronofy, access: str) -> None:
    """Open the connection's channel unless that was done.

    The token is written down before Cronofy hears it: a crash in between asks again for the same URL, which answers
    the same channel, and the verification push that may overtake the answer finds its connection.
    """
    with services.database.read() as tx:
        stored = accounts.channel(tx, connection_id)
    if stored is not None and stored.channel_id is not None:
        return
    if stored is None:
        token = secrets.token_urlsafe(24)
        sealed = services.vault.seal(connection_id, {"channel": token})
        with services.database.write() as tx:
            accounts.plan_channel(tx, connection_id, accounts.channel_hash(token), sealed)
    else:
        token = services.vault.open(connection_id, stored.token)["channel"]
    opened = cronofy.open_channel(access, f"{services.settings.base_url}/webhooks/cronofy/{token}")
    with services.database.write() as tx:
        accounts.channel_opened(tx, connection_id, opened.id)
