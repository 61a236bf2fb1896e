"""A connection's accounts at Zoom, Teams and the like, as userinfo last listed them."""

from sqlalchemy import Connection, select

from domain.accounts import Account, ConferencingProfile
from storage.schema.tables import connections

row = connections.c


def describe(tx: Connection, connection_id: str, account: Account) -> None:
    """Replace them by what userinfo says now."""
    listed = []
    for profile in account.conferencing:
        kept = {
            "id": profile.id,
            "provider": profile.provider,
            "connected": profile.connected,
            "relink_url": profile.relink_url,
        }
        listed.append(kept)
    mine = connections.update().where(row.id == connection_id)
    tx.execute(mine.values(conferencing=listed or None))


def of_connection(tx: Connection, connection_id: str) -> list[ConferencingProfile]:
    found = tx.scalar(select(row.conferencing).where(row.id == connection_id))
    return [ConferencingProfile(**each) for each in found or ()]


def of_coach(tx: Connection, coach_id: str) -> list[tuple[str, list[ConferencingProfile]]]:
    """(connection, its services) of each of the coach's accounts, in their order; not of one that
    is being erased.
    """
    mine = select(row.id, row.conferencing).where(
        row.coach_id == coach_id, row.erase_due.is_(False)
    )
    found = []
    for connection_id, services in tx.execute(mine.order_by(row.id)):
        listed = [ConferencingProfile(**each) for each in services or ()]
        found.append((connection_id, listed))
    return found
