"""Access tokens: opened for one call,
refreshed by one process at a time, dead for good when Cronofy says so.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from storage.rows import connections
from storage.rows.connections import SealedTokens
from workers.cronofy.errors import InvalidGrant, Unauthorised, Unavailable
from workers.cronofy.wire import Grant
from workers.services import Services

T = TypeVar("T")

# A token that would expire during a read of several pages is renewed first.
REFRESH_BEFORE = timedelta(seconds=60)
# Of a reader's lease: whoever dies while it renews a token keeps a reader waiting for no longer,
# and that one has the other half to renew it and to read.
SHARE = 0.5
WAIT_SECONDS = 0.1


def authorised(services: Services, connection_id: str, call: Callable[[str], T]) -> T:
    """`call(access_token)`; once more with a fresh token when Cronofy refuses the stored one.

    Raises CronofyError; InvalidGrant (permanent) when the account must be connected again.
    """
    stored = _stored(services, connection_id)
    if stored.access_expires_at - services.now() <= REFRESH_BEFORE:
        stored = _refreshed(services, connection_id, stored)
    try:
        return call(_open(services, connection_id, stored)["access"])
    except Unauthorised:
        # By Cronofy's clock it may have expired before it did by ours. Once: a fresh one that is
        # refused as well is refused for another reason.
        stored = _refreshed(services, connection_id, stored)
        return call(_open(services, connection_id, stored)["access"])


def seal(services: Services, connection_id: str, grant: Grant) -> SealedTokens:
    """A grant as it is stored: sealed, with the instant its access token expires."""
    secrets = {"access": grant.access_token, "refresh": grant.refresh_token}
    expires_at = services.corrected_now() + timedelta(seconds=grant.expires_in)
    return SealedTokens(services.vault.seal(connection_id, secrets), expires_at)


def refresh_token(services: Services, connection_id: str) -> str:
    """What revoking an account takes."""
    return _open(services, connection_id, _stored(services, connection_id))["refresh"]


def _refreshed(services: Services, connection_id: str, seen: SealedTokens) -> SealedTokens:
    """Tokens newer than `seen`: fetched by us, or by whoever held the lease while we waited.

    Neither the wait nor the lease lasts longer than the work that asks.
    """
    share = services.settings.lease_seconds * SHARE
    until = min(time.monotonic() + share + WAIT_SECONDS, services.cronofy.ends)
    while (now := time.monotonic()) < until:
        seconds = min(share, services.cronofy.ends - now)
        # The race: several readers of one account find its token dead at once. One of them renews
        # it, under a lease and in no transaction, so that no row is locked while Cronofy is slow;
        # the others wait, and use what it stored.
        with services.database.write() as tx:
            mine = connections.lease_tokens(tx, connection_id, lease_ms=round(seconds * 1000))
        # Read after the lease: what was renewed just before we got it must not be renewed again.
        stored = _stored(services, connection_id)
        if _renewed(services, connection_id, seen, stored):
            if mine is not None:
                _store(services, connection_id, mine, None)
            return stored
        if mine is not None:
            in_time = replace(services, cronofy=services.cronofy.until(now + seconds))
            return _exchange(in_time, connection_id, stored, mine)
        time.sleep(WAIT_SECONDS)
    raise Unavailable("another process is still renewing this account's token")


def _renewed(
    services: Services, connection_id: str, seen: SealedTokens, stored: SealedTokens
) -> bool:
    """Whether these are other tokens: the same ones may have been sealed anew with another key."""
    if stored.sealed == seen.sealed:
        return False
    return _open(services, connection_id, stored) != _open(services, connection_id, seen)


def _exchange(
    services: Services, connection_id: str, stored: SealedTokens, lease_token: str
) -> SealedTokens:
    fresh, kept = None, False
    try:
        grant = services.cronofy.refresh(_open(services, connection_id, stored)["refresh"])
        fresh = seal(services, connection_id, grant)
    finally:
        # After a failure too: it gives the lease back, so that nobody waits for us.
        kept = _store(services, connection_id, lease_token, fresh)
    if fresh is not None and kept:
        return fresh
    # The race: we slept past the lease, and somebody else renewed it. What they stored is newer.
    return _stored(services, connection_id)


def _store(
    services: Services, connection_id: str, lease_token: str, fresh: SealedTokens | None
) -> bool:
    with services.database.write() as tx:
        return connections.store_tokens(tx, connection_id, lease_token, fresh)


def _stored(services: Services, connection_id: str) -> SealedTokens:
    with services.database.read() as tx:
        found = connections.tokens(tx, connection_id)
    if found is None:
        raise InvalidGrant("the connection was removed meanwhile")
    return found


def _open(services: Services, connection_id: str, stored: SealedTokens) -> dict[str, str]:
    return services.vault.open(connection_id, stored.sealed)
