"""All that is stored sealed: the tokens of accounts and of their channels."""

from sqlalchemy import Connection, select

from storage.tables import channels, connections


def all_of(tx: Connection) -> list[tuple[str, bytes]]:
    """(whose it is, the sealed secret) of each."""
    tokens = select(connections.c.id, connections.c.tokens).where(connections.c.tokens.is_not(None))
    opened = select(channels.c.connection_id, channels.c.token).where(channels.c.token.is_not(None))
    rows = [*tx.execute(tokens), *tx.execute(opened)]
    return [(owner, sealed) for owner, sealed in rows]
