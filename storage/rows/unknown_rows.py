"""Rows that another release wrote and this one does not know: counted, and left for whoever knows
them.

A deploy goes forward, back and forward again; and for a while two releases run beside each other.
What the newer one owes is neither sent, given up nor made superfluous by the older one, and nobody
waits for it.
"""

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from domain.events import CATALOGUE, TO_ENDPOINT
from domain.mail import KINDS
from domain.webhook_endpoints import TEST
from storage.schema.tables import connections, outbox

_of_endpoints = [TO_ENDPOINT + topic for topic in CATALOGUE]
# What this release delivers. A topic that is missing here is nobody's: its rows stand in no queue.
TOPICS: dict[str, tuple[str, ...]] = {
    "mail": KINDS,
    "calendar": ("upsert", "delete", "look"),
    "callback": (*CATALOGUE, *_of_endpoints, TEST),
}
TROUBLES = ("initial_sync", "disconnected", "revoked", "no_access")


def known() -> ColumnElement[bool]:
    """Whether this release can deliver a row of the outbox."""
    row = outbox.c
    return or_(*(and_(row.kind == kind, row.topic.in_(topics)) for kind, topics in TOPICS.items()))


def rows(tx: Connection) -> dict[tuple[str, str], int]:
    """How many rows that are owed, or in trouble, this release does not know:
    by table, and by what they say.
    """
    owed, troubled = outbox.c, connections.c
    open_rows = and_(owed.state.in_(("pending", "sending")), not_(known()))
    strange = and_(troubled.trouble.is_not(None), troubled.trouble.not_in(TROUBLES))
    what = owed.kind + " " + owed.topic
    found = {
        "outbox": select(what, func.count()).where(open_rows).group_by(owed.kind, owed.topic),
        "connections": select(troubled.trouble, func.count())
        .where(strange)
        .group_by(troubled.trouble),
    }
    counts = {}
    for table, query in found.items():
        for said, count in tx.execute(query):
            counts[table, said] = count
    return counts
