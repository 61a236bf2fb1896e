"""All that is stored sealed, by its row:
tokens of accounts, of their channels, and of consents that wait for a yes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, select

from storage.rows import oauth_states
from storage.schema.tables import channels, connections, webhook_endpoints
from storage.schema.tables import oauth_states as states


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed secrets, the column that tells its rows apart,
    and whose a row of that key is.
    """

    sealed: Column[bytes]
    key: Column[Any]
    owner: Callable[[Any], str] = str


# What is sealed somewhere else too belongs here: otherwise it is lost with the key that sealed it.
PLACES = (
    SealedColumn(connections.c.tokens, connections.c.id),
    SealedColumn(channels.c.token, channels.c.connection_id),
    SealedColumn(webhook_endpoints.c.sealed, webhook_endpoints.c.id),
    SealedColumn(states.c.sealed, states.c.state_hash, oauth_states.owner),
)


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """One sealed secret, and whose it is."""

    place: SealedColumn
    key: Any
    owner: str
    sealed: bytes = field(repr=False)


def all_of(tx: Connection) -> list[SealedSecret]:
    found: list[SealedSecret] = []
    for place in PLACES:
        found.extend(_in(tx, place))
    return found


def replace(tx: Connection, stored: SealedSecret, sealed: bytes) -> bool:
    """Put this in the place of what was `stored`.
    False: it was renewed or went since, and is left as it is.
    """
    place = stored.place
    # Its reader did not lock it: a worker may have renewed a token meanwhile,
    # and what Cronofy gave first is dead.
    unchanged = place.sealed.table.update().where(
        place.key == stored.key, place.sealed == stored.sealed
    )
    return tx.execute(unchanged.values({place.sealed.name: sealed})).rowcount == 1


def _in(tx: Connection, place: SealedColumn) -> list[SealedSecret]:
    query = select(place.key, place.sealed).where(place.sealed.is_not(None))
    return [SealedSecret(place, key, place.owner(key), sealed) for key, sealed in tx.execute(query)]
