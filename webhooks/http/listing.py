"""One coach's listing, as the endpoints and pages about one coach ask for it."""

from datetime import datetime

from storage.schema.database import Tx
from storage.slots import listings
from storage.slots.listings import Listing
from webhooks.http.context import runtime


def listing_of(tx: Tx, coach_id: str, *, now: datetime, reasons: bool = False) -> Listing | None:
    """None: there is no such coach. `reasons`: why closed times are closed, too; they are larger
    than all the rest.
    """
    stale_after = runtime().services.stale_after()
    found = listings.listings(tx, [coach_id], now=now, stale_after=stale_after, reasons=reasons)
    return found.get(coach_id)


def offered(listing: Listing, asked: int | None) -> int:
    """The duration that was asked for, in minutes, if the coach offers it; else the first one."""
    durations = listing.slots.durations
    if asked in durations:
        return asked
    return durations[0]
