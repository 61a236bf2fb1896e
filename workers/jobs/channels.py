"""Notification channels: one an account, its URL carrying a token that only Cronofy and we know."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from storage.rows import channels
from storage.rows.channels import StoredChannel
from workers.cronofy.errors import InvalidGrant
from workers.services import Services

PATH = "/webhooks/cronofy/"


def ensure(services: Services, connection_id: str, access: str) -> None:
    """Open the connection's channel unless that was done."""
    stored = _stored(services, connection_id)
    if stored is None or stored.channel_id is None:
        url = callback_url(services, connection_id)
        # A reader takes the lease from an audit: without a channel nothing is pushed at all, while
        # what an audit leaves undone its next turn does.
        with leased(services, connection_id, over=True) as mine:
            keep(services, connection_id, mine, services.cronofy.open_channel(access, url).id)


@contextmanager
def leased(services: Services, connection_id: str, *, over: bool = False) -> Iterator[str | None]:
    """The right to say which channel the connection has, for the length of a read at most. None:
    another has it.
    `over`: taken from whoever has it.
    """
    lease_ms = services.settings.lease_seconds * 1000
    with services.database.write() as tx:
        mine = channels.lease_channel(tx, connection_id, lease_ms=lease_ms, over=over)
    try:
        yield mine
    finally:
        with services.database.write() as tx:
            channels.release_channel(tx, connection_id, mine)


def keep(services: Services, connection_id: str, lease_token: str | None, channel_id: str) -> bool:
    """Write down which channel it has.
    False: the lease was lost, and somebody else has said so, or will.
    """
    with services.database.write() as tx:
        return channels.channel_opened(
            tx, connection_id, lease_token, channel_id, now=services.corrected_now()
        )


def callback_url(services: Services, connection_id: str) -> str:
    """Where the connection's changes are to be pushed.

    The token is written down before Cronofy hears it: a crash in between asks again for the same
    URL, and the verification push that may overtake the answer finds its connection. Raises
    InvalidGrant where it was removed meanwhile.
    """
    stored = _stored(services, connection_id)
    if stored is None:
        token = secrets.token_urlsafe(24)
        sealed = services.vault.seal(connection_id, {"channel": token})
        # A push is looked up by the hash; the token itself is needed only to ask for the URL again.
        with services.database.write() as tx:
            channels.plan_channel(tx, connection_id, channels.channel_hash(token), sealed)
        # Read again: somebody else may have planned it meanwhile, and that one counts.
        stored = _stored(services, connection_id)
    if stored is None:
        raise InvalidGrant("the connection was removed meanwhile")
    token = services.vault.open(connection_id, stored.token)["channel"]
    return f"{root(services)}{token}"


def _stored(services: Services, connection_id: str) -> StoredChannel | None:
    with services.database.read() as tx:
        return channels.channel(tx, connection_id)


def root(services: Services) -> str:
    """What the URLs of all our channels begin with."""
    return f"{services.settings.base_url}{PATH}"
