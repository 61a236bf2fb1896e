"""Which of a coach's durations a page is about."""

from storage.slots.listings import Listing


def offered(listing: Listing, asked: int | None) -> int:
    """The duration that was asked for, in minutes, if the coach offers it; else the first one."""
    durations = listing.slots.durations
    if asked in durations:
        return asked
    return durations[0]
